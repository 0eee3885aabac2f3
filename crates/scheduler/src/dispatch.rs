//! The scheduler itself: what it holds, its loop, its start and its end.

use crate::choose::{Choice, Free, LEAST_AHEAD, SHORT, choose};
use crate::claims::{Claimed, Claims};
use crate::concurrency::{Occupancy, Owners};
use crate::config::SchedulerConfig;
use crate::life::Life;
use crate::live::{Live, StopReason};
use crate::metrics;
use crate::order::{Turns, order};
use crate::prepare::Preparer;
use crate::records::Records;
use crate::shares::Shares;
use crate::slots::{Slots, Taken};
use crate::stages::Compiled;
use fuelcell_domain::estimate::Capacity;
use fuelcell_domain::outbound::Outlets;
use fuelcell_domain::seams::{Events, Running};
use fuelcell_domain::{
    AttemptId, ClaimId, Clock, Holder, Incarnation, Job, JobError, JobId, JobRunner, Lease, ModuleRef,
    ProfileFiles, Timestamp,
};
use fuelcell_store::{BlobStore, QueueEntry, StoreError};
use futures::FutureExt;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex as AsyncMutex, Notify};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The dispatcher looks at the queue at least this often, whatever it is told: other nodes queue jobs too, and clocks jump.
const TICK: Duration = Duration::from_secs(1);
/// Attempts whose guest has ended and whose end the store has not taken yet; beyond this nothing is claimed.
const MAX_FINISHING: usize = 512;
/// How much of the queue is looked at: this much, and more on nodes with many slots.
const LOOK_AHEAD: usize = 256;

/// Runs the jobs of a store on this node.
pub struct Scheduler {
    pub(crate) config: SchedulerConfig,
    pub(crate) records: Records,
    pub(crate) blobs: Arc<dyn BlobStore>,
    pub(crate) runner: Arc<dyn JobRunner>,
    pub(crate) outlets: Arc<dyn Outlets>,
    pub(crate) profiles: Arc<dyn ProfileFiles>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) life: Arc<Life>,
    pub(crate) live: Mutex<BTreeMap<AttemptId, Arc<Live>>>,
    /// How many of them only wait for the store to take their end.
    pub(crate) finishing: AtomicUsize,
    pub(crate) wake: Notify,
    pub(crate) cancel_wake: Notify,
    pub(crate) attempts: TaskTracker,
    pub(crate) dropped_results: AtomicU64,
    pub(crate) slots: Arc<Slots>,
    pub(crate) shares: Mutex<Shares>,
    pub(crate) turns: Mutex<Turns>,
    /// Held while bytes are swept, or while nobody may.
    pub(crate) sweeps: AsyncMutex<()>,
    /// Held while files of a profile are made.
    pub(crate) profile_turn: AsyncMutex<()>,
    preparer: Preparer,
    pub(crate) compiled: Compiled,
    stopping: CancellationToken,
}

/// Where a round of dispatching stands.
enum Step {
    /// A claim was answered: its jobs start.
    Start(Claimed),
    /// The queue is looked at, if there is room for what may be found, and the next claim prepared.
    Look,
    /// What was claimed meanwhile starts.
    Collect,
    /// There is nothing to do before something happens.
    Rest,
}

/// What a node has, and what of it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Slots, running jobs and memory, as wait reasons and estimates need them.
    pub capacity: Capacity,
    /// Attempts whose guest has ended and whose end is being stored.
    pub finishing: u64,
    /// Attempts since the start whose results were dropped, because they did not hold their job any more.
    pub dropped_results: u64,
    /// Whether the node takes no new jobs because it shuts down.
    pub draining: bool,
}

impl Scheduler {
    /// A scheduler that does nothing before [`Scheduler::run`].
    pub fn new(
        records: Records,
        blobs: Arc<dyn BlobStore>,
        runner: Arc<dyn JobRunner>,
        outlets: Arc<dyn Outlets>,
        profiles: Arc<dyn ProfileFiles>,
        clock: Arc<dyn Clock>,
        config: SchedulerConfig,
    ) -> Arc<Self> {
        let preparer = Preparer::new(runner.clone(), blobs.clone(), config.preparations);
        let slots = Slots::new(config.slots, config.memory_bytes);
        let life = Arc::new(Life::new(clock.clone()));
        metrics::announce();
        Arc::new(Self {
            config,
            records,
            blobs,
            runner,
            outlets,
            profiles,
            clock,
            life,
            live: Mutex::default(),
            finishing: AtomicUsize::new(0),
            wake: Notify::new(),
            cancel_wake: Notify::new(),
            attempts: TaskTracker::new(),
            dropped_results: AtomicU64::new(0),
            slots,
            shares: Mutex::default(),
            turns: Mutex::default(),
            sweeps: AsyncMutex::default(),
            profile_turn: AsyncMutex::default(),
            preparer,
            compiled: Compiled::default(),
            stopping: CancellationToken::new(),
        })
    }

    /// Where the service reports what it did to the queue.
    pub fn events(self: &Arc<Self>) -> Arc<dyn Events> {
        self.clone()
    }

    /// What this node has, and what of it is taken.
    pub fn load(&self) -> Load {
        let Taken { running, reserved_bytes, .. } = self.slots.taken();
        Load {
            capacity: Capacity {
                slots: self.config.slots as u64,
                running: running as u64,
                memory_bytes: self.config.memory_bytes,
                reserved_bytes,
            },
            finishing: self.finishing.load(Ordering::SeqCst) as u64,
            dropped_results: self.dropped_results.load(Ordering::Relaxed),
            draining: self.stopping.is_cancelled(),
        }
    }

    /// Whether the job's project, pipeline or module has as many running jobs on this node as it may have.
    pub fn at_limit(&self, job: &Job) -> bool {
        !self.occupancy().admits(&Owners::of_job(job))
    }

    /// What runs, as it counts against the limits.
    pub(crate) fn occupancy(&self) -> Occupancy<'_> {
        let limits = &self.config.concurrency;
        // Without limits nobody is looked at.
        let live = if limits.is_unlimited() { Vec::new() } else { self.all_live() };
        let running = live.iter().filter(|live| !live.is_finishing()).map(|live| live.owners.clone());
        Occupancy::of(limits, running)
    }

    /// Whether, when the queue was last looked at, it was the turn of other tenants, which have had less of late.
    pub fn others_first(&self, job: &Job) -> bool {
        self.turns.lock().others_first(&QueueEntry::of(job), self.clock.now(), self.config.ageing)
    }

    /// Runs jobs until `shutdown` resolves and the running ones have ended, were requeued, or were left to their leases.
    /// To be called once, and to its end: it begins by releasing the jobs that this node's previous life left behind, and
    /// nobody else keeps the leases of the running ones.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        let work = async {
            self.recover().await;
            self.dispatch_until_stopping().await;
            self.drain().await;
        };
        let obey = async {
            shutdown.await;
            self.stopping.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = work => {}
            // These never end: leases and cancels are looked after until the last attempt is over.
            () = obey => {}
            () = self.keep_leases() => {}
            () = self.keep_pulses() => {}
        }
    }

    /// Requeues what this node was running when its previous process ended.
    async fn recover(&self) {
        while !self.stopping.is_cancelled() {
            match self.begin_life().await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(%error, "Jobs of the previous life could not be released; trying again");
                }
            }
            sleep(TICK).await;
        }
    }

    /// A life of this node begins, and what earlier ones were running is queued again.
    pub(crate) async fn begin_life(&self) -> Result<(), StoreError> {
        let SchedulerConfig { node, lease, .. } = &self.config;
        let (life, asked) = (Incarnation::random(), self.life.asked());
        self.records.nodes.register(node, life, *lease).await?;
        let jobs = self.records.queue.release_node(node, life, self.clock.now()).await?;
        self.life.begin(life, asked, *lease);
        tracing::info!(%node, jobs.count = jobs.len(), "Jobs of the previous life released");
        Ok(())
    }

    async fn dispatch_until_stopping(self: &Arc<Self>) {
        let mut claims = Claims::default();
        let (mut claimed, mut look_ahead) = (None, true);
        while !self.stopping.is_cancelled() {
            let pause = match self.dispatch_all(&mut claims, claimed, look_ahead).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "The queue could not be read or claimed from; trying again");
                    TICK
                }
            };
            (claimed, look_ahead) = tokio::select! {
                Some(claimed) = claims.next() => (Some(claimed), false),
                () = self.wake.notified() => (None, false),
                () = sleep(pause) => (None, true),
                () = self.stopping.cancelled() => (None, false),
            };
        }
        // What the store has promised us already is given back when the node drains.
        for claimed in claimed.into_iter().chain(claims.rest().await) {
            if let Err(error) = self.start_all(claimed) {
                tracing::error!(%error, "The queue could not be claimed from");
            }
        }
    }

    /// Starts what can start, beginning with a claim that was answered, and says how long there is nothing to do unless
    /// something happens.
    ///
    /// ```text
    ///   an answered claim             a wake, a tick
    ///          │                            │
    ///          ▼        it brought jobs     ▼         something changed
    ///        Start ───────────────────────► Look ────────────────────────► Collect
    ///          │                            │ ▲                             │ │
    ///          │ it brought none            │ └─────────────────────────────┘ │
    ///          │                            │   the last answer brought jobs, │
    ///          │          no room, nothing  │   or there was none             │ the last answer
    ///          │          changed, stopping │                                 │ brought none
    ///          └──────────────────────────► Rest ◄────────────────────────────┘
    /// ```
    async fn dispatch_all(
        self: &Arc<Self>,
        claims: &mut Claims,
        claimed: Option<Claimed>,
        look_ahead: bool,
    ) -> Result<Duration, StoreError> {
        let mut step = claimed.map_or(Step::Look, Step::Start);
        loop {
            let (goes_on, next) = match step {
                // After a claim that brought nothing, somebody has to say that there is something, or a tick.
                Step::Start(claimed) => (self.start_all(claimed)?, Step::Look),
                Step::Look => (self.may_look(claims, look_ahead) && self.look(claims).await?, Step::Collect),
                Step::Collect => (self.collect(claims).await?, Step::Look),
                Step::Rest => return self.rest(claims).await,
            };
            step = if goes_on { next } else { Step::Rest };
        }
    }

    /// With all slots taken the queue is looked at on ticks only: to prepare modules, not at each submission.
    fn may_look(&self, claims: &Claims, look_ahead: bool) -> bool {
        claims.may_grow() && (look_ahead || self.has_room(claims)) && !self.stopping.is_cancelled()
    }

    /// Starts what was claimed meanwhile; false when the last answer brought nothing.
    async fn collect(self: &Arc<Self>, claims: &mut Claims) -> Result<bool, StoreError> {
        let mut goes_on = true;
        // To ask for an answer is also what sends a claim on its way.
        while let Some(Some(claimed)) = claims.next().now_or_never() {
            goes_on = self.start_all(claimed)?;
        }
        // A store that never makes its caller wait must not keep leases and pulses from their turn. But to let others go
        // first each time would put the next claim behind all the jobs that were started now.
        tokio::task::coop::consume_budget().await;
        Ok(goes_on)
    }

    /// How long nothing happens by itself.
    async fn rest(&self, claims: &mut Claims) -> Result<Duration, StoreError> {
        claims.wait();
        if claims.len() > 0 || self.free(claims).slots == 0 {
            return Ok(TICK);
        }
        let now = self.clock.now();
        let next = self.records.backlog.next_not_before(now).await?;
        Ok(next.map_or(TICK, |at| at.since(now).min(TICK)))
    }

    /// One look at the queue; true when it changed something.
    async fn look(self: &Arc<Self>, claims: &mut Claims) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let limit = LOOK_AHEAD.max(self.config.slots * 4) + claims.len();
        let mut heads = self.records.backlog.heads(now, limit).await?;
        // After the answer, which may have come late: whoever is taken for lost claims nothing.
        let Some(incarnation) = self.life.trusted() else { return Ok(false) };
        heads.retain(|entry| !claims.hold(entry.job));
        let choice = self.choose(heads, claims, now);
        for module in choice.prepare {
            self.prepare(module);
        }
        let mut changed = false;
        for (job, error) in choice.fail {
            changed |= self.fail_queued(job, error).await?;
        }
        if choice.start.is_empty() {
            return Ok(changed);
        }
        let (queue, node, lease) = (self.records.queue.clone(), self.config.node.clone(), self.config.lease);
        changed |= claims.add(choice.start, |jobs| async move {
            let lease = Lease { node, expires_at: now.plus(lease) };
            let holder = Holder { incarnation, claim: ClaimId::random() };
            let claimed = queue.claim(&jobs, lease, holder, now).await;
            (jobs, claimed)
        });
        Ok(changed)
    }

    /// Starts what was claimed; true when there was anything.
    fn start_all(self: &Arc<Self>, claimed: Claimed) -> Result<bool, StoreError> {
        metrics::answered(&claimed);
        let claims = claimed?;
        let is_any = !claims.is_empty();
        claims.into_iter().for_each(|claim| self.start(claim));
        Ok(is_any)
    }

    async fn fail_queued(&self, job: JobId, error: JobError) -> Result<bool, StoreError> {
        let shown = error.to_string();
        match self.records.queue.fail_queued(job, error, self.clock.now()).await {
            Ok(()) => {
                tracing::warn!(%job, error = shown, "Job failed before it could start");
                Ok(true)
            }
            // Somebody cancelled or claimed it meanwhile.
            Err(StoreError::Transition(_) | StoreError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn prepare(self: &Arc<Self>, module: Arc<ModuleRef>) {
        if self.preparer.begin(module.program()) {
            let scheduler = self.clone();
            tokio::spawn(async move {
                let began = scheduler.clock.now();
                scheduler.preparer.prepare(&module).await;
                scheduler.compiled.note(module.program(), began, scheduler.clock.now());
                scheduler.wake.notify_one();
            });
        }
    }

    /// What to do with the heads of the queue, by their order and by what is free.
    fn choose(&self, heads: Vec<QueueEntry>, claims: &Claims, now: Timestamp) -> Choice {
        let live = self.all_live();
        let under_way: Vec<_> = live.iter().filter(|live| !live.is_finishing()).collect();
        let free = self.free(claims);
        let shares = &mut *self.shares.lock();
        let waiting = heads.iter().chain(claims.entries()).map(|entry| entry.project.tenant);
        let active = waiting.chain(under_way.iter().map(|live| live.project.tenant)).collect();
        let mut accounts = shares.attend(&active);
        for live in &under_way {
            let so_far = shares.fuel_of(live.meter.cpu_micros.load(Ordering::Relaxed));
            let account = accounts.entry(live.project.tenant).or_default();
            *account = account.saturating_add(shares.expected_fuel(live.module).max(so_far));
        }
        for entry in claims.entries() {
            let account = accounts.entry(entry.project.tenant).or_default();
            *account = account.saturating_add(shares.expected_fuel(entry.module.digest));
        }
        *self.turns.lock() = Turns::of(&heads, now, self.config.ageing, &accounts);
        let cost = |entry: &QueueEntry| shares.expected_fuel(entry.module.digest);
        let entries = order(heads, now, self.config.ageing, &mut accounts, cost);
        let running = under_way.iter().map(|live| live.owners.clone());
        let owners = running.chain(claims.entries().map(Owners::of));
        let occupancy = Occupancy::of(&self.config.concurrency, owners);
        choose(
            entries,
            free,
            occupancy,
            |module| self.preparer.readiness(module),
            |module| shares.short_time(module),
        )
    }

    /// Whether a look at the queue can start anything.
    fn has_room(&self, claims: &Claims) -> bool {
        let free = self.free(claims);
        free.slots > 0 || free.ahead >= SHORT / 2
    }

    /// What is free, and will be when the claims under way are answered.
    fn free(&self, claims: &Claims) -> Free {
        let free = self.free_now();
        let shares = self.shares.lock();
        claims.entries().fold(free, |free, entry| free.after(entry, |module| shares.short_time(module)))
    }

    fn free_now(&self) -> Free {
        let Taken { running, reserved_bytes, waiting } = self.slots.taken();
        let room = MAX_FINISHING.saturating_sub(self.finishing.load(Ordering::SeqCst) + waiting);
        Free {
            slots: self.config.slots.saturating_sub(running + waiting).min(room),
            memory_bytes: self.config.memory_bytes.saturating_sub(reserved_bytes),
            idle: running == 0,
            ahead: if room > 0 { self.ahead(running) } else { Duration::ZERO },
        }
    }

    /// How much running time may be claimed ahead: a little for each slot that a short job has, less what waits already.
    fn ahead(&self, taken: usize) -> Duration {
        let (live, shares) = (self.live.lock(), self.shares.lock());
        let expected = |live: &Live| shares.expected_time(live.module).unwrap_or(Duration::MAX);
        let under_way = live.values().filter(|live| !live.is_finishing());
        let (waiting, running): (Vec<_>, Vec<_>) = under_way.partition(|live| live.is_waiting());
        // What should be short and takes long holds its slot for nobody knows how long.
        let is_long = |live: &&&Arc<Live>| expected(live) > SHORT || live.on_slot() > SHORT;
        // Who was called from the line and has not moved yet has its slot already, and is short.
        let short = taken.saturating_sub(running.iter().filter(is_long).count());
        let budget = SHORT.saturating_mul(u32::try_from(short).unwrap_or(u32::MAX));
        waiting.iter().fold(budget, |left, live| left.saturating_sub(expected(live).max(LEAST_AHEAD)))
    }

    /// The attempts that run.
    pub fn running(&self) -> Vec<Running> {
        self.all_live().iter().map(|live| live.running()).collect()
    }

    pub(crate) fn all_live(&self) -> Vec<Arc<Live>> {
        self.live.lock().values().cloned().collect()
    }

    /// Waits for the running attempts, stops those that take too long, and waits for the store to take them back.
    async fn drain(&self) {
        self.attempts.close();
        tracing::info!(attempts.count = self.attempts.len(), "Node drains: no new jobs are started");
        for live in self.all_live().iter().filter(|live| live.is_waiting()) {
            live.stop(StopReason::GiveBack);
        }
        if timeout(self.config.drain, self.attempts.wait()).await.is_ok() {
            return;
        }
        for live in self.all_live() {
            live.stop(StopReason::GiveBack);
        }
        if timeout(self.config.finish_patience, self.attempts.wait()).await.is_err() {
            let count = self.attempts.len();
            tracing::error!(attempts.count = count, "Attempts did not stop and are left to their leases");
        }
    }
}

impl Events for Scheduler {
    fn queue_changed(&self) {
        self.wake.notify_one();
    }

    fn cancel_requested(&self, job: JobId) {
        let first = AttemptId { job, number: 0, holder: Holder::NONE };
        let live = self.live.lock();
        for (_, live) in live.range(first..).take_while(|(attempt, _)| attempt.job == job) {
            live.cancel();
        }
        drop(live);
        // Whether it is to stop without grace is the store's knowledge.
        self.cancel_wake.notify_one();
    }
}
