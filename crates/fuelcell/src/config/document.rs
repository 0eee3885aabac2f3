//! `docs/configuration.md`: every setting, from the types that hold. Each row is tried with a value that cannot be meant.

use super::settings::Config;
use super::takes::{Row, rows};
use super::tests::read;
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
    for Row { path, takes, meaning } in rows() {
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

#[test]
fn texts_that_are_no_such_value_are_refused_likewise() {
    for (path, text) in [
        ("listen", "here"),
        ("metrics.listen", "127.0.0.1"),
        ("api.trusted_proxies", "10.0.0.0/8"),
        ("isolation", "none"),
        ("log_format", "xml"),
        ("api.cors_origins", "everybody"),
        ("api.token_requests_per_second", "many"),
        ("drain_seconds", "soon"),
        ("job_memory_bytes", "lots"),
    ] {
        let takes = super::takes::row(path).unwrap().takes;
        let refusal = format!("{:#}", read(&set(path, text.into())).unwrap_err());
        assert!([path, text, &takes].iter().all(|said| refusal.contains(said)), "{path}: {refusal}");
    }
    let refusal = format!("{:#}", read("[api]\ntoken_requests_per_second = 0").unwrap_err());
    assert!(refusal.contains("api.token_requests_per_second = 0"), "{refusal}");
    assert!(refusal.contains("a whole number from 1"), "{refusal}");
}
