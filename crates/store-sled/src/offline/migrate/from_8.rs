//! Layout 8: grants say nothing of secrets to compute with.

use super::step::{Record, Step};
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use uuid::Uuid;

pub(super) const STEP: Step = Step { record, gather: &[] };

/// How a grant begins: tenant, project, module, hosts and secrets for requests over HTTP. The secrets to compute with come
/// next.
type GrantBeginning = (Uuid, Uuid, String, Option<(Vec<String>, Vec<String>)>);
/// No secret at all.
const NO_SECRETS: [&str; 0] = [];

fn record(mut record: Record) -> Result<Option<Record>, StoreError> {
    if record.table == Table::Grants {
        let (_, length) = record.beginning::<GrantBeginning>()?;
        record.insert(length, &NO_SECRETS.to_vec())?;
    }
    Ok(Some(record))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::Grant;

    #[test]
    fn a_grant_keeps_what_it_has_and_gets_no_secret() {
        let (tenant, project) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let http = Some((vec!["api.example.com:8443".to_owned()], vec!["TOKEN".to_owned()]));
        let bytes = postcard::to_stdvec(&(tenant, project, "miner", &http, "anna", 7_i64)).unwrap();
        let record = record(Record { table: Table::Grants, key: Vec::new(), bytes }).unwrap().unwrap();
        let grant: Grant = postcard::from_bytes(&record.bytes).unwrap();
        let http = grant.capabilities.http.unwrap();
        assert_eq!(
            (http.hosts[0].to_string(), &http.secrets[..]),
            ("api.example.com:8443".into(), &["TOKEN".into()][..])
        );
        assert_eq!((grant.capabilities.hmac.len(), grant.by.as_str(), grant.at.0), (0, "anna", 7));
        assert_eq!(grant.project.project.0, project);
    }
}
