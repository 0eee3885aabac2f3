//! What people keep by name.

use super::fixtures::{at, project, whole};
use crate::{Store, StoreError};
use fuelcell_domain::{ProjectRef, SavedContent, SavedItem, SavedKind};
use std::sync::Arc;

pub(super) fn view(project: ProjectRef, name: &str, query: &str) -> SavedItem {
    SavedItem {
        project,
        name: name.into(),
        content: SavedContent::View { query: query.into() },
        revision: 0,
        by: "anna".into(),
        created_at: at(1),
        updated_at: at(1),
    }
}

fn parameters(project: ProjectRef, name: &str, parameters: &str) -> SavedItem {
    let content = SavedContent::Parameters { module: "miner".into(), parameters: parameters.into() };
    SavedItem { content, ..view(project, name, "") }
}

fn is_changed<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Conflict(_))), "{result:?}");
}

fn is_absent<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
}

pub async fn replaced_by_who_saw_it(store: &dyn Store) {
    let (own, name) = (project(), "our failures €");
    let seen = async || store.saved(own, SavedKind::View, name).await.unwrap();
    assert_eq!(seen().await, None);
    is_absent(&store.put_saved(view(own, name, "status=Failed"), Some(1)).await);
    let first = store.put_saved(view(own, name, "status=Failed"), None).await.unwrap();
    assert_eq!((first.revision, seen().await), (1, Some(first.clone())));
    // Whoever does not know of it does not replace it.
    is_changed(&store.put_saved(view(own, name, "q=x"), None).await);
    is_changed(&store.put_saved(view(own, name, "q=x"), Some(2)).await);
    let change =
        SavedItem { by: "bert".into(), created_at: at(5), updated_at: at(5), ..view(own, name, "q=x") };
    let second = store.put_saved(change.clone(), Some(1)).await.unwrap();
    assert_eq!(second, SavedItem { revision: 2, created_at: at(1), ..change.clone() });
    // The same again, as after an answer that was lost, changes nothing.
    assert_eq!(store.put_saved(SavedItem { updated_at: at(9), ..change }, Some(1)).await.unwrap(), second);
    is_changed(&store.put_saved(view(own, name, "q=y"), Some(1)).await);
    assert_eq!(seen().await, Some(second));
    store.delete_saved(own, SavedKind::View, name).await.unwrap();
    is_absent(&store.delete_saved(own, SavedKind::View, name).await);
    assert_eq!(seen().await, None);
    assert_eq!(store.put_saved(view(own, name, "q=z"), None).await.unwrap().revision, 1);
}

pub async fn kinds_and_projects_are_told_apart(store: &dyn Store) {
    let (own, other) = (project(), project());
    let mut views = Vec::new();
    for name in ["b", "a", "aa"] {
        views.push(store.put_saved(view(own, name, name), None).await.unwrap());
    }
    views.sort_by(|one, next| one.name.cmp(&next.name));
    let set = store.put_saved(parameters(own, "a", "{\"n\": 1.0000000000000000001}"), None).await.unwrap();
    let foreign = store.put_saved(view(other, "a", "else"), None).await.unwrap();
    let all = async |project, kind, limit| {
        whole(limit, async |seek| store.saved_page(project, kind, seek).await.unwrap()).await
    };
    for limit in 1..5 {
        assert_eq!(all(own, SavedKind::View, limit).await, views);
        assert_eq!(all(own, SavedKind::Parameters, limit).await, std::slice::from_ref(&set));
        assert_eq!(all(other, SavedKind::View, limit).await, std::slice::from_ref(&foreign));
        assert_eq!(all(other, SavedKind::Parameters, limit).await, []);
    }
    is_absent(&store.delete_saved(other, SavedKind::Parameters, "a").await);
    store.delete_saved(own, SavedKind::View, "a").await.unwrap();
    assert_eq!(all(own, SavedKind::View, 9).await, views[1..]);
    assert_eq!(store.saved(own, SavedKind::Parameters, "a").await.unwrap(), Some(set));
    assert_eq!(store.saved(other, SavedKind::View, "a").await.unwrap(), Some(foreign));
}

/// Of many that replace what they saw, one does.
pub async fn parallel_changes_are_not_lost(store: Arc<dyn Store>) {
    let own = project();
    store.put_saved(view(own, "v", "first"), None).await.unwrap();
    let changes = (0..8).map(|number| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.put_saved(view(own, "v", &format!("{number}")), Some(1)).await })
    });
    let mut kept = Vec::new();
    for change in changes.collect::<Vec<_>>() {
        match change.await.unwrap() {
            Ok(item) => kept.push(item),
            refused => is_changed(&refused),
        }
    }
    assert_eq!(kept.len(), 1);
    assert_eq!(store.saved(own, SavedKind::View, "v").await.unwrap().as_ref(), kept.first());
}
