//! Spellings of one value, as OpenRefine finds them (github.com/OpenRefine/OpenRefine/wiki/Clustering-In-Depth): two values
//! whose keys are equal are taken for one.

use std::collections::{BTreeMap, BTreeSet};

use fuelcell_report_kit::text::counted;
use fuelcell_sql_kit::{Cell, quoted, text};
use fuelcell_table_kit::{Stop, excerpt};
use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::bind::Place;
use crate::ledger::Ledger;
use crate::made::{LINE, Made, Whole};
use crate::steps::{Cluster, ClusterMethod};

/// Different values that are compared, at most.
const MOST_VALUES: usize = 200_000;
/// Groups that the report names.
const SHOWN: usize = 20;

#[expect(clippy::too_many_lines, reason = "one pass whose parts share its counts")]
pub(crate) fn find(
    place: &Place,
    step: &Cluster,
    whole: &mut Whole<'_>,
    ledger: &mut Ledger,
) -> Result<Made, Stop> {
    place.text(&whole.schema, &step.column)?;
    let (table, column) = (whole.table(), quoted(&step.column));
    let counts = whole.database.cells(&format!(
        "SELECT {column}, count(*) FROM {table} WHERE {column} IS NOT NULL GROUP BY {column} LIMIT {}",
        MOST_VALUES + 1
    ))?;
    if counts.len() > MOST_VALUES {
        return Err(place.wrong(format!(
            "the column has more than {MOST_VALUES} different values, the most that are compared."
        )));
    }
    let mut groups: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
    for row in &counts {
        if let [Cell::Text(value), Cell::Integer(count)] = row.as_slice() {
            groups.entry(key(value, step.method)).or_default().push((value.clone(), *count));
        }
    }
    groups.retain(|key, values| !key.is_empty() && values.len() > 1);
    let mut moved = Vec::new();
    for values in groups.values_mut() {
        // The most frequent spelling; of equally frequent ones the first of the alphabet.
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let (chosen, others) = (&values[0].0, &values[1..]);
        moved.extend(others.iter().map(|(value, count)| (value.clone(), chosen.clone(), *count)));
        if ledger.notes.len() < 1000 {
            let spellings: Vec<String> = others
                .iter()
                .take(5)
                .map(|(value, count)| format!("\"{}\" ({count})", excerpt(value)))
                .collect();
            let verb = if step.apply { "replaces" } else { "could replace" };
            if groups_shown(ledger, place) < SHOWN {
                ledger.note(
                    &place.name,
                    format!("\"{}\" ({}) {verb} {}", excerpt(chosen), values[0].1, spellings.join(", ")),
                );
            }
        }
    }
    let rows: i64 = moved.iter().map(|(_, _, count)| count).sum();
    ledger.note(
        &place.name,
        format!(
            "{}, {} that differ from the most frequent one of theirs",
            counted(groups.len() as u64, "group") + " of spellings",
            counted(rows.unsigned_abs(), "value")
        ),
    );
    let columns: Vec<String> = whole
        .schema
        .fields()
        .iter()
        .map(|field| match field.name() == &step.column && step.apply && !moved.is_empty() {
            true => format!("coalesce((SELECT n FROM __spellings WHERE o = t.{column}), t.{column})"),
            false => format!("t.{}", quoted(field.name())),
        })
        .collect();
    whole.database.run("CREATE TABLE __spellings (o TEXT PRIMARY KEY, n TEXT) WITHOUT ROWID")?;
    if step.apply {
        for (old, new, _) in &moved {
            whole.database.run(&format!("INSERT INTO __spellings VALUES ({}, {})", text(old), text(new)))?;
        }
    }
    let sql = format!("SELECT {LINE}, {} FROM {table} t ORDER BY t._$row", columns.join(", "));
    Ok(Made { sql, schema: whole.schema.clone() })
}

fn groups_shown(ledger: &Ledger, place: &Place) -> usize {
    ledger.notes.iter().filter(|(name, _)| *name == place.name).count()
}

/// Values with equal keys are spellings of one.
fn key(value: &str, method: ClusterMethod) -> String {
    let plain: String = DecomposingNormalizerBorrowed::new_nfkd()
        .normalize(value)
        .to_lowercase()
        .chars()
        // Accents are marks of their own now, and go with the punctuation.
        .map(|char| if char.is_alphanumeric() { Some(char) } else { char.is_whitespace().then_some(' ') })
        .map(|char| char.unwrap_or('\0'))
        .filter(|char| *char != '\0')
        .collect();
    match method {
        ClusterMethod::Fingerprint => {
            let words: BTreeSet<&str> = plain.split_whitespace().collect();
            words.into_iter().collect::<Vec<_>>().join(" ")
        }
        ClusterMethod::Ngram => {
            let letters: Vec<char> = plain.chars().filter(|char| *char != ' ').collect();
            let pairs: BTreeSet<String> = letters.windows(2).map(|pair| pair.iter().collect()).collect();
            pairs.into_iter().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_have_one_key() {
        let same = |a: &str, b: &str, method| key(a, method) == key(b, method);
        for spelling in ["züRICH  city", "City Zürich", "zurich, city.", "City, ZURICH"] {
            assert!(same("Zürich City", spelling, ClusterMethod::Fingerprint), "{spelling}");
        }
        assert!(!same("Zürich City", "Zürichcity", ClusterMethod::Fingerprint));
        assert!(same("Krzysztof", "Krzysztof ", ClusterMethod::Ngram));
        assert!(same("Zürich City", "Zurichcity", ClusterMethod::Ngram));
        assert!(!same("Berlin", "Bern", ClusterMethod::Ngram));
    }
}
