//! Which jobs something is to be done with. They are looked for once, when somebody wants to see what it would come to; what
//! they are shown goes with them as a signed text, so that exactly these jobs are meant when they say yes.

use crate::search::{JobSearch, check_text};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::bulk::{Hindrance, MAX_BULK_JOBS};
use fuelcell_domain::{BulkAction, BulkId, BulkJob, Job, JobId, Ordinal, ProjectRef, Timestamp};
use fuelcell_store::pages::{PAGE_BYTES, Row};
use fuelcell_store::{JobFilter, Seek, StateCounts};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::task::yield_now;

/// Jobs that are looked through for a set, and their bytes with parameters.
pub const MAX_LOOKED_THROUGH: usize = 100_000;
/// See [`MAX_LOOKED_THROUGH`].
pub const MAX_LOOKED_BYTES: usize = 256 << 20;
/// How long a set may be used.
pub const SET_LIFE: Duration = Duration::from_hours(1);
/// Jobs that are read at a time: at first, and at most.
const FEW: usize = 10;
const MANY: usize = 100;
/// So many jobs are looked up before others have their turn.
const TURN: usize = 64;

/// Which jobs a client means.
#[derive(Clone, Debug)]
pub enum Meant {
    /// Those that match and are found.
    Matching(Box<JobFilter>, Box<JobSearch>),
    /// These.
    Named(Vec<JobId>),
}

/// What would come of it.
#[derive(Clone, Debug)]
pub struct BulkPreview {
    /// What is to be done with each.
    pub action: BulkAction,
    /// The jobs by their state.
    pub counts: StateCounts,
    /// When the oldest and the newest of them were submitted; `None` = there are none.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How many would be left as they are, by why.
    pub skips: BTreeMap<Hindrance, u64>,
    /// Ids that were named and are of no job.
    pub absent: u64,
    /// What stands for exactly these jobs; `None` = there are none.
    pub set: Option<String>,
}

impl BulkPreview {
    /// Jobs with which it would be done as they stand.
    pub fn willing(&self) -> u64 {
        self.counts.total().saturating_sub(self.skips.values().sum())
    }
}

/// What a set says. Its ordinals fall; each but the first is told by how far it lies below the one before it, so that it is
/// short.
#[derive(Serialize, Deserialize)]
pub(crate) struct FrozenSet {
    pub(crate) id: BulkId,
    pub(crate) action: BulkAction,
    at: Timestamp,
    steps: Vec<Ordinal>,
}

impl FrozenSet {
    fn new(action: BulkAction, at: Timestamp, ordinals: &BTreeSet<Ordinal>) -> Self {
        let mut above = None;
        let steps = ordinals.iter().rev().map(|&own| above.replace(own).map_or(own, |above| above - own));
        Self { id: BulkId::random(), action, at, steps: steps.collect() }
    }

    fn ordinals(&self) -> impl Iterator<Item = Ordinal> {
        self.steps.iter().scan(None, |above: &mut Option<Ordinal>, &step| {
            *above = Some(above.map_or(step, |above| above.saturating_sub(step)));
            *above
        })
    }
}

/// Jobs while they are gathered.
#[derive(Default)]
struct Gathered {
    ordinals: BTreeSet<Ordinal>,
    counts: StateCounts,
    span: Option<(Timestamp, Timestamp)>,
    skips: BTreeMap<Hindrance, u64>,
    absent: u64,
}

impl Gathered {
    fn add(&mut self, action: BulkAction, job: &Job) -> Result<(), ServiceError> {
        if !self.ordinals.insert(job.ordinal) {
            return Ok(());
        }
        if self.ordinals.len() > MAX_BULK_JOBS {
            return Err(too_many_jobs());
        }
        *self.counts.of(job.state) += 1;
        let at = job.created_at;
        self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        if let Some(why) = action.hindrance(job.state) {
            *self.skips.entry(why).or_default() += 1;
        }
        Ok(())
    }
}

/// How much was looked through.
#[derive(Default)]
struct Looked {
    jobs: usize,
    bytes: usize,
}

impl Looked {
    /// Jobs to read next, as large as those that were read so far: about a page's bytes of them.
    fn at_a_time(&self) -> usize {
        let rows = self.bytes.checked_div(self.jobs).map_or(FEW, |each| PAGE_BYTES / each.max(1));
        rows.clamp(1, MANY).min((MAX_LOOKED_THROUGH - self.jobs.min(MAX_LOOKED_THROUGH)).max(1))
    }

    /// Refuses to go on behind as much as may be looked through.
    fn check(&self) -> Result<(), ServiceError> {
        match self.jobs < MAX_LOOKED_THROUGH && self.bytes < MAX_LOOKED_BYTES {
            true => Ok(()),
            false => Err(looks_too_far()),
        }
    }
}

impl Service {
    /// Looks which jobs are meant and what would come of it. Nothing is done.
    pub async fn preview_bulk(
        &self,
        principal: &Principal,
        project: ProjectRef,
        action: BulkAction,
        meant: Meant,
    ) -> Result<BulkPreview, ServiceError> {
        self.require(principal, project, action.role()).await?;
        let gathered = match meant {
            Meant::Matching(filter, search) => self.matching(project, action, &filter, &search).await?,
            Meant::Named(jobs) => self.named(project, action, &jobs).await?,
        };
        let Gathered { ordinals, counts, span, skips, absent } = gathered;
        let set = FrozenSet::new(action, self.clock.now(), &ordinals);
        let set = (!ordinals.is_empty()).then(|| self.cursor(principal, &sets_of(project), &set));
        Ok(BulkPreview { action, counts, span, skips, absent, set })
    }

    async fn matching(
        &self,
        project: ProjectRef,
        action: BulkAction,
        filter: &JobFilter,
        search: &JobSearch,
    ) -> Result<Gathered, ServiceError> {
        if *filter == JobFilter::default() && search.is_empty() {
            return Err(ServiceError::invalid(
                "EmptyFilter",
                "say which jobs: without a filter it would be all of the project; name them in jobIds, or give a filter such \
                 as status",
            ));
        }
        self.check_filter(project, filter).await?;
        check_text(search.text.as_ref())?;
        let (mut gathered, mut looked, mut after) = (Gathered::default(), Looked::default(), None);
        loop {
            let seek = Seek { after, limit: looked.at_a_time() };
            let page = self.store.jobs_page(project, filter, seek).await?;
            looked.jobs += page.rows.len();
            looked.bytes += page.rows.iter().map(|job| job.size() + job.parameters.len()).sum::<usize>();
            for job in page.rows.iter().filter(|job| search.finds(job)) {
                gathered.add(action, job)?;
            }
            let Some(next) = page.next() else { return Ok(gathered) };
            looked.check()?;
            after = Some(next);
            yield_now().await;
        }
    }

    async fn named(
        &self,
        project: ProjectRef,
        action: BulkAction,
        jobs: &[JobId],
    ) -> Result<Gathered, ServiceError> {
        let distinct: BTreeSet<_> = jobs.iter().collect();
        if !(1..=MAX_BULK_JOBS).contains(&jobs.len()) || distinct.len() != jobs.len() {
            return Err(ServiceError::invalid(
                "InvalidJobIds",
                format!("jobIds must be 1 to {MAX_BULK_JOBS} ids, each once; these are {}", jobs.len()),
            ));
        }
        let mut gathered = Gathered::default();
        for jobs in jobs.chunks(TURN) {
            for id in jobs {
                match self.store.job(project, *id).await? {
                    Some(job) => gathered.add(action, &job)?,
                    None => gathered.absent += 1,
                }
            }
            yield_now().await;
        }
        Ok(gathered)
    }

    /// What a set says that this server gave out to somebody of the principal's scope.
    pub(crate) fn opened_set(
        &self,
        principal: &Principal,
        project: ProjectRef,
        set: &str,
    ) -> Result<FrozenSet, ServiceError> {
        self.place(principal, &sets_of(project), set).map_err(|_| {
            ServiceError::invalid(
                "InvalidSet",
                "set is none that a preview of this project gave out; ask for a preview first",
            )
        })
    }

    /// The jobs of a set that are there still, and when the oldest and the newest of them were submitted.
    pub(crate) async fn jobs_of_set(
        &self,
        project: ProjectRef,
        set: &FrozenSet,
    ) -> Result<(Vec<BulkJob>, (Timestamp, Timestamp)), ServiceError> {
        if self.clock.now().since(set.at) >= SET_LIFE {
            let message = "the preview is older than an hour; look again what it would come to".into();
            return Err(ServiceError::Gone { code: "PreviewExpired", message });
        }
        let (mut jobs, mut times) = (Vec::with_capacity(set.steps.len()), BTreeSet::new());
        for (number, ordinal) in set.ordinals().enumerate() {
            if let Some(job) = self.store.job_by_ordinal(project, ordinal).await? {
                jobs.push(BulkJob::from(&job));
                times.insert(job.created_at);
            }
            if number % TURN == TURN - 1 {
                yield_now().await;
            }
        }
        match (times.first(), times.last()) {
            (Some(first), Some(last)) => Ok((jobs, (*first, *last))),
            _ => Err(ServiceError::conflict("NothingToDo", "none of the jobs is there any more")),
        }
    }
}

fn sets_of(project: ProjectRef) -> String {
    format!("bulk {project}")
}

fn too_many_jobs() -> ServiceError {
    ServiceError::invalid(
        "TooManyJobs",
        format!(
            "more than {MAX_BULK_JOBS} jobs match; narrow the filter, for example with dateFrom and dateTo"
        ),
    )
}

fn looks_too_far() -> ServiceError {
    ServiceError::invalid(
        "TooManyJobs",
        format!(
            "more than {MAX_LOOKED_THROUGH} jobs, or {} MiB of them, would have to be looked through; narrow the filter, for \
             example with status, dateFrom and dateTo",
            MAX_LOOKED_BYTES >> 20
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_says_its_ordinals() {
        for ordinals in [&[][..], &[7], &[1, 2, 3, 900, u64::MAX]] {
            let all: BTreeSet<Ordinal> = ordinals.iter().copied().collect();
            let set = FrozenSet::new(BulkAction::Cancel, Timestamp(0), &all);
            let set: FrozenSet = serde_json::from_slice(&serde_json::to_vec(&set).unwrap()).unwrap();
            assert!(set.ordinals().eq(all.iter().rev().copied()), "{ordinals:?}");
        }
    }

    #[test]
    fn as_many_jobs_are_looked_through_as_is_stated() {
        let mut looked = Looked::default();
        while looked.check().is_ok() {
            let rows = looked.at_a_time();
            looked.jobs += rows;
            looked.bytes += 500 * rows;
        }
        assert_eq!(looked.jobs, MAX_LOOKED_THROUGH);
        // Large ones are read one by one, and sooner enough.
        let large = Looked { jobs: 200, bytes: 200 << 20 };
        assert!(large.at_a_time() == 1 && large.check().is_ok());
        assert!(Looked { jobs: 256, bytes: MAX_LOOKED_BYTES }.check().is_err());
    }

    #[test]
    fn the_largest_set_fits_into_a_body() {
        let all: BTreeSet<Ordinal> = (0..MAX_BULK_JOBS as u64).map(|number| number * 1_000_000).collect();
        let set = FrozenSet::new(BulkAction::Cancel, Timestamp(i64::MAX), &all);
        let bytes = serde_json::to_vec(&set).unwrap().len() * 4 / 3;
        assert!(bytes < 512 << 10, "{bytes}");
    }
}
