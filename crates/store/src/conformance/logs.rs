//! Log lines of a job.

use super::fixtures::{at, job, project, running, start};
use crate::{LogFilter, Store};
use fuelcell_domain::{JobId, LogLevel, LogLine};

fn line(attempt: u32, seconds: i64, level: LogLevel) -> LogLine {
    LogLine { at: at(seconds), attempt, level, stage: "load".into(), message: format!("line {seconds}") }
}

pub(super) async fn filters(store: &dyn Store) {
    const EVERYTHING: LogFilter =
        LogFilter { level: LogLevel::Debug, from: None, to: None, skip: 0, limit: 1000 };
    let started = running(store, job(project())).await;
    let neighbour = running(store, job(project())).await;
    let read = async |job: JobId, filter| -> Vec<i64> {
        let lines = store.logs(job, filter).await.unwrap();
        lines.iter().map(|line| (line.at.0 - at(0).0) / 1_000_000).collect()
    };
    let first = vec![line(1, 1, LogLevel::Debug), line(1, 2, LogLevel::Info), line(1, 3, LogLevel::Warn)];
    store.append_logs(started.current_attempt(), first.clone()).await.unwrap();
    store.append_logs(neighbour.current_attempt(), vec![line(1, 99, LogLevel::Error)]).await.unwrap();
    store.append_logs(started.current_attempt(), Vec::new()).await.unwrap();
    assert_eq!(store.logs(started.id, EVERYTHING).await.unwrap(), first);
    store
        .append_logs(started.current_attempt(), vec![line(1, 4, LogLevel::Error), line(1, 4, LogLevel::Info)])
        .await
        .unwrap();
    // The next attempt goes on in the same log.
    store.expire_leases(at(99)).await.unwrap();
    let second = start(store, started.id, 100).await;
    store.append_logs(second.current_attempt(), vec![line(2, 101, LogLevel::Info)]).await.unwrap();

    assert_eq!(read(started.id, EVERYTHING).await, [1, 2, 3, 4, 4, 101]);
    assert_eq!(read(started.id, LogFilter { level: LogLevel::Warn, ..EVERYTHING }).await, [3, 4]);
    assert_eq!(read(started.id, LogFilter { from: Some(at(3)), ..EVERYTHING }).await, [3, 4, 4, 101]);
    assert_eq!(read(started.id, LogFilter { to: Some(at(3)), ..EVERYTHING }).await, [1, 2, 3]);
    assert_eq!(read(started.id, LogFilter { limit: 2, ..EVERYTHING }).await, [1, 2]);
    assert_eq!(read(started.id, LogFilter { level: LogLevel::Info, limit: 2, ..EVERYTHING }).await, [2, 3]);
    // Pages, within one batch of lines and across them.
    let page = |skip| LogFilter { level: LogLevel::Info, skip, limit: 2, ..EVERYTHING };
    assert_eq!(read(started.id, page(1)).await, [3, 4]);
    assert_eq!(read(started.id, page(3)).await, [4, 101]);
    assert_eq!(read(started.id, page(4)).await, [101]);
    assert_eq!(read(started.id, page(5)).await, [] as [i64; 0]);
    assert_eq!(read(JobId::random(), EVERYTHING).await, [] as [i64; 0]);
    // Many lines and long ones.
    let many: Vec<_> =
        (200..700).map(|n| LogLine { message: "x".repeat(100), ..line(2, n, LogLevel::Info) }).collect();
    store.append_logs(second.current_attempt(), many.clone()).await.unwrap();
    let long = LogLine { message: "y".repeat(50_000), ..line(2, 800, LogLevel::Info) };
    store.append_logs(second.current_attempt(), vec![long.clone()]).await.unwrap();
    let late = store.logs(started.id, LogFilter { from: Some(at(200)), ..EVERYTHING }).await.unwrap();
    assert_eq!(late[..500], many);
    assert_eq!(late[500..], [long]);
}
