//! Older layouts. A store of one is brought to the present layout when a server opens it, when it is compacted, and when a
//! backup of it is restored: by a copy that takes the old records' place, so that an interrupted migration has not happened.
//!
//! | layout | what the next one does otherwise |
//! | --- | --- |
//! | 5 | there are no sums of what attempts used, which are made from the receipts; secrets say nothing of headers, tokens of an end; which version of a module was activated last stands in the activations only |
//! | 4 | all entries of the audit log lie in one table, and a second one names those of each tenant |

use crate::audit;
use crate::codec::damaged;
use crate::database::{Database, Read};
use crate::dump::Batch;
use crate::keys::{self, Table};
use fuelcell_domain::{
    AuditEntry, Digest, ProjectRef, Role, Scope, SealedSecret, Timestamp, Token, TokenId, TokenKind,
};
use fuelcell_store::StoreError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sled::IVec;

/// The oldest layout that this build reads.
pub(crate) const OLDEST: u32 = 4;

/// A secret of layout 5.
#[derive(Deserialize)]
struct Secret5 {
    project: ProjectRef,
    name: String,
    sealed: Vec<u8>,
    by: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Secret5> for SealedSecret {
    fn from(secret: Secret5) -> Self {
        let Secret5 { project, name, sealed, by, created_at, updated_at } = secret;
        let headers = vec!["Authorization".to_owned()];
        Self { project, name, headers, sealed, by, created_at, updated_at }
    }
}

/// A token of layout 5, which does not end by itself.
#[derive(Deserialize)]
struct Token5 {
    id: TokenId,
    kind: TokenKind,
    hash: Digest,
    subject: String,
    role: Role,
    scope: Scope,
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

impl From<Token5> for Token {
    fn from(token: Token5) -> Self {
        let Token5 { id, kind, hash, subject, role, scope, created_at, revoked_at } = token;
        Self { id, kind, hash, subject, role, scope, created_at, revoked_at, expires_at: None }
    }
}

/// Copies an entry of layout 5.
pub(crate) fn from_5(
    from: &Database,
    to: &mut Batch<'_>,
    table: Table,
    key: &[u8],
    value: IVec,
) -> Result<(), StoreError> {
    match table {
        // The parts of long ones are made anew with them.
        Table::Chunks if [Table::Secrets, Table::Tokens].iter().any(|of| keys::is_chunk_of(key, *of)) => {
            Ok(())
        }
        Table::Secrets => anew::<Secret5, SealedSecret>(from, to, table, key, value),
        Table::Tokens => anew::<Token5, Token>(from, to, table, key, value),
        _ => to.add(table, key.to_vec(), value.to_vec()),
    }
}

/// Writes a record as what it becomes.
fn anew<Old: DeserializeOwned, New: From<Old> + Serialize>(
    from: &Database,
    to: &mut Batch<'_>,
    table: Table,
    key: &[u8],
    value: IVec,
) -> Result<(), StoreError> {
    let old: Old = from.decoded(table, key, value)?;
    to.put(table, key, &New::from(old))
}

/// Copies an entry of layout 4.
pub(crate) fn from_4(
    from: &Database,
    to: &mut Batch<'_>,
    table: Table,
    key: &[u8],
    value: IVec,
) -> Result<(), StoreError> {
    match table {
        Table::AuditOfTenant => Ok(()),
        // The parts of long entries are made anew with them.
        Table::Chunks if keys::is_chunk_of(key, Table::Audit) => Ok(()),
        Table::Audit => {
            let number = keys::audit_number(key).ok_or_else(|| damaged(table))?;
            let entry: AuditEntry = from.decoded(table, key, value)?;
            let (table, key) = audit::place(&entry, number);
            to.put(table, &key, &entry)
        }
        _ => from_5(from, to, table, key, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::Overlay;
    use fuelcell_domain::{AuditOutcome, TenantId};
    use std::ops::ControlFlow;
    use std::sync::RwLock;
    use tempfile::TempDir;

    #[test]
    fn entries_of_the_audit_log_move_to_whose_matter_they_are_long_ones_with_their_parts() {
        let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let open = |directory: &TempDir| Database::open(directory.path(), 1 << 20).unwrap();
        let (from, to, image) = (open(&one), open(&other), RwLock::default());
        let entry = |tenant, length| AuditEntry {
            at: Timestamp(1),
            subject: "anna".into(),
            token: TokenId::random(),
            tenant,
            project: None,
            action: "PUT something".into(),
            target: "x".repeat(length),
            outcome: AuditOutcome::Done,
            request_id: "r".into(),
        };
        let tenant = TenantId::random();
        let entries = [entry(Some(tenant), 20_000), entry(None, 7_000), entry(Some(tenant), 10)];
        let mut overlay = Overlay::new(&from, &image);
        for (number, entry) in (1..).zip(&entries) {
            overlay.put(Table::Audit, &keys::audit(number), entry).unwrap();
            if let Some(tenant) = entry.tenant {
                overlay.put(Table::AuditOfTenant, &keys::audit_of_tenant(tenant, number), &()).unwrap();
            }
        }
        overlay.put(Table::Meta, b"large", &"y".repeat(9_000)).unwrap();
        from.apply(&overlay.into_parts().0).unwrap();

        let mut batch = Batch::new(&to);
        for table in Table::ALL {
            from.visit_values(table, None, |key, value| {
                from_4(&from, &mut batch, table, key, value)?;
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        }
        batch.apply().unwrap();
        for (number, entry) in (1..).zip(&entries) {
            let (table, key) = audit::place(entry, number);
            assert_eq!(to.get::<AuditEntry>(table, &key).unwrap().as_ref(), Some(entry));
        }
        assert_eq!((to.len(Table::Audit), to.len(Table::AuditOfTenant)), (1, 2));
        assert_eq!(to.get::<String>(Table::Meta, b"large").unwrap().unwrap().len(), 9_000);
        assert_eq!(to.len(Table::Chunks), from.len(Table::Chunks), "the same parts");
    }
}
