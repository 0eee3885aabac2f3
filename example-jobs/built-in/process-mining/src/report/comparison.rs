//! The section about two groups of cases.

use fuelcell_report_kit::text::counted;
use fuelcell_report_kit::{Column, Markup, Table, fold, html, lead, note};

use super::Report;
use super::sections::{framed, name};
use crate::comparison::{Compared, Contrast, SMALL};
use crate::intervals::LEAST;
use crate::map::written;

/// Paths that a table shows before it is folded.
const SHOWN: usize = 10;

impl Report<'_> {
    pub(super) fn comparison(&self) -> Markup {
        let Some((compared, drawing)) = self.compared else { return html! {} };
        let sides = &compared.sides;
        let group = |letter: &str, side: usize| {
            let (title, conditions) = (&sides.names[side], &sides.conditions[side]);
            let meaning = if title == conditions { String::new() } else { format!(", {}", name(conditions)) };
            format!("{letter} is {} ({}{meaning})", name(title), counted(sides.cases[side] as u64, "case"))
        };
        let rest = |cases: usize, what: &str| match cases {
            0 => String::new(),
            cases => format!(" {} of {what} in no group.", counted(cases as u64, "case")),
        };
        let groups = format!(
            "{}; {}.{}{}",
            group("A", 0),
            group("B", 1),
            rest(sides.in_both, "both conditions are"),
            rest(sides.in_neither, "neither condition are")
        );
        html! {
            (lead(groups))
            (figures(compared, self.log.row()))
            (self.before(compared))
            h3 { "Map of both groups" }
            (note("Labels say which share of the cases takes a path, and its median time, in A and in B; colours tell what surely differs."))
            (framed(self.map, drawing))
            (self.paths(compared))
            (note(format!(
                "The difference is A less B, with the interval in which it lies with 95 % confidence, each for itself: of twenty without any \
                 difference, one would seem to differ. Medians by the bootstrap, with {LEAST} values on both sides or more; shares by Newcombe's \
                 method. Small: fewer than {SMALL} values on a side."
            )))
        }
    }

    fn before(&self, compared: &Compared) -> Markup {
        let mut table = contrasts("Time before").caption("Time before activities").fold_after(SHOWN);
        for (activity, contrast) in &compared.before {
            add(&mut table, &name(self.log.activity_name(*activity)), contrast);
        }
        html! { @if !table.is_empty() { (table) } }
    }

    /// The paths that surely differ in how many cases take them.
    fn paths(&self, compared: &Compared) -> Markup {
        let mut table = contrasts("Share of the cases").fold_after(SHOWN);
        let differs = |contrast: &Contrast| contrast.difference().unwrap_or(0.0).abs();
        let mut paths: Vec<usize> =
            (0..compared.paths.len()).filter(|&path| compared.paths[path].share.sign() != 0).collect();
        paths.sort_by(|&a, &b| {
            differs(&compared.paths[b].share).total_cmp(&differs(&compared.paths[a].share))
        });
        let node = |node, none: &str| self.map.activity(node).map_or(none.to_string(), |one| name(&one.name));
        for path in paths {
            let edge = &self.map.edges[path];
            let step = format!("{} → {}", node(edge.from, "start"), node(edge.to, "end"));
            add(&mut table, &step, &compared.paths[path].share);
        }
        let found = counted(table.len() as u64, "path");
        html! {
            @if table.is_empty() { (note("No path of the map is surely taken more by one of the groups.")) }
            @else { (fold("Paths that one group takes more", found, table, false)) }
        }
    }
}

fn figures(compared: &Compared, row: &str) -> Markup {
    let mut table = contrasts("What");
    for (figure, contrast) in &compared.figures {
        add(&mut table, &figure.name(row), contrast);
    }
    html! { (table) }
}

fn contrasts(what: &str) -> Table {
    Table::new([
        Column::name(what),
        Column::number("A"),
        Column::number("B"),
        Column::number("Difference"),
        Column::number("95 % interval"),
        Column::text(""),
    ])
}

fn add(table: &mut Table, what: &str, contrast: &Contrast) {
    let write = |value| written(contrast.unit, value);
    let signed = |value: f64| crate::map::signed(contrast.unit, value);
    let interval = contrast.interval.map_or("unknown".to_string(), |[low, high]| {
        // The unit of shares stands once.
        format!("{} to {}", signed(low).trim_end_matches(" points"), signed(high))
    });
    let verdict = match (contrast.sign(), contrast.interval) {
        (_, None) => "too few to say",
        (1, _) => "more in A",
        (-1, _) => "less in A",
        _ => "no sure difference",
    };
    let small = if contrast.is_small() && contrast.interval.is_some() { "; small" } else { "" };
    table.row(&[
        &what,
        &write(contrast.values[0]),
        &write(contrast.values[1]),
        &contrast.difference().map_or("–".to_string(), signed),
        &interval,
        &format!("{verdict}{small}"),
    ]);
}
