//! The arrows: which crate of the workspace may depend on which.

use super::{
    graph::{Graph, Member},
    violation::Violation,
};

/// What a crate may use of our own.
pub(super) enum Reach {
    /// These crates.
    Only(&'static [&'static str]),
    /// All of them: it is where everything comes together, or it looks from outside.
    Everything,
}

/// One row per crate. A new crate gets its row here and its place in ARCHITECTURE.md in
/// the same change.
pub(super) const ARROWS: &[(&str, Reach)] = &[
    ("fuelcell-domain", Reach::Only(&[])),
    ("fuelcell-rules", Reach::Only(&["fuelcell-domain"])),
    ("fuelcell-store", Reach::Only(&["fuelcell-domain"])),
    ("fuelcell-store-sled", Reach::Only(&["fuelcell-domain", "fuelcell-store"])),
    ("fuelcell-store-postgres", Reach::Only(&["fuelcell-domain", "fuelcell-store"])),
    ("fuelcell-store-objects", Reach::Only(&["fuelcell-domain", "fuelcell-store"])),
    ("fuelcell-sandbox", Reach::Only(&["fuelcell-domain"])),
    ("fuelcell-outbound", Reach::Only(&["fuelcell-domain"])),
    ("fuelcell-oidc", Reach::Only(&["fuelcell-domain", "fuelcell-outbound"])),
    ("fuelcell-notify", Reach::Only(&["fuelcell-domain", "fuelcell-outbound", "fuelcell-store"])),
    ("fuelcell-scheduler", Reach::Only(&["fuelcell-domain", "fuelcell-store"])),
    ("fuelcell-service", Reach::Only(&["fuelcell-domain", "fuelcell-rules", "fuelcell-store"])),
    ("fuelcell-api", Reach::Only(&["fuelcell-domain", "fuelcell-service"])),
    // They ask what every client may ask.
    ("fuelcell-dashboard", Reach::Only(&[])),
    ("fuelcell-cli", Reach::Only(&[])),
    ("fuelcell-fuzz", Reach::Only(&[])),
    ("fuelcell-test-cluster", Reach::Only(&[])),
    ("fuelcell-test-bucket", Reach::Only(&[])),
    ("fuelcell", Reach::Everything),
    ("xtask", Reach::Everything),
    ("fuelcell-tests", Reach::Everything),
    ("fuelcell-sdk-macros", Reach::Only(&[])),
    // Tests of guests check what servers check; nothing of it is compiled into a guest.
    ("fuelcell-sdk", Reach::Only(&["fuelcell-domain", "fuelcell-rules", "fuelcell-sdk-macros"])),
    // What several jobs have in common.
    ("fuelcell-records-kit", Reach::Only(&["fuelcell-sdk"])),
    ("fuelcell-parameters-kit", Reach::Only(&["fuelcell-records-kit"])),
    ("fuelcell-table-kit", Reach::Only(&["fuelcell-sdk", "fuelcell-records-kit"])),
    ("fuelcell-sql-kit", Reach::Only(&["fuelcell-sdk", "fuelcell-table-kit"])),
    ("fuelcell-report-kit", Reach::Only(&[])),
    // A module that runs scripts.
    ("fuelcell-engine-javascript", Reach::Only(&["fuelcell-sdk"])),
    // Guests know the SDK and the kits, and nothing of the host.
    (
        "process-mining",
        Reach::Only(&[
            "fuelcell-sdk",
            "fuelcell-records-kit",
            "fuelcell-parameters-kit",
            "fuelcell-table-kit",
            "fuelcell-report-kit",
        ]),
    ),
    (
        "data-enrichment",
        Reach::Only(&[
            "fuelcell-sdk",
            "fuelcell-parameters-kit",
            "fuelcell-table-kit",
            "fuelcell-sql-kit",
            "fuelcell-report-kit",
        ]),
    ),
    (
        "analysis",
        Reach::Only(&[
            "fuelcell-sdk",
            "fuelcell-parameters-kit",
            "fuelcell-table-kit",
            "fuelcell-sql-kit",
            "fuelcell-report-kit",
        ]),
    ),
    // Its tests make and run the pages of the built-in jobs.
    (
        "job-pages",
        Reach::Only(&[
            "fuelcell-sdk",
            "fuelcell-parameters-kit",
            "process-mining",
            "data-enrichment",
            "analysis",
        ]),
    ),
    ("new-rows", Reach::Only(&["fuelcell-sdk"])),
    ("probe", Reach::Only(&["fuelcell-sdk"])),
    ("fetch", Reach::Only(&["fuelcell-sdk"])),
    ("echo-engine", Reach::Only(&["fuelcell-sdk"])),
    ("conformance", Reach::Only(&["fuelcell-sdk"])),
    ("conformance-pure", Reach::Only(&["fuelcell-sdk"])),
    // What it speaks is the interface of jobs, from its own WIT.
    ("science-bridge", Reach::Only(&[])),
];

/// Names every arrow that is not drawn, and every crate without a row.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    graph.members.iter().flat_map(|member| check_member(graph, member)).collect()
}

fn check_member(graph: &Graph, member: &Member) -> Vec<Violation> {
    let name = &member.name;
    let Some((_, reach)) = ARROWS.iter().find(|(known, _)| known == name) else {
        return vec![format!("{name} has no row in the arrows (crates/xtask/src/check/arrows.rs)")];
    };
    let Reach::Only(allowed) = reach else {
        return Vec::new();
    };
    let own = member.dependencies.iter().filter(|used| !used.development && graph.has_member(&used.name));
    own.filter(|used| !allowed.contains(&used.name.as_str()))
        .map(|used| format!("{name} may not depend on {}; it may use {}", used.name, listed(allowed)))
        .collect()
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "no crate of ours".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{super::graph::made_up::graph, check};

    #[test]
    fn drawn_arrows_pass() {
        let graph = graph(&[
            ("fuelcell-domain", &["serde"]),
            ("fuelcell-store", &["fuelcell-domain", "serde"]),
            ("fuelcell", &["fuelcell-domain", "fuelcell-store", "tokio"]),
        ]);
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_is_not_drawn_is_named_with_what_is_allowed() {
        let graph = graph(&[
            ("fuelcell-domain", &[]),
            ("fuelcell-sandbox", &[]),
            ("fuelcell-scheduler", &["fuelcell-domain", "fuelcell-sandbox"]),
        ]);
        let expected = "fuelcell-scheduler may not depend on fuelcell-sandbox; \
                        it may use fuelcell-domain, fuelcell-store";
        assert_eq!(check(&graph), [expected]);
    }

    #[test]
    fn domain_knows_no_crate_of_ours() {
        let graph = graph(&[("fuelcell-domain", &["fuelcell-store"]), ("fuelcell-store", &[])]);
        assert_eq!(
            check(&graph),
            ["fuelcell-domain may not depend on fuelcell-store; it may use no crate of ours"]
        );
    }

    #[test]
    fn a_guest_knows_only_the_sdk() {
        let graph =
            graph(&[("fuelcell-sdk", &[]), ("fuelcell-domain", &[]), ("probe", &["fuelcell-domain"])]);
        assert_eq!(check(&graph), ["probe may not depend on fuelcell-domain; it may use fuelcell-sdk"]);
    }

    #[test]
    fn new_crates_have_their_arrows() {
        let graph = graph(&[
            ("fuelcell-store", &[]),
            ("fuelcell-service", &[]),
            ("fuelcell-sdk", &[]),
            ("fuelcell-store-postgres", &["fuelcell-store", "fuelcell-service"]),
            ("fuelcell-table-kit", &["fuelcell-sdk", "fuelcell-report-kit"]),
            ("fuelcell-report-kit", &[]),
            ("fuelcell-dashboard", &["fuelcell-service"]),
        ]);
        assert_eq!(
            check(&graph),
            [
                "fuelcell-store-postgres may not depend on fuelcell-service; it may use fuelcell-domain, fuelcell-store",
                "fuelcell-table-kit may not depend on fuelcell-report-kit; it may use fuelcell-sdk, fuelcell-records-kit",
                "fuelcell-dashboard may not depend on fuelcell-service; it may use no crate of ours",
            ]
        );
    }

    #[test]
    fn tests_of_a_crate_may_look_further() {
        let mut graph = graph(&[("fuelcell-domain", &["fuelcell-store"]), ("fuelcell-store", &[])]);
        graph.members[0].dependencies[0].development = true;
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_crate_that_is_not_drawn_is_named() {
        let violations = check(&graph(&[("fuelcell-helpers", &[])]));
        assert_eq!(violations.len(), 1);
        assert!(violations[0].starts_with("fuelcell-helpers has no row"), "{violations:?}");
    }
}
