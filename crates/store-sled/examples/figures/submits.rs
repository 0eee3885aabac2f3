//! Durable submits by many at once.

use crate::measure::{Flushes, Quantiles, cpu, row};
use fuelcell_store::Store;
use fuelcell_store::conformance::fixtures::{job, project, submit};
use futures::future::join_all;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) async fn measure(store: &dyn Store, when: &str, time: Duration, records: &Path) {
    for clients in [1, 32, 256] {
        let flushes = Flushes::measure(records);
        let (started, before) = (Instant::now(), cpu());
        let times = join_all((0..clients).map(|_| submit_until(store, started + time))).await.concat();
        let count = times.len() as f64;
        let rate = count / started.elapsed().as_secs_f64();
        let each = (cpu() - before).as_secs_f64() * 1e6 / count;
        let beside = rate / flushes.rate;
        row(
            &format!("durable submits {when}, {clients} at once"),
            &format!(
                "{rate:.0} /s = {beside:.1} × fdatasync rate; {}; CPU {each:.0} µs each",
                Quantiles::of(times)
            ),
        );
    }
}

async fn submit_until(store: &dyn Store, end: Instant) -> Vec<Duration> {
    let own = project();
    let mut times = Vec::new();
    while Instant::now() < end {
        let one = Instant::now();
        submit(store, job(own)).await;
        times.push(one.elapsed());
    }
    times
}
