//! Signs of life: leases, live figures and log lines out, recorded cancels and lost leases in.

use crate::dispatch::Scheduler;
use crate::is_stale;
use crate::live::{Live, StopReason};
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{AttemptId, JobId, Timestamp, Usage};
use fuelcell_store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// After this a sign of life is tried again that came to nothing.
const AGAIN: Duration = Duration::from_secs(1);

impl Scheduler {
    /// Extends the leases of the node and of all attempts, then rescues jobs of others whose leases ran out; never ends.
    ///
    /// In this order, only together and by one reading of the clock: after the process stood still (a suspended machine, a
    /// store that hung), the own attempts must not be taken for lost by the very node that runs them.
    pub(crate) async fn keep_leases(&self) {
        let mut beat = every(self.config.heartbeat);
        loop {
            beat.tick().await;
            let now = self.clock.now();
            let kept = match self.beat().await {
                Ok(()) => self.extend_leases(now).await,
                error => error,
            };
            if let Err(error) = kept {
                tracing::error!(%error, "Leases could not be extended; trying again");
                // What is left of the leases may be less than a heartbeat.
                beat.reset_after(AGAIN.min(self.config.heartbeat));
                continue;
            }
            match self.rescue(now).await {
                Ok(jobs) if jobs.is_empty() => {}
                Ok(jobs) => {
                    tracing::warn!(jobs.count = jobs.len(), "Jobs of lost nodes rescued");
                    self.wake.notify_one();
                }
                Err(error) => tracing::error!(%error, "Expired leases could not be looked for; trying again"),
            }
        }
    }

    /// Says that the node lives. When others took it for lost it begins another life.
    async fn beat(&self) -> Result<(), StoreError> {
        let Some(life) = self.life.present() else { return Ok(()) };
        let asked = self.life.asked();
        if self.records.nodes.beat(life, self.config.lease).await? {
            self.life.extend(asked, self.config.lease);
            return Ok(());
        }
        tracing::warn!(node = %self.config.node, "This node was taken for lost, and begins anew");
        self.life.doubt();
        self.begin_life().await
    }

    /// Takes jobs from nodes and from attempts that gave no sign of life.
    async fn rescue(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError> {
        let mut rescued = self.records.nodes.rescue(self.config.lease, now).await?;
        rescued.extend(self.records.queue.expire_leases(now).await?);
        Ok(rescued)
    }

    async fn extend_leases(&self, now: Timestamp) -> Result<(), StoreError> {
        let live = self.all_live();
        let attempts: Vec<AttemptId> = live.iter().map(|live| live.id).collect();
        if attempts.is_empty() {
            return Ok(());
        }
        let until = now.plus(self.config.lease);
        let lost = self.records.queue.extend_leases(&attempts, until).await?;
        for live in live.iter().filter(|live| lost.contains(&live.id)) {
            lose(live);
        }
        Ok(())
    }

    /// Writes live figures and log lines, and looks for cancels that other nodes recorded; never ends.
    pub(crate) async fn keep_pulses(&self) {
        let mut beat = every(self.config.pulse);
        loop {
            let ticked = tokio::select! {
                _ = beat.tick() => true,
                () = self.cancel_wake.notified() => false,
            };
            let live: Vec<Arc<Live>> =
                self.all_live().into_iter().filter(|live| !live.is_finishing()).collect();
            let mut result = Ok(());
            for live in &live {
                result = result.and(self.notice_cancel(live).await);
                if ticked {
                    result = result.and(self.publish(live).await);
                }
            }
            if let Err(error) = result {
                tracing::warn!(%error, "Live figures could not be written or cancels not be read; trying again");
            }
        }
    }

    /// Looks whether the job is to be cancelled, or is not this attempt's any more.
    async fn notice_cancel(&self, live: &Live) -> Result<(), StoreError> {
        let job = self.records.jobs.job(live.project, live.id.job).await?;
        let Some(job) = job.filter(|job| job.check_attempt(live.id).is_ok()) else {
            lose(live);
            return Ok(());
        };
        match job.cancel {
            Some(request) if request.force => live.stop(StopReason::Cancel),
            Some(request) => {
                if request.preserve_partial {
                    live.want_partial();
                }
                live.cancel();
            }
            None => {}
        }
        Ok(())
    }

    /// Writes what is new of an attempt.
    async fn publish(&self, live: &Live) -> Result<(), StoreError> {
        let mut written = live.written.lock().await;
        if live.is_finishing() {
            return Ok(());
        }
        let result = match self.write_pulse(live, &mut written).await {
            Ok(()) => self.write_log(live).await,
            error => error,
        };
        match result {
            Err(error) if is_stale(&error) => {
                lose(live);
                Ok(())
            }
            other => other,
        }
    }

    async fn write_pulse(&self, live: &Live, written: &mut Pulse) -> Result<(), StoreError> {
        let pulse = live.pulse();
        if same_but_for_time(&pulse, written) {
            return Ok(());
        }
        self.records.queue.record_pulse(live.id, pulse.clone(), self.clock.now()).await?;
        *written = pulse;
        Ok(())
    }

    /// Hands the pending log lines to the store. The caller holds [`Live::written`].
    pub(crate) async fn write_log(&self, live: &Live) -> Result<(), StoreError> {
        loop {
            let lines = live.log.lock().batch();
            if lines.is_empty() {
                return Ok(());
            }
            let count = lines.len();
            self.records.logs.append_logs(live.id, lines).await?;
            live.log.lock().taken(count);
        }
    }
}

/// Stops an attempt that does not hold its job any more. One whose end is on its way to the store has let go by itself.
fn lose(live: &Live) {
    if !live.is_finishing() && live.stop_reason().is_none() {
        tracing::warn!(job = %live.id.job, attempt = live.id.number, "Attempt lost its job and is stopped");
        live.stop(StopReason::Lost);
    }
}

fn same_but_for_time(one: &Pulse, other: &Pulse) -> bool {
    let timeless = |pulse: &Pulse| Pulse { usage: Usage { wall_micros: 0, ..pulse.usage }, ..pulse.clone() };
    timeless(one) == timeless(other)
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
