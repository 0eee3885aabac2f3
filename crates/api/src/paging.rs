//! Lists page by page: by `cursor`, which every list has, or by number, where a list has that too.

use crate::extract::Query;
use crate::problem::Problem;
use fuelcell_service::query::Part;
use fuelcell_service::{Page, PageRequest, Principal, Row, Seek, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

/// Longest page of a list whose pages have numbers.
pub(crate) const MAX_PAGE_SIZE: u64 = 100;
/// Longest page of a list without.
pub(crate) const MAX_LIMIT: u64 = 1000;
/// Highest number of a page.
const MAX_NUMBER: u64 = i32::MAX as u64;

/// What [`Reader::seek`] reads, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes parameters that are read by name")]
pub(crate) struct SeekParams {
    /// 100 when absent; a page also ends at about 1 MiB
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// `nextCursor` of the page before, with the same filters: what comes behind it, each entry once, whatever comes and goes
    cursor: Option<String>,
}

/// What [`Reader::part`] reads, for the document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes parameters that are read by name")]
pub(crate) struct PartParams {
    /// Page, from 1
    #[param(minimum = 1, maximum = 2147483647)]
    page: Option<u32>,
    /// Entries of a page; 20 by default
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<u32>,
    /// `nextCursor` of the page before, with the same filters: what comes behind it, each entry once, whatever comes and goes. Not together with `page`
    cursor: Option<String>,
}

/// Who reads a list, and what they ask for.
pub(crate) struct Reader<'a> {
    pub(crate) service: &'a Service,
    pub(crate) caller: &'a Principal,
    pub(crate) query: &'a Query,
}

impl Reader<'_> {
    /// The part of a list that has cursors alone.
    pub(crate) fn seek<P: DeserializeOwned>(&self) -> Result<Seek<P>, Problem> {
        self.seek_of(100, MAX_LIMIT)
    }

    /// The same for one with other lengths of pages.
    pub(crate) fn seek_of<P: DeserializeOwned>(&self, usual: u64, most: u64) -> Result<Seek<P>, Problem> {
        let limit = self.query.number("limit", usual, 1..=most)? as usize;
        Ok(Seek { after: self.place()?, limit })
    }

    /// The part of a list that has numbered pages, too.
    pub(crate) fn part<P: DeserializeOwned>(&self) -> Result<(Part<P>, Numbers), Problem> {
        let size = self.query.number("pageSize", 20, 1..=MAX_PAGE_SIZE)?;
        let number = self.query.number("page", 1, 1..=MAX_NUMBER)?;
        match self.place()? {
            Some(_) if self.query.given("page").is_some() => {
                Err(Problem::invalid("InvalidQuery", "give page or cursor, not both"))
            }
            Some(place) => Ok((Part::Behind(place, size as usize), Numbers { number: None, size })),
            None => {
                let page = PageRequest { offset: (number - 1) * size, limit: size as usize };
                Ok((Part::Numbered(page), Numbers { number: Some(number), size }))
            }
        }
    }

    fn place<P: DeserializeOwned>(&self) -> Result<Option<P>, Problem> {
        let open = |cursor| self.service.place(self.caller, &self.query.list(), cursor);
        Ok(self.query.text("cursor").map(open).transpose()?)
    }

    /// The cursor of a place.
    pub(crate) fn cursor<P: Serialize>(&self, place: &P) -> String {
        self.service.cursor(self.caller, &self.query.list(), place)
    }

    /// The cursor of the page behind this one.
    pub(crate) fn next<T: Row<Position: Serialize>>(&self, page: &Page<T>) -> Option<String> {
        page.next().map(|place| self.cursor(&place))
    }
}

/// A page's number, if it has one, and the length of pages.
#[derive(Clone, Copy)]
pub(crate) struct Numbers {
    pub(crate) number: Option<u64>,
    pub(crate) size: u64,
}

/// Where in the list a numbered page lies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    page: u64,
    page_size: u64,
    total: u64,
    total_pages: u64,
}

impl Numbers {
    /// Where the page lies in a list of so many entries; none where it was asked for by cursor.
    pub(crate) fn of_total(self, total: u64) -> Option<Pagination> {
        let (page, page_size) = (self.number?, self.size);
        Some(Pagination { page, page_size, total, total_pages: total.div_ceil(page_size) })
    }
}

/// The page with a number of a whole list, and where it lies in that.
pub(crate) fn numbered<T>(all: Vec<T>, page: PageRequest, numbers: Numbers) -> (Page<T>, Option<Pagination>) {
    let total = all.len() as u64;
    let before = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let rows: Vec<_> = all.into_iter().skip(before).take(page.limit).collect();
    let has_more = page.offset.saturating_add(rows.len() as u64) < total;
    (Page { rows, has_more }, numbers.of_total(total))
}
