//! Clocks, quantiles and rows.

use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Prints one figure for whoever reads the lines.
pub(crate) fn row(what: &str, figure: &str) {
    println!("{}", serde_json::json!({"what": what, "figure": figure}));
    std::io::stdout().flush().unwrap();
}

pub(crate) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

/// CPU time that all threads of this process have used.
pub(crate) fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}

/// Memory of this process.
pub(crate) fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Durations of many equal things.
pub(crate) struct Quantiles(Vec<Duration>);

impl Quantiles {
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// Milliseconds that at least `percent` of 100 do not exceed (nearest rank).
    pub(crate) fn millis(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default().as_secs_f64() * 1e3
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "p50 {:.2} ms, p99 {:.2} ms", self.millis(50), self.millis(99))
    }
}

/// What the disk does in the minute of a figure: single blocks, each with a flush of its own.
pub(crate) struct Flushes {
    times: Quantiles,
    /// Flushes in a second.
    pub(crate) rate: f64,
}

impl Flushes {
    pub(crate) fn measure(directory: &Path) -> Self {
        let path = directory.join("flushes");
        let file = File::create(&path).unwrap();
        file.set_len(4 << 20).unwrap();
        file.sync_all().unwrap();
        let (started, mut times) = (Instant::now(), Vec::new());
        while started.elapsed() < Duration::from_secs(1) {
            let one = Instant::now();
            file.write_all_at(&[7; 4096], (times.len() as u64 % 1024) * 4096).unwrap();
            file.sync_data().unwrap();
            times.push(one.elapsed());
        }
        let rate = times.len() as f64 / started.elapsed().as_secs_f64();
        std::fs::remove_file(path).unwrap();
        Self { times: Quantiles::of(times), rate }
    }
}

impl fmt::Display for Flushes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.0} /s ({})", self.rate, self.times)
    }
}
