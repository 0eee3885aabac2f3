//! Grants of capabilities, and secrets.

use super::fixtures::{at, project};
use crate::{Store, StoreError};
use fuelcell_domain::{Capabilities, Grant, HttpAccess, ProjectRef, SealedSecret};

fn grant(project: ProjectRef, module: &str, hosts: &[&str]) -> Grant {
    let hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
    let http = Some(HttpAccess { hosts, secrets: vec!["TOKEN".into()] });
    Grant {
        project,
        module: module.into(),
        capabilities: Capabilities { http, hmac: vec!["KEY".into()] },
        by: "anna".into(),
        at: at(1),
    }
}

pub async fn grants(store: &dyn Store) {
    let (own, other) = (project(), project());
    assert_eq!(store.grant(own, "miner").await.unwrap(), None);
    let first = grant(own, "miner", &["api.example.com"]);
    store.put_grant(first.clone()).await.unwrap();
    assert_eq!(store.grant(own, "miner").await.unwrap(), Some(first));
    assert_eq!(store.grant(other, "miner").await.unwrap(), None);
    assert_eq!(store.grant(own, "mine").await.unwrap(), None);
    let second = grant(own, "miner", &["*.example.org:8443", "http://[::1]:81"]);
    store.put_grant(second.clone()).await.unwrap();
    assert_eq!(store.grant(own, "miner").await.unwrap(), Some(second.clone()));

    let missing = store.delete_grant(other, "miner").await;
    assert!(matches!(missing, Err(StoreError::NotFound("grant"))), "{missing:?}");
    assert_eq!(store.grant(own, "miner").await.unwrap(), Some(second));
    store.delete_grant(own, "miner").await.unwrap();
    assert_eq!(store.grant(own, "miner").await.unwrap(), None);
    let missing = store.delete_grant(own, "miner").await;
    assert!(matches!(missing, Err(StoreError::NotFound("grant"))), "{missing:?}");
}

fn secret(project: ProjectRef, name: &str, seconds: i64) -> SealedSecret {
    SealedSecret {
        project,
        name: name.into(),
        headers: vec![format!("x-{name}")],
        sealed: name.bytes().rev().collect(),
        by: "anna".into(),
        created_at: at(seconds),
        updated_at: at(seconds),
    }
}

pub async fn secrets(store: &dyn Store) {
    let (own, other) = (project(), project());
    assert_eq!(store.secrets(own).await.unwrap(), []);
    let (b, a) = (secret(own, "B", 1), secret(own, "A", 2));
    assert_eq!(store.put_secret(b.clone()).await.unwrap(), b);
    assert_eq!(store.put_secret(a.clone()).await.unwrap(), a);
    let foreign = store.put_secret(secret(other, "A", 3)).await.unwrap();
    assert_eq!(store.secrets(own).await.unwrap(), [a.clone(), b.clone()]);
    let again = SealedSecret { sealed: vec![7], ..secret(own, "B", 4) };
    let replaced = SealedSecret { created_at: at(1), ..again.clone() };
    assert_eq!(store.put_secret(again).await.unwrap(), replaced);
    assert_eq!(store.secrets(own).await.unwrap(), [a, replaced.clone()]);

    store.delete_secret(own, "A").await.unwrap();
    let missing = store.delete_secret(own, "A").await;
    assert!(matches!(missing, Err(StoreError::NotFound("secret"))), "{missing:?}");
    assert_eq!(store.secrets(own).await.unwrap(), [replaced]);
    assert_eq!(store.secrets(other).await.unwrap(), [foreign]);
}
