//! Documents and links of clients, and secrets from the disk, as nobody wrote them.

use crate::links::{LinkGrant, LinkTarget};
use crate::principal::Secret;
use crate::stubs;
use crate::vault::Seal;
use crate::{Principal, ServiceError};
use fuelcell_domain::clock::ManualClock;
use fuelcell_domain::{JobId, Parameters, ProjectId, ProjectRef, Role, Scope, TenantId, Timestamp, TokenId};
use fuelcell_fuzz::fuzz;
use fuelcell_store::MemoryStore;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::runtime::Builder;
use uuid::Uuid;

/// Two JSON documents, one after the other.
fn two_documents(bytes: &[u8]) -> Result<(Value, Value), String> {
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter();
    let mut next = || documents.next().unwrap_or(Ok(Value::Null)).map_err(|error| error.to_string());
    Ok((next()?, next()?))
}

#[test]
fn a_patch_that_was_applied_changes_nothing_more() {
    fuzz("merge-patch", |bytes| {
        let (target, patch) = two_documents(bytes)?;
        let read = |document: &Value| {
            Parameters::from_text(&document.to_string()).map_err(|error| error.to_string())
        };
        let (target, patch) = (read(&target)?, read(&patch)?);
        let once = target.patched(&patch);
        let values = |parameters: &Parameters| parameters.values().expect("they were machine numbers");
        assert!(holds(&values(&once), &values(&patch)));
        assert_eq!(once.patched(&patch), once);
        Ok(())
    });
}

/// Whether a document is as a patch says.
fn holds(document: &Map<String, Value>, patch: &Map<String, Value>) -> bool {
    patch.iter().all(|(name, change)| match (document.get(name), change) {
        (found, Value::Null) => found.is_none(),
        (Some(Value::Object(inner)), Value::Object(change)) => holds(inner, change),
        (found, change) => found == Some(change),
    })
}

#[test]
fn a_link_opens_what_it_was_made_for() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let (service, _) = stubs::service(Arc::new(MemoryStore::default()), clock);
    fuzz("links", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let (name, expires, signature) = (line(), line(), line());
        let target = target(name);
        let expires = expires.parse().map_err(|_| "no number")?;
        let signature = match signature {
            "right" => service.sign_until(&target, expires).signature,
            other => other.to_owned(),
        };
        let right = signature == service.sign_until(&target, expires).signature;
        match runtime.block_on(service.download(&target, &LinkGrant { expires, signature })).err() {
            Some(ServiceError::BadSignature) => assert!(!right),
            Some(ServiceError::LinkExpired) => assert!(right && expires < 0),
            Some(ServiceError::NotFound(_)) => {
                assert!(right && expires >= 0);
                return Ok(());
            }
            other => panic!("{other:?}"),
        }
        Err("refused".into())
    });
}

#[test]
fn a_cursor_opens_where_it_was_given_out() {
    let clock = Arc::new(ManualClock::new(Timestamp(0)));
    let (service, _) = stubs::service(Arc::new(MemoryStore::default()), clock);
    let (token, subject, role) = (TokenId(Uuid::nil()), "anna".into(), Role::Administrator);
    let reader =
        Principal { token, subject, role, scope: Scope::Server, expires_at: None, hash: None, session: None };
    fuzz("cursors", |bytes| {
        // The list, its cursor or the word for the right one, and the place that a right one has.
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.splitn(3, '\n');
        let mut line = || lines.next().unwrap_or_default();
        let (list, cursor, place) = (line(), line(), line());
        let right = service.cursor(&reader, list, &place);
        let cursor = if cursor == "right" { &right } else { cursor };
        let opened = service.place::<String>(&reader, list, cursor).map_err(|error| error.to_string())?;
        assert!(*cursor == right && opened == place);
        let elsewhere = service.place::<String>(&reader, &format!("{list}x"), cursor);
        assert!(elsewhere.is_err());
        Ok(())
    });
}

fn place() -> ProjectRef {
    ProjectRef { tenant: TenantId(Uuid::from_u128(1)), project: ProjectId(Uuid::from_u128(2)) }
}

fn target(name: &str) -> LinkTarget {
    LinkTarget { project: place(), job: JobId(Uuid::from_u128(3)), name: name.to_owned() }
}

#[test]
fn a_secret_opens_whole_or_not_at_all() {
    let seal = Seal::new(&Secret::new([7; 32]));
    let sealed = seal.seal(place(), "TOKEN", b"value");
    fuzz("sealed-secrets", |bytes| {
        // A corpus cannot hold what is sealed anew each time: the input says what is changed in it.
        let (&[at, length], change) = bytes.split_first_chunk().ok_or("too short")?;
        let at = usize::from(at).min(sealed.len());
        let end = sealed.len().min(at + usize::from(length));
        let changed = [&sealed[..at], change, &sealed[end..]].concat();
        match (seal.opened(place(), "TOKEN", &changed), changed == sealed) {
            (Some(value), true) => assert_eq!(value.0, b"value"),
            (None, false) => return Err("not as it was sealed".into()),
            (opened, same) => panic!("{opened:?}, although it is the same: {same}"),
        }
        assert!(seal.opened(place(), "OTHER", &changed).is_none());
        Ok(())
    });
}
