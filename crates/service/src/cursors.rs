//! Cursors: where the next page of a list begins, in the hands of its reader. What a cursor says is for this server alone,
//! which signs it together with the list that it belongs to, so that none is made up, changed, or taken to another list.

use crate::{Principal, Service, ServiceError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

/// Bytes of a cursor's signature. It guards nothing but the reader's own place in a list that they may read.
const SIGNATURE: usize = 16;

impl Service {
    /// The cursor of a place in a list. `list` says which list it is, with its filters.
    pub fn cursor<P: Serialize>(&self, principal: &Principal, list: &str, place: &P) -> String {
        // Places are numbers, times, ids and names, which JSON always has.
        let place = serde_json::to_vec(place).unwrap_or_default();
        let signature = self.signature(principal, list, &place);
        BASE64_URL_SAFE_NO_PAD.encode([&signature[..], &place].concat())
    }

    /// The place of a cursor that this server gave out for the list.
    pub fn place<P: DeserializeOwned>(
        &self,
        principal: &Principal,
        list: &str,
        cursor: &str,
    ) -> Result<P, ServiceError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let (signature, place) = bytes.split_at_checked(SIGNATURE).ok_or_else(invalid)?;
        match bool::from(self.signature(principal, list, place).ct_eq(signature)) {
            true => serde_json::from_slice(place).map_err(|_| invalid()),
            false => Err(invalid()),
        }
    }

    /// Lists of the same address show each scope another part: a cursor holds within the scope that it was given in.
    fn signature(&self, principal: &Principal, list: &str, place: &[u8]) -> [u8; SIGNATURE] {
        let scope = serde_json::to_vec(&principal.scope).unwrap_or_default();
        let mac = self.secret.mac("cursor", &[&scope, list.as_bytes(), place]);
        std::array::from_fn(|index| mac[index])
    }
}

fn invalid() -> ServiceError {
    ServiceError::invalid(
        "InvalidCursor",
        "this cursor is none of this list with these filters, or another version of the server gave it out; \
         begin again without one",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stubs;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_domain::{ProjectId, ProjectRef, Role, Scope, TenantId, Timestamp, TokenId};
    use fuelcell_store::MemoryStore;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn service() -> Service {
        stubs::service(Arc::new(MemoryStore::new()), Arc::new(ManualClock::new(Timestamp(0)))).0
    }

    fn reader(scope: Scope) -> Principal {
        let (token, subject, role) = (TokenId::random(), "anna".into(), Role::Administrator);
        Principal { token, subject, role, scope, expires_at: None, hash: None, session: None }
    }

    #[test]
    fn a_cursor_opens_in_its_list_and_scope_only() {
        let (service, anna) = (service(), reader(Scope::Server));
        let cursor = service.cursor(&anna, "jobs?status=Queued", &("place", 7));
        let open =
            |reader: &Principal, list, cursor: &str| service.place::<(String, u32)>(reader, list, cursor);
        assert_eq!(open(&anna, "jobs?status=Queued", &cursor).unwrap(), ("place".to_owned(), 7));
        // Whoever else has the scope may go on.
        assert!(open(&reader(Scope::Server), "jobs?status=Queued", &cursor).is_ok());
        let project = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
        assert!(open(&reader(Scope::Project(project)), "jobs?status=Queued", &cursor).is_err());
        assert!(open(&anna, "jobs?status=Running", &cursor).is_err());
        assert!(open(&anna, "jobs?status=Queue", &cursor).is_err());
        assert!(service.place::<u32>(&anna, "jobs?status=Queued", &cursor).is_err(), "another kind of place");
        for wrong in ["", "0", "7", "nonsense", "AAAAAAAAAAAAAAAAAAAAAA", "ä", &format!("{cursor}A")] {
            let refused = open(&anna, "jobs?status=Queued", wrong).unwrap_err();
            assert!(matches!(refused, ServiceError::Invalid { code: "InvalidCursor", .. }), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_cursor_is_made_up_or_changed(bytes in prop::collection::vec(any::<u8>(), 0..60), flipped in 0..160_usize) {
            let (service, anna) = (service(), reader(Scope::Server));
            let made_up = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert!(service.place::<serde_json::Value>(&anna, "list", &made_up).is_err());
            let cursor = service.cursor(&anna, "list", &1234);
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap();
            let bit = flipped % (8 * bytes.len());
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
            prop_assert!(service.place::<serde_json::Value>(&anna, "list", &changed).is_err());
        }
    }
}
