//! Layout 5: secrets say nothing of headers, tokens of an end; there are no sums of what attempts used; which version of a
//! module was activated last stands in the activations only.

use super::step::{Record, Step};
use crate::records::usage;
use crate::tables::keys::Table;
use crate::verbs::modules as registry;
use fuelcell_store::StoreError;
use uuid::Uuid;

pub(super) const STEP: Step = Step { record, gather: &[usage::gather, registry::gather_current] };

/// How a secret begins: tenant, project, name. The headers that it is for come next.
type SecretBeginning = (Uuid, Uuid, String);
/// The headers of a secret that says nothing of them.
const HEADERS: [&str; 1] = ["Authorization"];
/// When a token ends, which stands last in it.
const NO_END: Option<i64> = None;

fn record(mut record: Record) -> Result<Option<Record>, StoreError> {
    match record.table {
        Table::Secrets => {
            let (_, length) = record.beginning::<SecretBeginning>()?;
            record.insert(length, &HEADERS.to_vec())?;
        }
        Table::Tokens => record.insert(record.bytes.len(), &NO_END)?,
        _ => {}
    }
    Ok(Some(record))
}
