//! The page of a profile: flame graphs, functions and the tree of calls, in one file without scripts.

use super::tree::{Node, functions};
use crate::ended::ended;
use fuelcell_domain::{FuelProfile, ProfiledRun};
use fuelcell_report_kit::chart::{Picture, text_width};
use fuelcell_report_kit::text::{count, percent, shorten};
use fuelcell_report_kit::{Column, Markup, Page, Table, Tile, html, lead, meter, note};
use std::io::{self, Write};

/// Units of a flame graph.
const WIDTH: f64 = 1180.0;
const ROW: f64 = 18.0;
const LETTERS: f64 = 11.0;
/// Narrower ones cannot be seen.
const LEAST: f64 = 0.8;
/// Functions in a flame graph; with more of them the narrowest are left out.
const DRAWN: usize = 4_000;
/// Rows of a flame graph, and levels of the tree of calls.
const DEPTH: usize = 100;

/// Functions of the table, and how many are seen before it is unfolded.
const LISTED: usize = 200;
const UNFOLDED: usize = 25;

/// Parts of the tree of calls that are left out, and that are open.
const LEFT_OUT: f64 = 0.005;
const OPEN: f64 = 0.2;

/// Colours of functions: dark letters can be read on all of them.
const COLOURS: u64 = 6;
const STYLE: &str = ".flame text{font-size:11px!important;fill:#1d1d1d!important}\
.flame .c0{fill:#f6b26b}.flame .c1{fill:#f3c969}.flame .c2{fill:#ef9a7a}.flame .c3{fill:#e8d48a}.flame .c4{fill:#f0a8a0}.flame .c5{fill:#d9c2a3}\
.calls details{margin:0 0 0 14px;padding:0;border:0}.calls summary{font-weight:400;font-size:13.5px;padding:2px 0;overflow-wrap:anywhere}\
.calls p{margin:0 0 0 14px;padding:2px 0;font-size:13.5px;overflow-wrap:anywhere}.calls b{font-variant-numeric:tabular-nums}";

/// Writes the page.
pub(super) fn write(run: &ProfiledRun<'_>, out: &mut impl Write) -> io::Result<()> {
    let ProfiledRun { name, is_script, end, usage, profile } = *run;
    let mut page = Page::new(format!("Profile of {name}"), ended(end));
    if is_script {
        page.note("A script was run: these are the functions of its engine.");
    }
    let units = match usage.fuel.is_lower_bound() {
        true => "units of fuel, at least",
        false => "units of fuel",
    };
    page.style(STYLE);
    let found = functions(profile);
    page.tiles([
        Tile::new(count(profile.fuel()), units),
        Tile::new(size(usage.peak_memory_bytes), "peak of memory"),
        Tile::new(count(found.len() as u64), "functions seen"),
        Tile::new(count(profile.samples), "looks at the stack"),
    ]);
    let fuel = Node::of(profile, |stack| stack.fuel);
    page.section(
        "fuel",
        "Fuel by call stack",
        html! {
            (lead("A function is as wide as its share of the fuel, and stands below the one that called it. Its name is told when it is pointed at."))
            (flame("Fuel", &fuel, &count))
        },
    );
    page.section("functions", "Functions", table(profile));
    page.section(
        "calls",
        "Calls",
        html! {
            (lead("What called what, with shares of all fuel. Parts below 0.5 % are left out."))
            div.calls { (calls(&fuel, fuel.amount, DEPTH)) }
        },
    );
    let bytes = Node::of(profile, |stack| stack.bytes);
    if bytes.amount > 0 {
        page.section(
            "memory",
            "Memory by call stack",
            html! {
                (lead("Where memories and tables grew. Memory that a function takes from what was freed before is not seen."))
                (flame("Bytes", &bytes, &size))
            },
        );
    }
    page.footer("The stack was looked at whenever so much fuel was burnt; what was burnt since the look before counts for the stack that was seen. A deterministic run has the same profile on every machine. Looking burns no fuel and changes nothing that the run makes; it takes time, which counts as the run's. Functions that a compiler put into others are not seen, unless the module came with lines of its source.");
    page.write(out)
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}

fn table(profile: &FuelProfile) -> Markup {
    let mut table = Table::new([
        Column::name("Function"),
        Column::text("Fuel of its own"),
        Column::number("Units"),
        Column::number("With what it calls"),
        Column::number("Memory"),
    ])
    .fold_after(UNFOLDED);
    let all = profile.fuel().max(1) as f64;
    let found = functions(profile);
    for function in found.iter().take(LISTED) {
        let own = function.own_fuel as f64 / all;
        table.row(&[
            &function.name,
            &meter(own),
            &count(function.own_fuel),
            &percent(function.fuel as f64 / all),
            &if function.own_bytes > 0 { size(function.own_bytes) } else { String::new() },
        ]);
    }
    let more = found.len().saturating_sub(LISTED);
    html! {
        (table)
        @if more > 0 { (note(format!("{} more burnt less.", count(more as u64)))) }
    }
}

/// The graph, with what is largest as its table.
fn flame(title: &str, root: &Node<'_>, amount: &dyn Fn(u64) -> String) -> Markup {
    let boxes = placed(root);
    let rows = boxes.iter().map(|one| one.row + 1).max().unwrap_or(1);
    let mut figures = Table::new([Column::name("Function"), Column::number(title), Column::number("Depth")])
        .fold_after(UNFOLDED);
    for one in boxes.iter().filter(|one| one.width >= WIDTH / 100.0) {
        figures.row(&[&one.name, &amount(one.amount), &count(one.row as u64)]);
    }
    let body = html! {
        g.flame { @for one in &boxes { (drawn(one, root.amount, amount)) } }
    };
    let height = ROW * rows as f64;
    let picture =
        Picture::drawn(format!("{title} by call stack"), (WIDTH as u32, height as u32), body, figures);
    html! { (picture) }
}

/// One function in the graph.
struct Placed<'a> {
    name: &'a str,
    amount: u64,
    row: usize,
    x: f64,
    width: f64,
}

/// The widest functions, as many as are drawn.
fn placed<'a>(root: &Node<'a>) -> Vec<Placed<'a>> {
    let mut least = LEAST;
    loop {
        let mut boxes = Vec::new();
        place(root, (0.0, WIDTH), (0, least), &mut boxes);
        if boxes.len() <= DRAWN {
            return boxes;
        }
        least *= 2.0;
    }
}

fn place<'a>(
    node: &Node<'a>,
    (x, width): (f64, f64),
    (row, least): (usize, f64),
    boxes: &mut Vec<Placed<'a>>,
) {
    if row >= DEPTH {
        return;
    }
    let mut at = x;
    for (name, call) in node.largest() {
        let share = width * call.amount as f64 / node.amount.max(1) as f64;
        if share < least {
            // What comes is smaller.
            return;
        }
        boxes.push(Placed { name, amount: call.amount, row, x: at, width: share });
        place(call, (at, share), (row + 1, least), boxes);
        at += share;
    }
}

fn drawn(one: &Placed<'_>, all: u64, amount: &dyn Fn(u64) -> String) -> Markup {
    let Placed { name, row, x, width, .. } = one;
    let fixed = |value: f64| format!("{value:.1}");
    let share = percent(one.amount as f64 / all.max(1) as f64);
    let y = ROW * *row as f64;
    html! {
        g {
            title { (name) " · " (amount(one.amount)) " · " (share) }
            rect class={ "c" (colour(name)) } x=(fixed(*x)) y=(y) width=(fixed((width - 0.6).max(0.4))) height=(ROW - 1.0) {}
            @if let Some(text) = fitting(name, width - 6.0) {
                text x=(fixed(x + 3.0)) y=(y + 13.0) { (text) }
            }
        }
    }
}

/// As much of a name as has room; none where that says nothing.
fn fitting(name: &str, room: f64) -> Option<String> {
    let width = text_width(name, LETTERS).max(1.0);
    let letters = name.chars().count();
    let fit = if width <= room { letters } else { (letters as f64 * room / width) as usize };
    (fit >= 3).then(|| shorten(name, fit))
}

/// Functions of one crate or file have one colour.
fn colour(name: &str) -> u64 {
    let family = name.trim_start_matches(['<', '&']).split("::").next().unwrap_or(name);
    family.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte))) % COLOURS
}

fn calls(node: &Node<'_>, all: u64, depth: usize) -> Markup {
    let shown: Vec<_> = node
        .largest()
        .into_iter()
        .map(|(name, call)| (name, call, call.amount as f64 / all.max(1) as f64))
        .take_while(|(_, _, share)| depth > 0 && *share >= LEFT_OUT)
        .collect();
    html! {
        @for (name, call, share) in shown {
            @let below = calls(call, all, depth - 1);
            @if below.0.is_empty() {
                p { b { (percent(share)) } " " (name) }
            } @else {
                details open[share >= OPEN] { summary { b { (percent(share)) } " " (name) } (below) }
            }
        }
    }
}
