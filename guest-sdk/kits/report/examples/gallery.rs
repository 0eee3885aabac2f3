//! Writes a page with everything that the kit has, and its charts as files: `cargo run --example gallery -- FOLDER`.

use std::fs;
use std::path::Path;

use fuelcell_report_kit::chart::{Axis, Bars, Boxes, Chart, HeatMap, Histogram, Lines, Scatter};
use fuelcell_report_kit::text::{count, counted, duration, percent};
use fuelcell_report_kit::{
    Column, Mood, Page, Quality, Table, Tile, beside, facts, findings, fold, html, lead, meter, note, verdict,
};

const DAY: f64 = 86_400.0;
const START: f64 = 1_704_067_200.0;

/// Numbers that look like chance and are the same each time.
fn noise(count: u32) -> impl Iterator<Item = f64> {
    (0..count).scan(0.5_f64, |value, _| {
        *value = (*value * 9301.0 + 0.49297) % 1.0;
        Some(*value)
    })
}

#[expect(clippy::too_many_lines, reason = "every part of the kit once")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("the folder to write into is missing")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let durations: Vec<f64> = noise(3000).map(|chance| 3600.0 * 24.0 * (0.3 - chance.ln() * 2.0)).collect();
    let days: Vec<f64> = (0..120).map(|day| START + f64::from(day) * DAY).collect();
    let orders = |level: f64| {
        days.iter()
            .zip(noise(120))
            .map(move |(&day, chance)| (day, level + 8.0 * ((day / DAY).sin() + chance)))
    };
    let last = days[119];
    let ahead: Vec<f64> = (0..30).map(|day| last + f64::from(day) * DAY).collect();

    let histogram = Histogram::of("Cycle times", Axis::duration("Cycle time"), "Cases", &durations)
        .mark(1.8 * DAY, "median");
    let lines =
        Lines::new("Orders a day", Axis::time("Day"), Axis::count("Orders"))
            .line("Orders", orders(40.0))
            .dashed("Forecast", ahead.iter().map(|&day| (day, 47.0)))
            .band(ahead.iter().map(|&day| {
                (day, 47.0 - 5.0 - (day - last) / DAY / 3.0, 47.0 + 5.0 + (day - last) / DAY / 3.0)
            }))
            .line("Returns", orders(6.0))
            .mark(START + 60.0 * DAY, "new prices")
            .wide();
    let open =
        Lines::new("Open cases", Axis::time("Day"), Axis::count("Cases")).line("Open", orders(200.0)).area();
    let bars = Bars::new("Orders by region", "Region", Axis::count("Orders"))
        .bar("North", 1204.0)
        .interval(1100.0, 1310.0)
        .bar("A region with quite a long name, of which not all is shown", 902.0)
        .bar("<South>", 311.0);
    let groups = Bars::new("Share on time", "Region", Axis::share("On time").range(0.0, 1.0))
        .series(["Before", "After"])
        .group("North", [0.91, 0.94])
        .group("South", [0.72, 0.55]);
    let change = Bars::new("What moved the mean", "Cause", Axis::duration("Change"))
        .bar("Mix of regions", 3.4 * 3600.0)
        .bar("Slower in the south", 9.0 * 3600.0)
        .bar("Faster in the north", -5.2 * 3600.0);
    let boxes = Boxes::new("Cycle times by region", "Region", Axis::duration("Cycle time"))
        .group("North", &durations[..1000])
        .group("South", &durations[1000..1040])
        .group("West", &durations[1040..]);
    let dots = |offset: f64| {
        noise(400).zip(noise(900).skip(400)).map(move |(a, b)| (a * 900.0 + offset, (a + b) * DAY))
    };
    let scatter =
        Scatter::new("Amount and cycle time", Axis::number("Amount", "EUR"), Axis::duration("Cycle time"))
            .dots("North", dots(0.0))
            .dots("South", dots(200.0))
            .line((0.0, 0.5 * DAY), (1100.0, 1.6 * DAY));
    let names = ["amount", "quantity", "discount", "days_to_pay", "credit_limit_of_customer"];
    let mut correlations = HeatMap::new(
        "Correlations",
        "Column",
        "Column",
        Axis::number("Spearman's ρ", "").range(-1.0, 1.0),
        names,
    );
    for (row, name) in names.iter().enumerate() {
        correlations =
            correlations.row(*name, (0..5).map(|column| 1.0 - 0.37 * (row as f64 - f64::from(column)).abs()));
    }
    let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
    let mut heat =
        HeatMap::new("Events by hour", "Weekday", "Hour", Axis::count("Events"), hours).by_root().wide();
    for (number, day) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].into_iter().enumerate() {
        heat = heat.row(day, noise(24 * 7).skip(number * 24).take(24).map(|chance| (chance * 400.0).floor()));
    }

    let mut table =
        Table::new([Column::name("Region"), Column::number("Orders"), Column::text("Share of all")])
            .fold_after(5);
    for (number, chance) in noise(12).enumerate() {
        table.row(&[&format!("Region {number}"), &count((chance * 4000.0) as u64), &meter(chance / 6.0)]);
    }
    let quality = Quality {
        score: Some(93.4),
        total: 3020,
        valid: 3000,
        duplicates_removed: 12,
        invalid: 8,
        about: vec!["CSV".into(), "UTF-8".into(), "amount = Total".into()],
        parts: vec![("Complete", 0.5, 0.999), ("Unique", 0.5, 0.87)],
        findings: vec!["12 rows stand twice.".into(), "8 rows have no date.".into()],
    };

    let mut page = Page::new("orders.csv", "Gallery of the report kit · 1 Jan to 29 Apr 2024 (UTC)");
    page.note("A remark below the heading.")
        .tiles([
            Tile::new(count(3000), "orders"),
            Tile::new(duration(1.8 * DAY), "median cycle time"),
            Tile::new(percent(0.55), "on time in the south").mood(Mood::Bad),
            Tile::new(percent(0.94), "on time in the north").mood(Mood::Good),
        ])
        .section("findings", "Findings", findings([("The south got slower.", counted(311, "order")), ("The north got faster.", counted(1204, "order"))]))
        .section("quality", "Data quality", &quality)
        .section("times", "Times", html! {
            (lead("From the first to the last event of a case."))
            (facts([("minimum", duration(7.2 * 3600.0)), ("median", duration(1.8 * DAY)), ("95 %", duration(6.5 * DAY))]))
            (beside(&[&histogram, &boxes, &open, &scatter]))
            (lines)
        })
        .section("regions", "Regions", html! {
            (beside(&[&bars, &groups, &change, &table]))
            p { "The south is " (verdict("late", Mood::Bad)) ", the north is " (verdict("on time", Mood::Good)) "." }
            (fold("How it was computed", "definitions", note("Shares are of all orders."), false))
        })
        .section("maps", "Heat maps", html! { (correlations) (heat) })
        .footer("All times are UTC.");
    page.write(&mut fs::File::create(folder.join("gallery.html"))?)?;

    let files = [
        ("histogram", histogram.svg_file()),
        ("lines", lines.svg_file()),
        ("bars", groups.svg_file()),
        ("boxes", boxes.svg_file()),
        ("scatter", scatter.svg_file()),
        ("heat", heat.svg_file()),
    ];
    for (name, svg) in files {
        fs::write(folder.join(format!("{name}.svg")), svg)?;
    }
    Ok(())
}
