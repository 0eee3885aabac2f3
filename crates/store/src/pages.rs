//! Lists that are read page by page. A page begins behind the last row of the one before it, so that every row that stays is
//! shown once, whatever comes and goes meanwhile, and a page costs the same at any depth.

use crate::jobs::QueueOrder;
use crate::processed::ProcessedItem;
use fuelcell_domain::{
    Activation, BulkId, BulkRun, Dataset, DatasetId, Delivery, DeliveryId, Digest, Job, LogLine,
    ModuleVersion, Ordinal, Pipeline, Project, ProjectId, SavedItem, Scope, SealedSecret, Tenant, TenantId,
    Timestamp, Token, TokenId, TokenKind, VersionName, Webhook, WebhookId,
};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::ops::ControlFlow;

/// A page ends with the row with which it has so many bytes.
pub const PAGE_BYTES: usize = 1 << 20;

/// Which part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seek<P> {
    /// What comes behind this place, whether or not something is there still; `None` = from the beginning.
    pub after: Option<P>,
    /// Rows to return.
    pub limit: usize,
}

/// A row of a list.
pub trait Row {
    /// Where it stands in the list, which goes by that. It stays while the row is there, and no two rows have the same.
    type Position: Ord;
    /// Its position.
    fn position(&self) -> Self::Position;
    /// About as many bytes as it takes in an answer.
    fn size(&self) -> usize;
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are rows behind them.
    pub has_more: bool,
}

impl<T: Row> Page<T> {
    /// Where the next page begins; `None` behind the last row.
    pub fn next(&self) -> Option<T::Position> {
        self.rows.last().filter(|_| self.has_more).map(Row::position)
    }
}

/// A page that is being filled.
pub struct Pager<T> {
    page: Page<T>,
    bytes: usize,
    limit: usize,
}

impl<T: Row> Pager<T> {
    /// An empty page of at most so many rows.
    pub fn new(limit: usize) -> Self {
        Self { page: Page { rows: Vec::new(), has_more: false }, bytes: 0, limit }
    }

    /// Takes the next row, or notes that there is one when the page is full: then nothing more is wanted.
    pub fn push(&mut self, row: T) -> ControlFlow<()> {
        if self.page.rows.len() >= self.limit || self.bytes >= PAGE_BYTES {
            self.page.has_more = true;
            return ControlFlow::Break(());
        }
        self.bytes += row.size();
        self.page.rows.push(row);
        ControlFlow::Continue(())
    }

    /// Rows that are to be looked for, to fill the page and to know whether there are more.
    pub fn wanted(&self) -> usize {
        (self.limit - self.page.rows.len()).saturating_add(1)
    }

    /// The page.
    pub fn finish(self) -> Page<T> {
        self.page
    }
}

/// The page of a whole list, which is in order.
pub fn cut<T: Row>(rows: Vec<T>, seek: &Seek<T::Position>) -> Page<T> {
    let before = seek.after.as_ref().map_or(0, |after| rows.partition_point(|row| row.position() <= *after));
    let mut pager = Pager::new(seek.limit);
    for row in rows.into_iter().skip(before) {
        if pager.push(row).is_break() {
            break;
        }
    }
    pager.finish()
}

/// Bytes of a row beside its texts.
const ROW_BYTES: usize = 300;

fn texts(texts: &[&str]) -> usize {
    ROW_BYTES + texts.iter().map(|text| text.len()).sum::<usize>()
}

impl Row for Tenant {
    type Position = (Timestamp, TenantId);

    fn position(&self) -> Self::Position {
        (self.created_at, self.id)
    }

    fn size(&self) -> usize {
        texts(&[&self.name])
    }
}

impl Row for Project {
    type Position = (Timestamp, ProjectId);

    fn position(&self) -> Self::Position {
        (self.created_at, self.id.project)
    }

    fn size(&self) -> usize {
        texts(&[&self.name])
    }
}

/// Which tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenFilter {
    /// Shown in this way.
    pub kind: TokenKind,
    /// That hold within this scope.
    pub scope: Scope,
}

impl TokenFilter {
    /// Whether a token matches.
    pub fn matches(&self, token: &Token) -> bool {
        token.kind == self.kind && self.scope.contains(token.scope)
    }
}

impl Row for Token {
    type Position = (Timestamp, TokenId);

    fn position(&self) -> Self::Position {
        (self.created_at, self.id)
    }

    fn size(&self) -> usize {
        texts(&[&self.subject])
    }
}

impl Row for Dataset {
    type Position = (Timestamp, DatasetId);

    fn position(&self) -> Self::Position {
        (self.created_at, self.id)
    }

    fn size(&self) -> usize {
        texts(&[&self.name, &self.media_type, &self.uploaded_by])
    }
}

impl Row for Pipeline {
    type Position = Ordinal;

    fn position(&self) -> Self::Position {
        self.ordinal
    }

    fn size(&self) -> usize {
        let scheduled = self.schedule.as_ref().map_or("", |schedule| &schedule.parameters);
        texts(&[&self.name, &self.parameters, scheduled])
    }
}

/// A module version with its number, which rises with every version that is added.
pub type NumberedVersion = (u32, ModuleVersion);

impl Row for NumberedVersion {
    type Position = (String, u32);

    fn position(&self) -> Self::Position {
        (self.1.name.clone(), self.0)
    }

    fn size(&self) -> usize {
        let ModuleVersion { name, version, manifest, uploaded_by, .. } = &self.1;
        texts(&[name, version, &manifest.title, uploaded_by])
    }
}

/// An activation with its number, which rises with every activation.
pub type NumberedActivation = (u32, Activation);

impl Row for NumberedActivation {
    type Position = Reverse<u32>;

    fn position(&self) -> Self::Position {
        Reverse(self.0)
    }

    fn size(&self) -> usize {
        let (name, version) = match &self.1.module {
            Some(VersionName { name, version }) => (&name[..], &version[..]),
            None => ("", ""),
        };
        texts(&[name, version, &self.1.by])
    }
}

impl Row for SealedSecret {
    type Position = String;

    fn position(&self) -> Self::Position {
        self.name.clone()
    }

    fn size(&self) -> usize {
        texts(&[&self.name, &self.by]) + self.headers.iter().map(String::len).sum::<usize>()
    }
}

impl Row for SavedItem {
    type Position = String;

    fn position(&self) -> Self::Position {
        self.name.clone()
    }

    fn size(&self) -> usize {
        texts(&[&self.name, &self.by]) + self.content.size()
    }
}

impl Row for Job {
    type Position = Reverse<Ordinal>;

    fn position(&self) -> Self::Position {
        Reverse(self.ordinal)
    }

    fn size(&self) -> usize {
        let labels = self.labels.iter().map(|(label, value)| label.len() + value.len());
        let retry = self.retry_of.as_ref().and_then(|earlier| earlier.reason.as_deref()).unwrap_or("");
        let pipeline = self.pipeline.as_ref().map_or("", |pipeline| &pipeline.name);
        texts(&[&self.name, &self.submitted_by, pipeline, retry]) + labels.sum::<usize>()
    }
}

impl Row for Webhook {
    type Position = (Timestamp, WebhookId);

    fn position(&self) -> Self::Position {
        (self.created_at, self.id)
    }

    fn size(&self) -> usize {
        texts(&[&self.url, &self.by])
    }
}

impl Row for Delivery {
    type Position = Reverse<DeliveryId>;

    fn position(&self) -> Self::Position {
        Reverse(self.id)
    }

    fn size(&self) -> usize {
        let error = self.notice.error.as_ref().map_or("", |(_, message)| message);
        let tries = self.tries.iter().map(|tried| tried.answer.len() + 100);
        texts(&[&self.notice.name, error]) + tries.sum::<usize>()
    }
}

impl Row for BulkRun {
    type Position = Reverse<BulkId>;

    fn position(&self) -> Self::Position {
        Reverse(self.id)
    }

    fn size(&self) -> usize {
        let stop = self.stop.as_ref().map_or("", |stop| &stop.message);
        texts(&[&self.by, self.reason.as_deref().unwrap_or(""), stop])
    }
}

/// Where a job stands in its project's queue, as seen at one moment: those that may start then come first, in the order in
/// which they do, then the others by their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct QueueSpot {
    /// The time that it waits for.
    pub scheduled: Option<Timestamp>,
    /// Its place among those that may start, or wait for the same time.
    pub order: QueueOrder,
}

impl QueueSpot {
    /// Where a queued job stands at `now`.
    pub fn of(job: &Job, now: Timestamp) -> Self {
        Self { scheduled: job.not_before.filter(|at| *at > now), order: QueueOrder::of(job) }
    }
}

/// A queued job where it stands.
pub type QueuedJob = (QueueSpot, Job);

impl Row for QueuedJob {
    type Position = QueueSpot;

    fn position(&self) -> Self::Position {
        self.0
    }

    fn size(&self) -> usize {
        self.1.size()
    }
}

impl Row for ProcessedItem {
    type Position = Digest;

    fn position(&self) -> Self::Position {
        Digest::of(self.key.as_bytes())
    }

    fn size(&self) -> usize {
        texts(&[&self.key])
    }
}

/// Where a line stands in a job's log: the batch with which it came, from 1, and its number in that, from 0.
pub type LogPlace = (u32, u32);

/// A line where it stands.
pub type PlacedLine = (LogPlace, LogLine);

impl Row for PlacedLine {
    type Position = LogPlace;

    fn position(&self) -> Self::Position {
        self.0
    }

    fn size(&self) -> usize {
        self.1.stage.len() + self.1.message.len() + 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A row of a list of numbers, of as many bytes as its number says.
    #[derive(Clone, Debug, PartialEq)]
    struct Number(u32);

    impl Row for Number {
        type Position = u32;

        fn position(&self) -> u32 {
            self.0
        }

        fn size(&self) -> usize {
            self.0 as usize
        }
    }

    #[test]
    fn a_page_ends_with_the_row_with_which_it_is_large() {
        let rows = [1, PAGE_BYTES as u32 - 2, PAGE_BYTES as u32, 2 * PAGE_BYTES as u32].map(Number);
        let page = |after, limit| cut(rows.to_vec(), &Seek { after, limit });
        let first = page(None, 9);
        assert_eq!((&first.rows[..], first.next()), (&rows[..3], Some(rows[2].0)));
        assert_eq!(page(first.next(), 9), Page { rows: rows[3..].to_vec(), has_more: false });
        assert_eq!(page(Some(rows[3].0), 9), Page { rows: vec![], has_more: false });
        assert_eq!(page(None, 0), Page { rows: vec![], has_more: true });
        assert_eq!(page(Some(0), 4).next(), Some(rows[2].0));
    }

    proptest! {
        #[test]
        fn each_row_that_stays_is_shown_once(
            first in prop::collection::btree_set(0..200_u32, 0..60),
            changes in prop::collection::vec(prop::collection::vec((any::<bool>(), 0..200_u32), 0..8), 0..80),
            limit in 1..9_usize,
        ) {
            let (mut list, mut stayed) = (first.clone(), first);
            let (mut shown, mut after) = (Vec::new(), None);
            let mut changes = changes.into_iter();
            loop {
                let rows = list.iter().copied().map(Number).collect();
                let page = cut(rows, &Seek { after, limit });
                shown.extend(page.rows.iter().map(|row| row.0));
                let Some(next) = page.next() else { break };
                after = Some(next);
                for (comes, number) in changes.next().into_iter().flatten() {
                    stayed.remove(&number);
                    if comes { list.insert(number) } else { list.remove(&number) };
                }
            }
            prop_assert!(shown.is_sorted_by(|one, other| one < other), "each once, in order: {shown:?}");
            let shown: BTreeSet<_> = shown.into_iter().collect();
            prop_assert!(stayed.is_subset(&shown));
        }
    }
}
