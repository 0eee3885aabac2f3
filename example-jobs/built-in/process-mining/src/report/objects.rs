//! The section about the objects of an object-centric log.

use fuelcell_report_kit::text::{count, counted, duration};
use fuelcell_report_kit::{Column, Markup, Table, fold, html, lead, note};

use super::Report;
use super::sections::{framed, name};
use crate::map::Map;
use crate::object_maps::{LISTED, MOST_MAPS, TypeMap};
use crate::objects::{Objects, RULE};

/// Rows of tables before they are folded.
const SHOWN: usize = 15;

impl Report<'_> {
    pub(super) fn of_objects(&self) -> Markup {
        let Some(objects) = self.objects else { return html! {} };
        let whole = format!(
            "{} of {} in {}. This section is about the whole file, whatever filters and windows leave of it.",
            counted(objects.log.events.len() as u64, "event"),
            counted(objects.log.type_of.len() as u64, "object"),
            counted(objects.types.len() as u64, "type")
        );
        html! {
            (lead(whole))
            (types(objects))
            h3 { "What the cases leave out" }
            p { (lost(objects)) }
            (note(if objects.given { "The request names the type (objectType)." } else { RULE }))
            (shared(objects))
            (between(objects))
            @if !self.type_maps.is_empty() {
                h3 { "Maps by type" }
                (note(maps_note(objects)))
                @for one in self.type_maps { (type_map(objects, one)) }
            }
        }
    }
}

fn maps_note(objects: &Objects) -> String {
    let more = objects.types.len().saturating_sub(MOST_MAPS) as u64;
    let rest = if more == 0 { String::new() } else { format!(" {} not drawn.", counted(more, "type")) };
    format!(
        "Each map is of the events of the objects of one type; \"with\" names the types that share an activity.{rest}"
    )
}

fn type_map(objects: &Objects, one: &TypeMap) -> Markup {
    let figures = &objects.types[one.kind as usize];
    let about = format!("{}, {}", counted(figures.objects, "object"), counted(figures.events, "event"));
    let map: &Map = &one.map;
    fold(name(objects.type_name(one.kind)), about, framed(map, &one.drawing), one.kind == objects.flattened)
}

fn types(objects: &Objects) -> Markup {
    let mut table = Table::new([
        Column::name("Type"),
        Column::number("Objects"),
        Column::number("Without event"),
        Column::number("Events"),
        Column::number("With several"),
        Column::number("Events per object"),
        Column::number("Median lifetime"),
    ])
    .fold_after(SHOWN);
    for kind in objects.by_events().into_iter().take(LISTED) {
        let figures = &objects.types[kind as usize];
        let seen = figures.objects - figures.silent;
        let each = figures.copies as f64 / seen.max(1) as f64;
        let lifetime = figures.lifetimes.as_ref().map(|lifetimes| duration(lifetimes.quantile(0.5)));
        table.row(&[
            &name(objects.type_name(kind)),
            &count(figures.objects),
            &count(figures.silent),
            &count(figures.events),
            &count(figures.several),
            &fuelcell_report_kit::text::fixed(each, 1),
            &lifetime.unwrap_or_default(),
        ]);
    }
    html! { (table) }
}

/// What is said of a log that is flattened, as sentences.
fn lost(objects: &Objects) -> String {
    let kind = name(objects.type_name(objects.flattened));
    let cases = objects.cases();
    let events = |number: u64, one: &str, many: &str| {
        format!("{} {}", counted(number, "event"), if number == 1 { one } else { many })
    };
    let mut text = format!(
        "Cases are the objects of type \"{kind}\". {} of no such object and left out.",
        events(objects.left_out(), "is", "are")
    );
    if cases.several > 0 {
        text.push_str(&format!(
            " {} of several of them (convergence) and told once in each: {} more than happened.",
            events(cases.several, "is", "are"),
            counted(cases.copies - cases.events, "event")
        ));
    }
    if cases.diverging > 0 {
        text.push_str(&format!(
            " {} of the case beside other objects than before (divergence): what looks like rework may be work on those.",
            events(cases.diverging, "repeats an activity", "repeat an activity")
        ));
    }
    text
}

fn shared(objects: &Objects) -> Markup {
    let mut table =
        Table::new([Column::name("Activity"), Column::text("Types, with the objects in an event")])
            .caption("Activities and the types that share them")
            .fold_after(SHOWN);
    for run in objects.shared.chunk_by(|a, b| a.activity == b.activity).take(LISTED) {
        let types = run.iter().map(|one| {
            let (fewest, most) = one.objects;
            let range =
                if fewest == most { count(most) } else { format!("{} to {}", count(fewest), count(most)) };
            format!("{} ({range})", name(objects.type_name(one.kind)))
        });
        let types = types.collect::<Vec<_>>().join(", ");
        table.row(&[&name(objects.log.activities.get(run[0].activity)), &types]);
    }
    html! { (table) }
}

fn between(objects: &Objects) -> Markup {
    let mut table = Table::new([
        Column::name("From the first event of"),
        Column::name("to"),
        Column::number("Pairs"),
        Column::number("Median to first event"),
        Column::number("95 % within"),
        Column::number("Median to last event"),
        Column::number("95 % within"),
    ])
    .caption("Times between objects")
    .fold_after(SHOWN);
    for one in &objects.between {
        let time = |durations: &crate::figures::Durations, share| duration(durations.quantile(share));
        table.row(&[
            &name(objects.type_name(one.types.0)),
            &name(objects.type_name(one.types.1)),
            &count(one.to_begin.ascending.len() as u64),
            &time(&one.to_begin, 0.5),
            &time(&one.to_begin, 0.95),
            &time(&one.to_end, 0.5),
            &time(&one.to_end, 0.95),
        ]);
    }
    html! {
        @if !table.is_empty() {
            (table)
            (note("Pairs are objects that refer to each other or take part in the same event."))
        }
        @if objects.pairs_cut_short { (note("There were more pairs than are measured.")) }
    }
}
