use crate::Store;

pub async fn can_be_written(store: &dyn Store) {
    store.check().await.expect("a fresh store can be written");
}
