//! `docs/configuration.md`: every setting, from the types that hold. Each row is tried with a value that cannot be meant.

use super::settings::Config;
use super::takes::{Row, rows};
use super::tests::read;
use super::units::Unit;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

const HEAD: &str = "\
# Configuration

Every setting of a server. They come from defaults, a TOML file (`--config FILE`), variables, and flags, the later ones
winning. The variable of a setting is its name in capitals behind `FUELCELL_`, with two underscores for each dot:
`api.tls.key` is `FUELCELL_API__TLS__KEY`. Names that are not here are refused, and so are values that a setting does not
take: the server does not start, and says which setting it is, what stands there, and what it takes. `fuelcell config`
prints all of them as a TOML file, with what holds on the machine.

This page is made from the types that hold. `BLESS=1 cargo test -p fuelcell --bins` writes it anew.
";

fn document() -> String {
    let defaults = Table::try_from(Config::default()).unwrap();
    let (mut text, mut section) = (HEAD.to_owned(), None);
    for Row { path, takes, meaning, .. } in rows() {
        let of = path.rsplit_once('.').map_or("", |(table, _)| table).to_owned();
        if section.as_ref() != Some(&of) {
            let title = if of.is_empty() { "At the top".to_owned() } else { format!("`[{of}]`") };
            write!(
                text,
                "\n## {title}\n\n| setting | takes | default | what it is |\n| --- | --- | --- | --- |\n"
            )
            .unwrap();
            section = Some(of);
        }
        let default = value(&defaults, &path).map_or("not set".to_owned(), |value| format!("`{value}`"));
        writeln!(text, "| `{path}` | {} | {default} | {} |", in_cell(&takes), in_cell(&meaning)).unwrap();
    }
    text
}

fn in_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn value<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    match table.get(first)? {
        value if rest.is_empty() => Some(value),
        Value::Table(inner) => value(inner, rest),
        _ => None,
    }
}

/// A file that sets one setting.
fn set(path: &str, value: Value) -> String {
    let mut names = path.rsplit('.');
    let last = names.next().unwrap();
    let inner = Table::from_iter([(last.to_owned(), value)]);
    names.fold(inner, |inner, name| Table::from_iter([(name.to_owned(), Value::Table(inner))])).to_string()
}

#[test]
fn the_document_shows_every_setting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, document()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), document(), "BLESS=1 writes it anew");
}

#[test]
fn every_setting_says_what_it_means_and_takes_its_default() {
    let defaults = Table::try_from(Config::default()).unwrap();
    for row in rows() {
        assert!(!row.meaning.is_empty(), "{} has no doc comment", row.path);
        if let Some(default) = value(&defaults, &row.path) {
            read(&set(&row.path, default.clone())).unwrap_or_else(|error| panic!("{}: {error:#}", row.path));
        }
    }
}

#[test]
fn a_value_that_a_setting_does_not_take_is_refused_with_its_name_and_what_it_takes() {
    // A list of tables is nothing that any setting takes.
    let wrong =
        Value::Array(vec![Value::Table(Table::from_iter([("odd".to_owned(), Value::Boolean(true))]))]);
    for row in rows() {
        let refusal = format!("{:#}", read(&set(&row.path, wrong.clone())).unwrap_err());
        for said in [&row.path, "odd", &row.takes] {
            assert!(refusal.contains(said), "{} does not say {said}: {refusal}", row.path);
        }
    }
}

/// Values beyond what a number may be, as far as a file can hold them.
fn beyond(row: &Row) -> Vec<Value> {
    let Some(range) = &row.range else { return Vec::new() };
    let (least, most) = (i64::try_from(*range.start()).unwrap(), i64::try_from(*range.end()).ok());
    let mut wrong = vec![Value::from(-1), Value::from(least - 1), Value::from("many"), Value::from(1.5)];
    wrong.extend(most.map(|most| Value::from(most + 1)));
    match Unit::of(&row.path) {
        Some(Unit::Bytes) => wrong.extend(["2Gig", "-1MiB"].map(Value::from)),
        Some(_) => wrong.extend(["200years", "1ns"].map(Value::from)),
        None => {}
    }
    wrong
}

fn list(items: &[&str]) -> Value {
    Value::Array(items.iter().map(|item| Value::from(*item)).collect())
}

fn named(name: &str, value: impl Into<Value>) -> Value {
    Table::from_iter([(name.to_owned(), value.into())]).into()
}

/// Values that have not the form of a setting. Each that is no number has some, or is one of those that take any text.
fn malformed(path: &str) -> Vec<Value> {
    const ID: &str = "00000000-0000-4000-8000-000000000001";
    let texts = |texts: &[&str]| texts.iter().map(|text| Value::from(*text)).collect();
    match path {
        "listen" | "metrics.listen" => texts(&["here", "127.0.0.1", "127.0.0.1:99999", "example.com:80"]),
        "node" => texts(&["", "a b", "nöde", &"n".repeat(65)]),
        "isolation" => texts(&["none", "Process"]),
        "log" => texts(&["a=b=c", "info,x=loud"]),
        "log_format" => texts(&["xml"]),
        "api.trusted_proxies" | "outbound.allow_networks" | "oidc.allow_networks" => {
            vec!["10.0.0.0/8".into(), list(&["10.0.0.0/33"]), list(&["10.0.0.1", "here"])]
        }
        "api.cors_origins" => {
            vec!["everybody".into(), list(&["app.example.com"]), list(&["https://app.example.com/"])]
        }
        "concurrency.projects" | "concurrency.pipelines" => vec![named("orders", 1), named(ID, 0)],
        "concurrency.modules" => vec![named("m", 0), named("m", "many")],
        "notifications.retries" => vec![list(&[]), vec![0].into(), vec![86_401].into(), list(&["soon"])],
        "notifications.smtp.from" => texts(&["", "nobody", "Name name@example.com"]),
        "notifications.smtp.host" | "traces.service_name" => texts(&[""]),
        "notifications.smtp.domains" | "oidc.email_domains" => {
            vec![list(&["a@example.com"]), list(&["*.example.com"])]
        }
        "notifications.smtp.security" => texts(&["ssl"]),
        "oidc.issuer" => {
            texts(&["login.example.com", "http://login.example.com", "https://a/?b", "https://a/#b"])
        }
        "oidc.client_id" | "oidc.label" | "oidc.name_claim" => texts(&["", " "]),
        "oidc.scopes" => vec![list(&["open id"]), list(&["öffnen"])],
        "oidc.rules" => vec![list(&["operators"])],
        "retention.projects" => vec![named("orders", Table::new()), named(ID, 7)],
        "service.public_url" => texts(&["jobs.example.com", "ftp://jobs.example.com", "https://a/?b"]),
        "traces.endpoint" => texts(&["collector", "grpc://collector:4317", "http://collector/?x"]),
        "traces.sample" => vec![(-0.1).into(), 1.1.into(), "all".into()],
        // What is wrong here may hold a password: a test of its own looks at it.
        "store" | "blobs" => Vec::new(),
        path if path.ends_with("_file") || path.starts_with("api.tls.") => Vec::new(),
        "data" | "backup.folder" | "compiled" | "compiled_secret" | "notifications.smtp.user" => Vec::new(),
        _ => panic!("{path} has a form that is not tried, or takes any text and is not named here"),
    }
}

/// Whether a refusal says what the setting takes: in the words of the reference, or of what reads such texts.
fn says_what_is_taken(refusal: &str, row: &Row) -> bool {
    let unit = Unit::of(&row.path).map(Unit::allowed);
    let words = [Some(&row.takes[..]), unit, Some("a hundred years"), Some("such as https://")];
    words.into_iter().flatten().any(|words| refusal.contains(words))
}

#[test]
fn every_range_and_every_form_is_refused_beyond_with_the_setting_its_value_and_what_it_takes() {
    for row in rows() {
        let wrong = if row.range.is_some() { beyond(&row) } else { malformed(&row.path) };
        for value in wrong {
            let shown = match &value {
                // Of lists and tables what is wrong in them is shown.
                Value::Array(items) => items.last().map_or("[]".to_owned(), Value::to_string),
                Value::Table(table) => table.keys().next().unwrap().clone(),
                value => value.to_string(),
            };
            let refusal = match read(&set(&row.path, value.clone())) {
                Ok(_) => panic!("{} = {value} is taken", row.path),
                Err(error) => format!("{error:#}"),
            };
            assert!(refusal.contains(&row.path), "{}: {refusal}", row.path);
            assert!(refusal.contains(&shown), "{} = {value}: {refusal}", row.path);
            assert!(says_what_is_taken(&refusal, &row), "{} = {value}: {refusal}", row.path);
        }
    }
}

#[test]
fn what_is_wrong_with_the_address_of_a_store_is_told_without_what_may_be_a_password() {
    for address in ["postgres://fuelcell:hunter2@db/fuelcell", "hunter2"] {
        let refusal = format!("{:#}", read(&set("store", address.into())).unwrap_err());
        assert!(refusal.starts_with("store ") && !refusal.contains("hunter2"), "{refusal}");
    }
    for address in ["s3://key:hunter2@bucket", "s3://bucket?secret=hunter2", "hunter2"] {
        let text = format!("store = \"postgres://db/fuelcell\"\nblobs = \"{address}\"");
        let refusal = format!("{:#}", read(&text).unwrap_err());
        assert!(refusal.starts_with("blobs cannot be used") && !refusal.contains("hunter2"), "{refusal}");
    }
}
