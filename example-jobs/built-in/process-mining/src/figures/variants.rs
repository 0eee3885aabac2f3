//! Ways through the process: cases with the same sequence of activities.

use std::cmp::{Ordering, Reverse};
use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use sha2::{Digest, Sha256};

use crate::lines::{LONGEST_FIGURE, Lines};
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
    /// The positions in `list` by the names of their activities.
    alphabetical: Vec<u32>,
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
        let places = alphabetical(log);
        let variant = |number: u32| &found[number as usize];
        let mut by_names: Vec<u32> = (0..found.len() as u32).collect();
        by_names.sort_unstable_by(|&a, &b| compare(log, &places, variant(a), variant(b)));
        // A stable sort keeps the order of the names where counts are equal.
        let mut order = by_names.clone();
        order.sort_by_key(|&number| Reverse(variant(number).count));
        let mut place = vec![0; found.len()];
        for (position, &variant) in order.iter().enumerate() {
            place[variant as usize] = position as u32;
        }
        let positions = |numbers: &mut [u32]| {
            numbers.iter_mut().for_each(|number| *number = place[*number as usize]);
        };
        positions(&mut of_case);
        positions(&mut by_names);
        let list = order.iter().map(|&variant| found[variant as usize]).collect();
        Self { list, of_case, alphabetical: by_names }
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
        /// Text that is hashed at once.
        const PIECE: usize = 1 << 15;
        let by_names = self.alphabetical.iter().map(|&position| &self.list[position as usize]);
        let mut variants: Vec<&Variant> = by_names.collect();
        // The order of the names is that of the lines, unless a name holds what could be taken for the end of one.
        let activities = (0..log.names.activities.len()).map(|activity| log.activity_name(activity as Id));
        if activities.flat_map(str::bytes).any(|byte| byte <= SEPARATOR) {
            variants.sort_by_cached_key(|variant| {
                let mut line = Lines::default();
                write_line(&mut line, log, variant);
                line.as_bytes().to_vec()
            });
        }
        let (mut digest, mut text) = (Sha256::new(), Lines::default());
        for (index, variant) in variants.into_iter().enumerate() {
            if index > 0 {
                text.reserve(1);
                text.byte(b'\n');
            }
            write_line(&mut text, log, variant);
            if text.as_bytes().len() >= PIECE {
                digest.update(text.as_bytes());
                text.clear();
            }
        }
        digest.update(text.as_bytes());
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The line of a variant in [`Variants::digest`].
fn write_line(out: &mut Lines, log: &EventLog, variant: &Variant) {
    for (index, &activity) in log.trace(variant.case).iter().enumerate() {
        let name = log.activity_name(activity).as_bytes();
        out.reserve(name.len() + 1);
        if index > 0 {
            out.byte(SEPARATOR);
        }
        out.text(name);
    }
    out.reserve(LONGEST_FIGURE + 1);
    out.byte(b'\t');
    out.number(variant.count);
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

/// Orders variants by the names of their activities, whose places in the alphabet are given.
fn compare(log: &EventLog, places: &[u32], a: &Variant, b: &Variant) -> Ordering {
    let (a, b) = (log.trace(a.case), log.trace(b.case));
    match a.iter().zip(b).find(|(a, b)| a != b) {
        Some((&a, &b)) => places[a as usize].cmp(&places[b as usize]),
        None => a.len().cmp(&b.len()),
    }
}
