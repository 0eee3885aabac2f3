//! A generated table of order lines, as an export of many hands looks: for measuring jobs on tables with any size of file.
//!
//! The same size and seed give the same bytes. Names have stray white space and cases, countries have three spellings, one
//! quantity of a thousand is no number, discounts and shippings are often missing, and one row of two hundred stands twice.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use bytesize::ByteSize;
use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike};
use clap::Args;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::progress::{Progress, note};

const HEADER: &str =
    "order_id,line,customer,name,email,country,ordered,shipped_at,status,quantity,unit_price,discount,note";
const CUSTOMERS: u64 = 50_000;
const FIRST: [&str; 12] =
    ["Anna", "Bruno", "Chloé", "Dmitri", "Eva", "Farid", "Grace", "Håkon", "Inés", "Jörg", "Kaito", "Lucía"];
const LAST: [&str; 12] = [
    "Abel",
    "Brandt",
    "Costa",
    "Dvořák",
    "Evans",
    "Fischer",
    "García",
    "Holm",
    "Ivanov",
    "Jensen",
    "Kowalski",
    "Lindqvist",
];
/// Each country in three spellings.
const COUNTRIES: [[&str; 3]; 5] = [
    ["DE", "de", "Germany"],
    ["FR", "fr", "France"],
    ["GB", "gb", "United Kingdom"],
    ["SE", "se", "Sweden"],
    ["ES", "es", "Spain"],
];
const STATUSES: [&str; 6] = ["open", "shipped", "shipped", "shipped", "returned", "cancelled"];
const WORDS: [&str; 16] = [
    "deliver",
    "before",
    "noon",
    "fragile",
    "gift",
    "call",
    "first",
    "leave",
    "with",
    "neighbour",
    "invoice",
    "separate",
    "second",
    "floor",
    "ring",
    "twice",
];
/// Rows behind which one may stand again.
const REPEATED: usize = 1024;

/// Which table to write, and where.
#[derive(Args)]
pub(crate) struct OrdersArguments {
    /// The CSV file to write
    #[arg(long)]
    out: PathBuf,
    /// Its size
    #[arg(long, default_value = "1GB")]
    size: ByteSize,
    /// Another seed gives another table
    #[arg(long, default_value_t = 2024)]
    seed: u64,
    /// A second file to write, with a row for each customer
    #[arg(long)]
    customers: Option<PathBuf>,
}

/// Does what the command line asks for.
pub(crate) fn run(arguments: &OrdersArguments) -> Result<()> {
    let rows = write_file(arguments.size, arguments.seed, &arguments.out)?;
    note(&format!("{}: {rows} rows", arguments.out.display()));
    arguments.customers.as_deref().map_or(Ok(()), write_customers)
}

/// Writes the table to `path`; its folder is made. Says how many rows it has.
pub(crate) fn write_file(size: ByteSize, seed: u64, path: &Path) -> Result<u64> {
    let mut progress = Progress::bar("Generating a table of orders", 100);
    let mut out = create(path)?;
    let rows = write(size.as_u64(), seed, &mut out, |done| progress.set((done * 100.0) as u64, ""));
    rows.with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a row for each customer: what an order can be looked up by.
pub(crate) fn write_customers(path: &Path) -> Result<()> {
    let mut out = create(path)?;
    writeln!(out, "customer,segment,credit_limit")?;
    for customer in 0..CUSTOMERS {
        let segment = ["retail", "wholesale", "public"][(customer % 3) as usize];
        writeln!(out, "C-{customer:05},{segment},{}.50", 100 + customer % 977)?;
    }
    out.flush().with_context(|| format!("cannot write {}", path.display()))
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    Ok(BufWriter::new(File::create(path).with_context(|| format!("cannot create {}", path.display()))?))
}

fn write(size: u64, seed: u64, out: &mut impl Write, mut on_share: impl FnMut(f64)) -> Result<u64> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let begin = NaiveDate::from_ymd_opt(2022, 1, 1).context("a day of the calendar")?.into();
    let mut before = vec![Vec::new(); REPEATED];
    let (mut written, mut rows) = (HEADER.len() as u64 + 1, 0);
    writeln!(out, "{HEADER}")?;
    while written < size {
        let place = rng.random_range(0..REPEATED);
        let repeats = rng.random_range(0..200) == 0 && !before[place].is_empty();
        if !repeats {
            before[place].clear();
            write_row(&mut rng, rows, begin, &mut before[place])?;
        }
        out.write_all(&before[place])?;
        written += before[place].len() as u64;
        rows += 1;
        if rows % 100_000 == 0 {
            on_share(written as f64 / size as f64);
        }
    }
    out.flush()?;
    Ok(rows)
}

fn write_row(
    rng: &mut Pcg64,
    number: u64,
    begin: NaiveDateTime,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let customer = rng.random_range(0..CUSTOMERS);
    let (first, last) = (FIRST[(customer % 12) as usize], LAST[(customer / 12 % 12) as usize]);
    let country = COUNTRIES[(customer % 5) as usize][rng.random_range(0..3)];
    let ordered = begin + TimeDelta::seconds(rng.random_range(0..3 * 365 * 86_400));
    let status = STATUSES[rng.random_range(0..STATUSES.len())];
    write!(out, "SO-{:08},{},C-{customer:05},", number / 3, number % 3 + 1)?;
    match rng.random_range(0..10) {
        0 => write!(out, "  {first}  {last} ,")?,
        1 => write!(out, "{},", format!("{first} {last}").to_uppercase())?,
        2 => write!(out, "\"{last}, {first}\",")?,
        _ => write!(out, "{first} {last},")?,
    }
    write!(out, "customer{customer}@example.com,{country},{},", ordered.date())?;
    if rng.random_range(0..12) > 0 {
        let shipped = ordered + TimeDelta::seconds(rng.random_range(3_600..20 * 86_400));
        let (date, hour, minute, second) =
            (shipped.date(), shipped.hour(), shipped.minute(), shipped.second());
        write!(
            out,
            "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z",
            date.year(),
            date.month(),
            date.day()
        )?;
    }
    write!(out, ",{status},")?;
    match rng.random_range(0..1000) {
        0 => write!(out, "n.a.")?,
        _ => write!(out, "{}", rng.random_range(1..40))?,
    }
    let cents = rng.random_range(99..250_000);
    write!(out, ",{}.{:02},", cents / 100, cents % 100)?;
    if rng.random_range(0..5) < 2 {
        write!(out, "0.{:02}", rng.random_range(1..35))?;
    }
    write!(out, ",")?;
    for word in 0..rng.random_range(0..9) {
        let space = if word == 0 { "" } else { " " };
        write!(out, "{space}{}", WORDS[rng.random_range(0..WORDS.len())])?;
    }
    writeln!(out)
}
