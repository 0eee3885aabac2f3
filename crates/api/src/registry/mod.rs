//! What teams keep on the server: datasets, pipelines, modules, secrets. DTOs and mapping only.

pub(crate) mod activations;
pub(crate) mod capabilities;
pub(crate) mod datasets;
pub(crate) mod job_types;
pub(crate) mod modules;
pub(crate) mod pipelines;
pub(crate) mod processed;
mod schedules;
pub(crate) mod secrets;
pub(crate) mod upload;

use crate::extract::Query;
use crate::problem::Problem;
use fuelcell_service::PageRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// Longest page of a list.
pub(crate) const MAX_PAGE: u64 = 100;

/// A list's page, as the caller asked for it.
struct Page {
    number: u64,
    size: u64,
}

/// Where in the list a page lies.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pagination {
    page: u64,
    page_size: u64,
    total: usize,
    total_pages: u64,
}

/// Highest number of a page, as in the lists of jobs.
const MAX_NUMBER: u64 = i32::MAX as u64;

impl Page {
    fn of(query: &Query) -> Result<Self, Problem> {
        let size = query.number("pageSize", 20, 1..=MAX_PAGE)?;
        Ok(Self { number: query.number("page", 1, 1..=MAX_NUMBER)?, size })
    }

    /// The page for those who cut it themselves.
    fn request(&self) -> PageRequest {
        PageRequest { offset: (self.number - 1).saturating_mul(self.size), limit: self.size as usize }
    }

    /// Where the page lies in a list of so many entries.
    fn of_total(&self, total: usize) -> Pagination {
        let total_pages = (total as u64).div_ceil(self.size);
        Pagination { page: self.number, page_size: self.size, total, total_pages }
    }

    /// The page's part of a whole list.
    fn cut<T>(&self, all: Vec<T>) -> (Vec<T>, Pagination) {
        let total = all.len();
        let before = usize::try_from((self.number - 1).saturating_mul(self.size)).unwrap_or(usize::MAX);
        let items = all.into_iter().skip(before).take(self.size as usize).collect();
        (items, self.of_total(total))
    }
}
