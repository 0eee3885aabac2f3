//! Many inputs, one after another.

use crate::damage::damaged;
use crate::trial::{attempt, shrunk};
use crate::watch::Watch;
use crate::{TARGETS, Target, Verdict, corpus};
use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use std::collections::HashSet;
use std::env;
use std::time::{Duration, Instant};

/// Inputs to go on from, beside the corpus.
const POOL: usize = 500;

/// How long a failing input is made smaller.
const SHRINKING: Duration = Duration::from_secs(60);

/// Letters of a refusal that tell it from others. What follows is often a piece of the input.
const REASON: usize = 24;

/// How long it goes on.
enum Budget {
    /// The same inputs everywhere.
    Inputs(u64),
    /// Others each time, for so long. What fails is kept.
    Time(Duration),
}

impl Budget {
    fn of_environment(inputs: u64) -> Self {
        match env::var("FUELCELL_FUZZ_SECONDS") {
            Ok(seconds) => Self::Time(Duration::from_secs(seconds.parse().expect("a number of seconds"))),
            Err(_) => Self::Inputs(inputs),
        }
    }

    fn seed(&self) -> u64 {
        match self {
            Self::Inputs(_) => 0,
            Self::Time(_) => rand::random(),
        }
    }

    fn is_left(&self, tried: u64, started: Instant) -> bool {
        match self {
            Self::Inputs(inputs) => tried < *inputs,
            Self::Time(time) => started.elapsed() < *time,
        }
    }
}

/// Tries `parse` on the corpus of the target `name` and on what is made of it.
///
/// # Panics
/// When an input fails. When none that was made of the corpus is accepted, too: then nothing was tried but the first lines
/// of the parser.
pub fn fuzz(name: &'static str, parse: impl Fn(&[u8]) -> Verdict) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("{name} is not among the targets"));
    let budget = Budget::of_environment(target.inputs);
    let keeps = matches!(budget, Budget::Time(_));
    let run = Run { target, parse: &parse, keeps, watch: Watch::over(name, keeps) };
    run.all(&budget);
}

struct Run<'a> {
    target: &'a Target,
    parse: &'a dyn Fn(&[u8]) -> Verdict,
    keeps: bool,
    watch: Watch,
}

impl Run<'_> {
    #[allow(clippy::print_stdout, reason = "what a test did is shown where it is run by hand")]
    fn all(&self, budget: &Budget) {
        let mut pool = Vec::new();
        let mut reasons = HashSet::new();
        for seed in corpus::read(self.target.name) {
            let verdict = self.attempt(&seed.bytes);
            let verdict = verdict.unwrap_or_else(|why| panic!("{}/{}: {why}", self.target.name, seed.name));
            reasons.extend(verdict.err().map(|reason| shape(&reason)));
            pool.push(seed.bytes);
        }
        let (most, started, seed) = (pool.len() + POOL, Instant::now(), budget.seed());
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        let (mut tried, mut accepted) = (0, 0);
        while budget.is_left(tried, started) {
            let bytes = damaged(&pool, &mut random);
            let verdict = self.attempt(&bytes).unwrap_or_else(|why| self.fail(bytes.clone(), &why));
            tried += 1;
            accepted += u64::from(verdict.is_ok());
            let is_new = verdict.is_err_and(|reason| reasons.insert(shape(&reason)));
            if is_new && pool.len() < most {
                pool.push(bytes);
            }
        }
        let (name, reasons) = (self.target.name, reasons.len());
        println!("{name}: {tried} inputs (seed {seed}), {accepted} accepted, {reasons} reasons to refuse");
        assert!(accepted > 0, "{name}: none of {tried} inputs was accepted; the corpus is too poor");
    }

    fn attempt(&self, bytes: &[u8]) -> Result<Verdict, String> {
        self.watch.begin(bytes);
        attempt(self.parse, bytes, self.target.memory)
    }

    fn fail(&self, bytes: Vec<u8>, why: &str) -> ! {
        let started = Instant::now();
        let small = shrunk(bytes, |bytes| started.elapsed() < SHRINKING && self.attempt(bytes).is_err());
        let why = self.attempt(&small).err().unwrap_or_else(|| why.to_owned());
        let place = self.keeps.then(|| corpus::keep(self.target.name, &small));
        let place = place.map_or_else(
            || "`cargo xtask soak --only parsers` keeps such inputs".into(),
            |path| format!("it is in {}", path.display()),
        );
        panic!(
            "{}: {why}\ninput of {} bytes ({place}): {}",
            self.target.name,
            small.len(),
            small.escape_ascii()
        );
    }
}

/// What a refusal is about, without what it quotes.
fn shape(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphabetic).take(REASON).collect()
}
