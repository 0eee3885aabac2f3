//! What an operator may watch of deliveries.

use crate::outcome::{Outcome, Then};
use fuelcell_domain::notice::Channel;
use prometheus::{HistogramVec, IntCounterVec, register_histogram_vec, register_int_counter_vec};
use std::sync::LazyLock;
use std::time::Duration;

static TRIES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "fuelcell_notification_tries_total",
        "Messages about ended jobs that were tried, by way and by what came of it: `delivered`, to be tried `again`, or `parked`.",
        &["channel", "outcome"]
    )
    .expect("the name is used once")
});

static DURATIONS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "fuelcell_notification_try_duration_seconds",
        "How long a try of a message took.",
        &["channel"],
        vec![0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0]
    )
    .expect("the name is used once")
});

/// Shows all series from the start: what appears with its first event has no rise.
pub(crate) fn announce() {
    for channel in [Channel::Webhook, Channel::Email] {
        DURATIONS.with_label_values(&[channel.as_str()]);
        for outcome in ["delivered", "again", "parked"] {
            TRIES.with_label_values(&[channel.as_str(), outcome]);
        }
    }
}

/// A message was tried.
pub(crate) fn tried(channel: Channel, outcome: &Outcome, took: Duration) {
    let word = match outcome.then {
        Then::Done => "delivered",
        Then::Again(_) => "again",
        Then::Park => "parked",
    };
    TRIES.with_label_values(&[channel.as_str(), word]).inc();
    DURATIONS.with_label_values(&[channel.as_str()]).observe(took.as_secs_f64());
}
