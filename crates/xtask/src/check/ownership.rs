//! Libraries that shape whatever touches them, each kept in one room.

use super::{graph::Graph, violation::Violation};

/// A library (with the family of its name: `wasmtime` and `wasmtime-*`) and the only crate that may name it.
const OWNED: &[(&str, &str)] = &[
    ("wasmtime", "fuelcell-sandbox"),
    ("rusqlite", "fuelcell-sql-kit"),
    ("sled", "fuelcell-store-sled"),
    ("axum", "fuelcell-api"),
    ("lettre", "fuelcell-notify"),
    ("jsonwebtoken", "fuelcell-oidc"),
    ("tokio-postgres", "fuelcell-store-postgres"),
    ("object_store", "fuelcell-store-objects"),
];

/// What the words and rules of the domain must not be built from, at any depth.
const KEPT_OUT_OF_DOMAIN: &[&str] = &["tokio", "axum", "sled", "tokio-postgres", "wasmtime"];

const DOMAIN: &str = "fuelcell-domain";

/// Names every library that is where it must not be.
pub(super) fn check(graph: &Graph) -> Vec<Violation> {
    let mut violations = Vec::new();
    for member in &graph.members {
        for dependency in &member.dependencies {
            let owner = OWNED.iter().find(|(library, _)| is_of_family(&dependency.name, library));
            if let Some((_, owner)) = owner.filter(|(_, owner)| *owner != member.name) {
                violations
                    .push(format!("{} may not name {}; only {owner} may", member.name, dependency.name));
            }
        }
    }
    let closure = graph.closure(DOMAIN);
    let unwanted =
        closure.iter().filter(|name| KEPT_OUT_OF_DOMAIN.iter().any(|library| is_of_family(name, library)));
    violations.extend(unwanted.map(|name| format!("{DOMAIN} must not be built from {name}")));
    violations
}

fn is_of_family(name: &str, library: &str) -> bool {
    name.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::{super::graph::made_up::graph, check};

    #[test]
    fn owners_may_use_what_they_own() {
        let graph = graph(&[
            ("fuelcell-sandbox", &["wasmtime", "wasmtime-wasi"]),
            ("fuelcell-store-sled", &["sled"]),
            ("fuelcell-api", &["axum"]),
            ("fuelcell-domain", &["serde"]),
        ]);
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn others_may_not() {
        let graph = graph(&[
            ("fuelcell-scheduler", &["wasmtime-wasi", "sledgehammer"]),
            ("fuelcell", &["axum", "tokio-postgres", "object_store"]),
        ]);
        assert_eq!(
            check(&graph),
            [
                "fuelcell-scheduler may not name wasmtime-wasi; only fuelcell-sandbox may",
                "fuelcell may not name axum; only fuelcell-api may",
                "fuelcell may not name tokio-postgres; only fuelcell-store-postgres may",
                "fuelcell may not name object_store; only fuelcell-store-objects may",
            ]
        );
    }

    #[test]
    fn not_even_in_tests() {
        let mut graph = graph(&[("fuelcell-service", &["axum"])]);
        graph.members[0].dependencies[0].development = true;
        assert_eq!(check(&graph), ["fuelcell-service may not name axum; only fuelcell-api may"]);
    }

    #[test]
    fn the_domain_is_looked_through_at_any_depth() {
        let mut graph = graph(&[("fuelcell-domain", &["helper"])]);
        graph.built_from.insert("helper".to_owned(), ["tokio".to_owned(), "helper".to_owned()].into());
        assert_eq!(check(&graph), ["fuelcell-domain must not be built from tokio"]);
    }
}
