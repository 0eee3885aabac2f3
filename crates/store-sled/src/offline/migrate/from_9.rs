//! Layout 9: jobs and receipts do not name an engine, because all modules run by themselves.

use super::step::{Record, Step};
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use serde::Deserialize;
use uuid::Uuid;

pub(super) const STEP: Step = Step { record, gather: &[] };

/// How a job begins: id, tenant and project, ordinal, name, description, type, priority, whether it goes first, pipeline,
/// and the module with its name, version and digest. Its engine comes next.
type JobBeginning = (Id, Names, Type, u32, bool, Option<Pipeline>, Module);
type Id = (Uuid, Uuid, Uuid, u64);
type Names = (String, String);
type Pipeline = (Uuid, u64, String);
type Module = (String, String, [u8; 32]);

/// A job's type: one of four, or a name.
#[derive(Deserialize)]
enum Type {
    One,
    Two,
    Three,
    Four,
    Own(#[expect(dead_code, reason = "it is read to get behind it")] String),
}

/// How a receipt begins: the job and the number of the attempt, the node, the module. The engine comes next.
type ReceiptBeginning = (Uuid, u32, String, [u8; 32]);

const NO_ENGINE: Option<()> = None;

fn record(mut record: Record) -> Result<Option<Record>, StoreError> {
    let length = match record.table {
        Table::Jobs => record.beginning::<JobBeginning>()?.1,
        Table::Receipts => record.beginning::<ReceiptBeginning>()?.1,
        _ => return Ok(Some(record)),
    };
    record.insert(length, &NO_ENGINE)?;
    Ok(Some(record))
}
