//! What a version of a module changes for those who use an earlier one: whether jobs that the first takes are taken by the
//! second as well.

mod change;
mod schemas;

pub use change::{Change, Effect};

use fuelcell_domain::manifest::{ManifestInput, ManifestOutput};
use fuelcell_domain::{Capabilities, Manifest};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is not the same in the second manifest, in the order of its members.
pub fn changes(first: &Manifest, second: &Manifest) -> Vec<Change> {
    let mut found = Vec::new();
    let mut plain = |what: &str, first: Value, second: Value, effect: Option<Effect>| {
        if first != second {
            found.push(Change::new(what, first, second, effect));
        }
    };
    plain("interface", json!(first.interface), json!(second.interface), None);
    plain("jobType", json!(first.job_type), json!(second.job_type), Some(Effect::Breaking));
    plain("title", json!(first.title), json!(second.title), Some(Effect::Compatible));
    plain("description", json!(first.description), json!(second.description), Some(Effect::Compatible));
    plain("engine", json!(first.engine), json!(second.engine), None);
    plain("entry", json!(first.entry), json!(second.entry), None);
    plain("deterministic", json!(first.deterministic), json!(second.deterministic), None);
    plain("limits/fuel", json!(first.limits.fuel), json!(second.limits.fuel), None);
    plain("limits/memoryBytes", json!(first.limits.memory_bytes), json!(second.limits.memory_bytes), None);
    plain("limits/diskBytes", json!(first.limits.disk_bytes), json!(second.limits.disk_bytes), None);
    plain(
        "limits/timeoutSeconds",
        json!(first.limits.timeout_seconds),
        json!(second.limits.timeout_seconds),
        None,
    );
    found.extend(schemas::changes("parameters", &first.parameters, &second.parameters));
    found.extend(of_inputs(&first.inputs, &second.inputs));
    found.extend(of_outputs(&first.outputs, &second.outputs));
    found
}

/// What two modules want to reach that is not the same: words that came, and words that went.
pub fn capability_changes(first: &Capabilities, second: &Capabilities) -> Vec<Change> {
    let http = |of: &Capabilities| of.http.clone().unwrap_or_default();
    let hosts = |of: &Capabilities| http(of).hosts.iter().map(ToString::to_string).collect();
    // A grant of what the first wants may cover a host that the second names.
    let beyond = second.beyond(first).map(|beyond| hosts(&beyond)).unwrap_or_default();
    let mut found = Vec::new();
    // To ask for requests and name no host is a wish, too.
    let asks = [first, second].map(|of| of.http.is_some());
    if asks[0] != asks[1] {
        let effect = if asks[1] { Effect::Grant } else { Effect::Compatible };
        found.push(Change::new("http", json!(asks[0]), json!(asks[1]), effect));
    }
    found.extend(words("http/hosts", hosts(first), hosts(second), |host| beyond.contains(host)));
    let secrets = |of: &Capabilities| http(of).secrets.into_iter().collect();
    found.extend(words("http/secrets", secrets(first), secrets(second), |_| true));
    let hmac = |of: &Capabilities| of.hmac.iter().cloned().collect();
    found.extend(words("hmac", hmac(first), hmac(second), |_| true));
    found
}

fn words(
    what: &str,
    first: BTreeSet<String>,
    second: BTreeSet<String>,
    needs_grant: impl Fn(&String) -> bool,
) -> Vec<Change> {
    let went =
        first.difference(&second).map(|word| Change::new(what, json!(word), Value::Null, Effect::Compatible));
    let came = second.difference(&first).map(|word| {
        let effect = if needs_grant(word) { Effect::Grant } else { Effect::Compatible };
        Change::new(what, Value::Null, json!(word), effect)
    });
    went.chain(came).collect()
}

/// Members of two lists that go by a name: of one alone, and of both.
fn paired<'a, T>(
    first: &'a [T],
    second: &'a [T],
    name: fn(&T) -> &str,
) -> Vec<(&'a str, Option<&'a T>, Option<&'a T>)> {
    let of = |list: &'a [T], wanted: &str| list.iter().find(|one| name(one) == wanted);
    let names = first.iter().chain(second.iter().filter(|one| of(first, name(one)).is_none())).map(name);
    names.map(|name| (name, of(first, name), of(second, name))).collect()
}

fn of_inputs(first: &[ManifestInput], second: &[ManifestInput]) -> Vec<Change> {
    let mut found = Vec::new();
    for (name, first, second) in paired(first, second, |input| &input.name) {
        let what = format!("inputs/{name}");
        match (first, second) {
            (Some(first), Some(second)) => found.extend(of_input(&what, first, second)),
            (Some(first), None) => found.push(Change::new(what, json!(first), Value::Null, Effect::Breaking)),
            (None, second) => {
                let required = second.is_some_and(|second| second.required);
                let effect = if required { Effect::Breaking } else { Effect::Compatible };
                found.push(Change::new(what, Value::Null, json!(second), effect));
            }
        }
    }
    found
}

fn of_input(what: &str, first: &ManifestInput, second: &ManifestInput) -> Vec<Change> {
    let narrows = |holds: bool| if holds { Effect::Breaking } else { Effect::Compatible };
    let fewer = !second.formats.is_empty()
        && (first.formats.is_empty() || first.formats.iter().any(|format| !second.formats.contains(format)));
    let members = [
        ("parameter", json!(first.parameter), json!(second.parameter), Effect::Breaking),
        ("formats", json!(first.formats), json!(second.formats), narrows(fewer)),
        ("required", json!(first.required), json!(second.required), narrows(second.required)),
        ("many", json!(first.many), json!(second.many), Effect::Breaking),
    ];
    let differing = members.into_iter().filter(|(_, first, second, _)| first != second);
    differing
        .map(|(member, first, second, effect)| Change::new(format!("{what}/{member}"), first, second, effect))
        .collect()
}

fn of_outputs(first: &[ManifestOutput], second: &[ManifestOutput]) -> Vec<Change> {
    let pairs = paired(first, second, |output| &output.name).into_iter();
    let changed = pairs.filter(|(_, first, second)| first != second).map(|(name, first, second)| {
        let effect = if first.is_none() { Effect::Compatible } else { Effect::Breaking };
        Change::new(format!("outputs/{name}"), json!(first), json!(second), effect)
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(changes: &[Change]) -> Vec<(&str, Option<Effect>)> {
        changes.iter().map(|change| (&*change.what, change.effect)).collect()
    }

    fn manifest(document: Value) -> Manifest {
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn what_callers_count_on_is_told_apart_from_the_rest() {
        let first = manifest(json!({
            "interface": "0.1", "title": "a", "jobType": "Analysis", "limits": {"fuel": 5},
            "inputs": [
                {"name": "log", "parameter": "logId", "formats": ["csv", "txt"]},
                {"name": "gone", "parameter": "goneId"},
                {"name": "more", "parameter": "moreId", "required": true, "formats": ["csv"]},
            ],
            "outputs": [{"name": "a.txt", "kind": "report"}, {"name": "b.txt"}],
        }));
        let second = manifest(json!({
            "interface": "0.1", "title": "b", "jobType": "Analysis", "limits": {"fuel": 6},
            "inputs": [
                {"name": "log", "parameter": "logId", "formats": ["csv"], "required": true},
                {"name": "more", "parameter": "moreId", "formats": []},
                {"name": "new", "parameter": "newId"},
                {"name": "wanted", "parameter": "wantedId", "required": true},
            ],
            "outputs": [{"name": "a.txt", "kind": "data"}, {"name": "c.txt"}],
        }));
        assert_eq!(changes(&first, &first), []);
        use Effect::{Breaking, Compatible};
        assert_eq!(
            told(&changes(&first, &second)),
            [
                ("title", Some(Compatible)),
                ("limits/fuel", None),
                ("inputs/log/formats", Some(Breaking)),
                ("inputs/log/required", Some(Breaking)),
                ("inputs/gone", Some(Breaking)),
                ("inputs/more/formats", Some(Compatible)),
                ("inputs/more/required", Some(Compatible)),
                ("inputs/new", Some(Compatible)),
                ("inputs/wanted", Some(Breaking)),
                ("outputs/a.txt", Some(Breaking)),
                ("outputs/b.txt", Some(Breaking)),
                ("outputs/c.txt", Some(Compatible)),
            ]
        );
    }

    #[test]
    fn what_comes_to_be_wanted_needs_a_grant() {
        let capabilities = |document: Value| serde_json::from_value::<Capabilities>(document).unwrap();
        let none = Capabilities::default();
        let some =
            capabilities(json!({"http": {"hosts": ["a.example.com"], "secrets": ["KEY"]}, "hmac": ["SIGN"]}));
        use Effect::{Compatible, Grant};
        let kinds = ["http", "http/hosts", "http/secrets", "hmac"];
        assert_eq!(told(&capability_changes(&none, &some)), kinds.map(|kind| (kind, Some(Grant))));
        assert_eq!(told(&capability_changes(&some, &none)), kinds.map(|kind| (kind, Some(Compatible))));
        assert_eq!(capability_changes(&some, &some), []);
        let all =
            capabilities(json!({"http": {"hosts": ["*.example.com"], "secrets": ["KEY"]}, "hmac": ["SIGN"]}));
        let effects =
            |first, second| capability_changes(first, second).into_iter().map(|change| change.effect);
        assert!(effects(&all, &some).eq([Some(Compatible), Some(Compatible)]), "the grant covers it");
        assert!(effects(&some, &all).eq([Some(Compatible), Some(Grant)]));
    }
}
