//! What spans cost: no-op jobs of two servers in turn, one that sends the spans of all its requests and jobs to a collector,
//! and one that has none.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};

use super::{
    load::Load,
    project::{project, start},
    row::{Row, measure},
    spread::{median, ratios},
};
use crate::{
    server::{Interrupt, Server},
    workspace::Workspace,
};

const ROUNDS: usize = 6;
const CLIENTS: usize = 32;

pub(super) fn row(
    workspace: &Workspace,
    folder: &Path,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Row> {
    let (url, taken) = collector()?;
    let told = [("FUELCELL_TRACES__ENDPOINT", &url[..]), ("FUELCELL_TRACES__SAMPLE", "1")];
    let silent = start(workspace, &folder.join("silent"), &[], interrupt)?;
    let telling = start(workspace, &folder.join("telling"), &told, interrupt)?;
    let loads = [
        project(workspace, &silent.operator()?)?.load(interrupt),
        project(workspace, &telling.operator()?)?.load(interrupt),
    ];
    let mut rounds = Vec::new();
    for round in 1..=ROUNDS {
        let label = format!("Jobs without and with a collector, {round} of {ROUNDS}");
        rounds.push(measure(&label, || {
            let first = cpu(&silent, &loads[0], time)?;
            Ok([first, cpu(&silent, &loads[0], time)?, cpu(&telling, &loads[1], time)?])
        })?);
    }
    let bytes = taken.load(Ordering::Relaxed);
    ensure!(bytes > 0, "the collector was sent nothing");
    let none = |round: &[f64; 3]| (round[0] + round[1]) / 2.0;
    let figure = format!(
        "{}; none : none {}; without {:.0} µs each; the collector took {} MB",
        ratios(rounds.iter().map(|round| round[2] / none(round))),
        ratios(rounds.iter().map(|round| round[1] / round[0])),
        median(rounds.iter().map(none)) * 1e6,
        bytes / 1_000_000,
    );
    Ok(Row::new(&format!("CPU of a no-op job, {CLIENTS} clients, all spans sent : no collector"), figure))
}

/// Seconds of the server's processor time for each job.
fn cpu(server: &Server, load: &Load, time: Duration) -> Result<f64> {
    let before = server.cpu_time()?;
    let jobs = load.throughput(CLIENTS, time)?.jobs;
    Ok((server.cpu_time()? - before).as_secs_f64() / jobs as f64)
}

/// Takes everything that it is sent, and counts the bytes.
fn collector() -> Result<(String, Arc<AtomicU64>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let url = format!("http://{}", listener.local_addr()?);
    let taken = Arc::<AtomicU64>::default();
    let counted = taken.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counted = counted.clone();
            // Who goes away in the middle comes again.
            thread::spawn(move || take(&stream, &counted).ok());
        }
    });
    Ok((url, taken))
}

fn take(stream: &TcpStream, counted: &AtomicU64) -> Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(reader.read_line(&mut line)? > 0, "the end");
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        counted.fetch_add(length, Ordering::Relaxed);
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}
