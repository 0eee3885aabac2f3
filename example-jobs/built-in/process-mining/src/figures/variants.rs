//! Ways through the process: cases with the same sequence of activities.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use sha2::{Digest, Sha256};

use crate::log::EventLog;
use crate::names::Id;

/// A way through the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// The first case that took it; its trace is the variant's.
    pub case: usize,
    /// How many cases took it.
    pub count: u64,
}

/// Stands between two names in [`Variants::digest`].
const SEPARATOR: u8 = 0x1f;

/// All variants of a log.
#[derive(Debug)]
pub struct Variants {
    /// Most frequent first, then by the names of their activities.
    pub list: Vec<Variant>,
    /// The position in `list` of every case's variant.
    pub of_case: Vec<u32>,
}

impl Variants {
    /// Groups the cases. The sequences stay where they are, in the log.
    pub fn of(log: &EventLog) -> Self {
        let hash = |case: usize| {
            let hash = FxBuildHasher.hash_one(log.trace(case));
            hash ^ (hash >> 32)
        };
        let mut table: HashTable<u32> = HashTable::new();
        let mut found: Vec<Variant> = Vec::new();
        let mut of_case = Vec::with_capacity(log.cases());
        for case in 0..log.cases() {
            let same = |&variant: &u32| log.trace(found[variant as usize].case) == log.trace(case);
            let known = table.find(hash(case), same).copied();
            let variant = known.unwrap_or_else(|| {
                let new = found.len() as u32;
                found.push(Variant { case, count: 0 });
                table.insert_unique(hash(case), new, |&variant| hash(found[variant as usize].case));
                new
            });
            found[variant as usize].count += 1;
            of_case.push(variant);
        }
        let mut order: Vec<u32> = (0..found.len() as u32).collect();
        let places = alphabetical(log);
        let names = |variant: u32| names(log, &places, &found[variant as usize]);
        let count = |variant: u32| found[variant as usize].count;
        order.sort_by(|&a, &b| count(b).cmp(&count(a)).then_with(|| names(a).cmp(names(b))));
        let mut place = vec![0; found.len()];
        for (position, &variant) in order.iter().enumerate() {
            place[variant as usize] = position as u32;
        }
        of_case.iter_mut().for_each(|variant| *variant = place[*variant as usize]);
        Self { list: order.iter().map(|&variant| found[variant as usize]).collect(), of_case }
    }

    /// The smallest number of variants that cover this share (0 to 1) of the cases.
    pub fn covering(&self, share: f64) -> usize {
        covering(&self.list, share)
    }

    /// Variants that only one case took.
    pub fn singles(&self) -> usize {
        self.list.iter().filter(|variant| variant.count == 1).count()
    }

    /// SHA-256, in hexadecimal, over all variants: lines `activity 0x1F activity … TAB count` in UTF-8, sorted bytewise,
    /// joined by LF.
    pub fn digest(&self, log: &EventLog) -> String {
        let places = alphabetical(log);
        let mut variants: Vec<&Variant> = self.list.iter().collect();
        variants.sort_by(|a, b| names(log, &places, a).cmp(names(log, &places, b)));
        let (mut text, mut lines) = (Vec::new(), Vec::with_capacity(self.list.len()));
        for variant in variants {
            let start = text.len();
            for (index, &activity) in log.trace(variant.case).iter().enumerate() {
                if index > 0 {
                    text.push(SEPARATOR);
                }
                text.extend_from_slice(log.activity_name(activity).as_bytes());
            }
            text.push(b'\t');
            text.extend_from_slice(variant.count.to_string().as_bytes());
            lines.push(start..text.len());
        }
        // The order of the names is that of the lines, unless a name holds what could be taken for the end of one.
        let activities = (0..log.names.activities.len()).map(|activity| log.activity_name(activity as Id));
        if activities.flat_map(str::bytes).any(|byte| byte <= SEPARATOR) {
            lines.sort_by(|a, b| text[a.clone()].cmp(&text[b.clone()]));
        }
        let mut digest = Sha256::new();
        for (index, line) in lines.into_iter().enumerate() {
            if index > 0 {
                digest.update(b"\n");
            }
            digest.update(&text[line]);
        }
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The smallest number of variants, most frequent first, that cover this share (0 to 1) of their cases.
pub fn covering(variants: &[Variant], share: f64) -> usize {
    let cases: u64 = variants.iter().map(|variant| variant.count).sum();
    let mut covered = 0;
    let sums = variants.iter().map(|variant| {
        covered += variant.count;
        covered
    });
    sums.take_while(|&sum| (sum as f64) < share * cases as f64).count() + usize::from(cases > 0)
}

/// The place of every activity in the alphabet.
fn alphabetical(log: &EventLog) -> Vec<u32> {
    let count = log.names.activities.len();
    let mut order: Vec<Id> = (0..count as Id).collect();
    order.sort_unstable_by_key(|&activity| log.activity_name(activity));
    let mut places = vec![0; count];
    order.iter().zip(0..).for_each(|(&activity, place)| places[activity as usize] = place);
    places
}

/// The steps of a variant as places in the alphabet: they compare like the names.
fn names(log: &EventLog, places: &[u32], variant: &Variant) -> impl Iterator<Item = u32> {
    log.trace(variant.case).iter().map(|&activity| places[activity as usize])
}
