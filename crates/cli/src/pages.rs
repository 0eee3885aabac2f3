//! Lists of any length, page by page.

use crate::failure::{Failure, Outcome};
use crate::http::{Call, Http};
use crate::output::{self, Column, Format, note};
use clap::Args;
use serde_json::Value;

/// How much of a list is wanted.
#[derive(Args, Clone, Copy, Debug)]
pub struct HowMany {
    /// Most entries to list; standard error says when there are more.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List all entries.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl HowMany {
    pub(crate) fn wanted(self) -> usize {
        if self.all { usize::MAX } else { self.limit as usize }
    }

    /// Says that there are more.
    pub(crate) fn tell(self, more: bool) {
        if more {
            note(&format!("there are more than {}: --limit N or --all shows them", self.limit));
        }
    }
}

/// Writes a list: the entries are the member `member` of each page.
pub(crate) fn list(
    http: &Http,
    call: Call,
    member: &str,
    how_many: HowMany,
    (format, columns): (Format, &[Column]),
) -> Outcome {
    let (entries, more) = gather(http, call, member, how_many.wanted())?;
    output::list(format, columns, &entries)?;
    how_many.tell(more);
    Ok(())
}

/// Entries of a list, at most `wanted`, and whether there are more.
pub(crate) fn gather(http: &Http, call: Call, member: &str, wanted: usize) -> Outcome<(Vec<Value>, bool)> {
    let mut entries = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut page = http.send(&call.clone().query("cursor", cursor.as_ref()))?;
        let Value::Array(found) = page[member].take() else {
            return Err(Failure::here("the server's answer is no list", format!("it has no {member}")));
        };
        entries.extend(found);
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if entries.len() > wanted || cursor.is_none() {
            let more = entries.len() > wanted;
            entries.truncate(wanted);
            return Ok((entries, more));
        }
        if entries.len() == wanted {
            return Ok((entries, cursor.is_some()));
        }
    }
}
