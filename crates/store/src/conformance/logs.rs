//! Log lines of a job.

use super::fixtures::{EVERY_LINE, at, job, log_lines, project, running, start};
use crate::pages::PlacedLine;
use crate::{LogFilter, Page, Seek, Store};
use fuelcell_domain::{JobId, LogLevel, LogLine};

fn line(attempt: u32, seconds: i64, level: LogLevel) -> LogLine {
    LogLine { at: at(seconds), attempt, level, stage: "load".into(), message: format!("line {seconds}") }
}

pub async fn filters(store: &dyn Store) {
    let started = running(store, job(project())).await;
    let neighbour = running(store, job(project())).await;
    let seconds = |line: &LogLine| (line.at.0 - at(0).0) / 1_000_000;
    let read = async |job: JobId, filter| -> Vec<i64> {
        log_lines(store, job, filter).await.iter().map(seconds).collect()
    };
    let first = vec![line(1, 1, LogLevel::Debug), line(1, 2, LogLevel::Info), line(1, 3, LogLevel::Warn)];
    store.append_logs(started.current_attempt(), first.clone()).await.unwrap();
    store.append_logs(neighbour.current_attempt(), vec![line(1, 99, LogLevel::Error)]).await.unwrap();
    store.append_logs(started.current_attempt(), Vec::new()).await.unwrap();
    assert_eq!(log_lines(store, started.id, EVERY_LINE).await, first);
    store
        .append_logs(started.current_attempt(), vec![line(1, 4, LogLevel::Error), line(1, 4, LogLevel::Info)])
        .await
        .unwrap();
    // The next attempt goes on in the same log.
    store.expire_leases(at(99)).await.unwrap();
    let second = start(store, started.id, 100).await;
    store.append_logs(second.current_attempt(), vec![line(2, 101, LogLevel::Info)]).await.unwrap();

    assert_eq!(read(started.id, EVERY_LINE).await, [1, 2, 3, 4, 4, 101]);
    assert_eq!(read(started.id, LogFilter { level: LogLevel::Warn, ..EVERY_LINE }).await, [3, 4]);
    assert_eq!(read(started.id, LogFilter { from: Some(at(3)), ..EVERY_LINE }).await, [3, 4, 4, 101]);
    assert_eq!(read(started.id, LogFilter { to: Some(at(3)), ..EVERY_LINE }).await, [1, 2, 3]);
    // Pages, within one batch of lines and across them.
    let info = LogFilter { level: LogLevel::Info, ..EVERY_LINE };
    let page = async |after, limit| store.logs(started.id, info, Seek { after, limit }).await.unwrap();
    let shown = |page: &Page<PlacedLine>| page.rows.iter().map(|(_, line)| seconds(line)).collect::<Vec<_>>();
    let first_page = page(None, 3).await;
    assert_eq!((shown(&first_page), first_page.has_more), (vec![2, 3, 4], true));
    let last_page = page(first_page.next(), 3).await;
    assert_eq!((shown(&last_page), last_page.has_more), (vec![4, 101], false));
    let end = last_page.rows.last().map(|(place, _)| *place);
    assert_eq!(page(end, 3).await, Page { rows: Vec::new(), has_more: false });
    assert_eq!(read(JobId::random(), EVERY_LINE).await, [] as [i64; 0]);
    // Many lines and long ones.
    let many: Vec<_> =
        (200..700).map(|n| LogLine { message: "x".repeat(100), ..line(2, n, LogLevel::Info) }).collect();
    store.append_logs(second.current_attempt(), many.clone()).await.unwrap();
    let long = LogLine { message: "y".repeat(50_000), ..line(2, 800, LogLevel::Info) };
    store.append_logs(second.current_attempt(), vec![long.clone()]).await.unwrap();
    assert_eq!(shown(&page(end, 2).await), [200, 201], "what is written later comes behind the end");
    let late = log_lines(store, started.id, LogFilter { from: Some(at(200)), ..EVERY_LINE }).await;
    assert_eq!(late[..500], many);
    assert_eq!(late[500..], [long]);
}
