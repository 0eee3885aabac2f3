//! How much of a store a crate takes: the subjects that it needs, and no other.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{circles::files::Files, graph::Member, violation::Violation};

const STORE: &str = "fuelcell_store";

/// The traits of `fuelcell_store::verbs`, and their sum.
const SUBJECTS: &[&str] = &[
    "Accounts",
    "Audit",
    "Backlog",
    "Bulks",
    "ClientStore",
    "Datasets",
    "Deliveries",
    "Figures",
    "Grants",
    "Health",
    "JobEvents",
    "Jobs",
    "Logs",
    "Modules",
    "Nodes",
    "Pipelines",
    "Processed",
    "Queue",
    "References",
    "Removals",
    "Store",
    "Submissions",
    "Uploads",
];

/// Who takes what. Backends have all of it, and their tests are no matter of this rule.
const TAKEN: &[(&str, &[&str])] = &[
    (
        "fuelcell-scheduler",
        &[
            "Accounts",
            "Audit",
            "Backlog",
            "Jobs",
            "Logs",
            "Nodes",
            "Processed",
            "Queue",
            "References",
            "Submissions",
            "Uploads",
        ],
    ),
    ("fuelcell-notify", &["Deliveries", "Jobs"]),
    // The use cases are of every subject of clients. The vault is asked by cells, and knows grants and what modules ask
    // for; one look at events serves all streams of a project; a lost operator token is replaced while no server runs.
    ("fuelcell-service", &["Accounts", "Audit", "ClientStore", "Grants", "JobEvents", "Modules"]),
    // Builds the server around a backend; its offline tools take what they print.
    ("fuelcell", &["Accounts", "Health", "Jobs", "Store"]),
];

const BACKENDS: &[&str] =
    &["fuelcell-store", "fuelcell-store-sled", "fuelcell-store-postgres", "fuelcell-store-objects"];

/// Names what a crate takes and may not, and what it may take and does not.
pub(super) fn check(member: &Member) -> Result<Vec<Violation>> {
    if BACKENDS.contains(&member.name.as_str())
        || !member.dependencies.iter().any(|on| on.name == "fuelcell-store")
    {
        return Ok(Vec::new());
    }
    let mut taken = BTreeSet::new();
    for root in &member.roots {
        taken.extend(subjects_in(&Files::read(root)?));
    }
    Ok(compare(&member.name, &taken))
}

fn subjects_in(files: &Files) -> BTreeSet<&'static str> {
    let named = |path: &Vec<String>| {
        let (store, rest) = path.split_first()?;
        let subject = match rest {
            [verbs, subject, ..] if verbs == "verbs" => subject,
            [subject, ..] => subject,
            [] => return None,
        };
        SUBJECTS.iter().find(|known| store == STORE && *known == subject).copied()
    };
    // `verbs::Grants`, after `use fuelcell_store::verbs`.
    let short = |path: &Vec<String>| match &path[..] {
        [verbs, subject, ..] if verbs == "verbs" => SUBJECTS.iter().find(|known| *known == subject).copied(),
        _ => None,
    };
    files.paths().filter_map(|path| named(path).or_else(|| short(path))).collect()
}

fn compare(member: &str, taken: &BTreeSet<&'static str>) -> Vec<Violation> {
    let allowed = TAKEN.iter().find(|(name, _)| *name == member).map_or(&[][..], |(_, subjects)| subjects);
    let more = taken.iter().filter(|subject| !allowed.contains(subject)).map(|subject| {
        format!("{member} takes more of the store than it needs: {subject} (check/subjects.rs says what it may take)")
    });
    let less = allowed.iter().filter(|subject| !taken.contains(*subject)).map(|subject| {
        format!("{member} does not take {subject} of the store; it is to go from check/subjects.rs")
    });
    more.chain(less).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::circles::files::made_up::files, *};

    fn violations(member: &str, text: &str) -> Vec<Violation> {
        compare(member, &subjects_in(&files(&[("", text)])))
    }

    const SCHEDULER: &str =
        "use fuelcell_store::{Accounts, Audit, Backlog, Jobs, Logs, Nodes, Processed, Queue, StoreError, Uploads, verbs};
         fn f(_: &dyn verbs::References, _: &dyn fuelcell_store::Submissions) {}";

    #[test]
    fn a_crate_may_take_what_it_needs() {
        assert_eq!(violations("fuelcell-scheduler", SCHEDULER), Vec::<String>::new());
    }

    #[test]
    fn a_crate_that_takes_more_is_named() {
        for more in [
            "use fuelcell_store::Store;",
            "use fuelcell_store::verbs::Grants;",
            "fn g(_: &dyn verbs::Datasets) {}",
        ] {
            let found = violations("fuelcell-scheduler", &format!("{SCHEDULER} {more}"));
            assert_eq!(found.len(), 1, "{more}: {found:?}");
            assert!(found[0].starts_with("fuelcell-scheduler takes more of the store than it needs"));
        }
        assert_eq!(violations("fuelcell-api", "use fuelcell_store::Jobs;").len(), 1);
        assert_eq!(violations("fuelcell-api", "use fuelcell_store::JobFilter;"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_taken_any_more_is_named() {
        let found = violations("fuelcell-notify", "use fuelcell_store::Jobs;");
        assert_eq!(
            found,
            ["fuelcell-notify does not take Deliveries of the store; it is to go from check/subjects.rs"]
        );
    }
}
