//! What an operator may watch of jobs. Series are bounded: tenants and modules beyond the first ones share `other`.

use crate::claims::Claimed;

use fuelcell_domain::{Job, JobState, Timestamp, Usage};
use parking_lot::Mutex;
use prometheus::{
    CounterVec, HistogramVec, IntCounter, IntCounterVec, register_counter_vec, register_histogram_vec,
    register_int_counter, register_int_counter_vec,
};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Tenants, and modules, that have series of their own. Both together make the most series of a name.
const TENANTS: usize = 50;
const MODULES: usize = 50;
/// What all others are called.
const OTHER: &str = "other";
/// From a millisecond to a day.
const BUCKETS: [f64; 17] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0,
    86_400.0,
];

static WAITS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "fuelcell_job_wait_duration_seconds",
        "Time from which a job could start until its first attempt did.",
        &["priority"],
        BUCKETS.to_vec()
    )
    .expect("the name is used once")
});

static DURATIONS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "fuelcell_attempt_duration_seconds",
        "Time that an attempt ran, by how it ended.",
        &["end"],
        BUCKETS.to_vec()
    )
    .expect("the name is used once")
});

static ATTEMPTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_attempts_total",
        "Attempts that ended, by how, and by the name of their module.",
        &["end", "module"]
    )
    .expect("the name is used once")
});

static CLAIMS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_claims_total",
        "Claims of queued jobs, by what the store answered: that the node has `some` of them or `none`, or an `error`.",
        &["result"]
    )
    .expect("the name is used once")
});

static CLAIMED: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!("fuelcell_claimed_jobs_total", "Jobs that the node claimed.")
        .expect("the name is used once")
});

static FUEL: LazyLock<CounterVec> = LazyLock::new(|| {
    register_counter_vec!(
        "fuelcell_fuel_units_total",
        "Fuel that ended attempts burnt; of those that were stopped the last point known.",
        &["tenant", "module"]
    )
    .expect("the name is used once")
});

static CPU: LazyLock<CounterVec> = LazyLock::new(|| {
    register_counter_vec!(
        "fuelcell_cpu_seconds_total",
        "Processor time of ended attempts.",
        &["tenant", "module"]
    )
    .expect("the name is used once")
});

static KNOWN_TENANTS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
static KNOWN_MODULES: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Shows the series of claims from the start: what appears with its first event has no rise.
pub(crate) fn announce() {
    for result in ["some", "none", "error"] {
        CLAIMS.with_label_values(&[result]);
    }
    CLAIMED.get();
}

/// The store answered a claim.
pub(crate) fn answered(claimed: &Claimed) {
    let (result, jobs) = match claimed {
        Ok(claims) if claims.is_empty() => ("none", 0),
        Ok(claims) => ("some", claims.len()),
        Err(_) => ("error", 0),
    };
    CLAIMS.with_label_values(&[result]).inc();
    CLAIMED.inc_by(jobs as u64);
}

/// An attempt began. Later ones of a job have waited for what befell those before them.
pub(crate) fn claimed(job: &Job, now: Timestamp) {
    if job.attempt > 1 {
        return;
    }
    let waited = now.since(job.since());
    WAITS.with_label_values(&[job.priority.as_str()]).observe(waited.as_secs_f64());
}

/// An attempt ended, and the store has its end.
pub(crate) fn ended(job: &Job, usage: &Usage) {
    let tenant = known(&KNOWN_TENANTS, TENANTS, job.project.tenant.to_string());
    let module = known(&KNOWN_MODULES, MODULES, job.module.name.to_string());
    let end = end_of(job);
    ATTEMPTS.with_label_values(&[&end, &module]).inc();
    DURATIONS.with_label_values(&[&end]).observe(seconds(usage.wall_micros));
    let of_whom = [tenant.as_str(), module.as_str()];
    FUEL.with_label_values(&of_whom).inc_by(usage.fuel.units().unwrap_or(0) as f64);
    CPU.with_label_values(&of_whom).inc_by(seconds(usage.cpu_micros));
}

/// How an attempt ended: a failure by its code, of which there are few.
fn end_of(job: &Job) -> String {
    match (job.state, job.error()) {
        (JobState::Failed, Some(error)) => error.code.to_string(),
        (JobState::Queued, _) => "Requeued".to_owned(),
        (state, _) => state.as_str().to_owned(),
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// The label itself while there are few of them. Whoever came first keeps it until the process ends.
fn known(labels: &Mutex<HashSet<String>>, most: usize, label: String) -> String {
    let mut labels = labels.lock();
    if labels.contains(&label) {
        return label;
    }
    if labels.len() >= most {
        return OTHER.to_owned();
    }
    labels.insert(label.clone());
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_fit_what_takes_a_millisecond_and_what_takes_a_day() {
        assert!(BUCKETS.is_sorted() && BUCKETS[0] <= 0.001 && BUCKETS[BUCKETS.len() - 1] >= 24.0 * 3600.0);
        let widest = BUCKETS.windows(2).map(|pair| pair[1] / pair[0]).fold(0.0, f64::max);
        assert!(widest <= 5.0, "a figure is known to a factor of {widest}");
    }

    #[test]
    fn many_labels_make_few_series() {
        let labels = Mutex::default();
        let shown: HashSet<_> =
            (0..1000).map(|number| known(&labels, 3, format!("tenant {number}"))).collect();
        assert_eq!(shown.len(), 4, "{shown:?}");
        assert!(shown.contains(OTHER));
        assert_eq!(known(&labels, 3, "tenant 0".into()), "tenant 0", "the first ones keep theirs");
    }
}
