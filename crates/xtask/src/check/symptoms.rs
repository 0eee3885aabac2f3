//! What users see of a failure stands on the page on troubleshooting: error codes, wait reasons, and the log's lines of
//! level WARN and ERROR.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use proc_macro2::TokenTree;
use syn::{
    Attribute, Expr, ExprCall, ExprTuple, ItemEnum, ItemFn, ItemMod, Lit, LitStr, Macro,
    visit::{self, Visit},
};

use super::{circles::is_test, drawing::quoted, tree::collect, violation::Violation};
use crate::workspace::Workspace;

const PAGE: &str = "docs/troubleshooting.md";
/// Whose texts are codes of answers.
const ANSWERS: [&str; 2] = ["crates/api/src", "crates/service/src"];
/// Words there that look like codes and are others.
const NO_CODES: [&str; 3] = ["NoItems", "RunSummary", "DataMachineError"];
/// Functions that make a refusal of a code.
const REFUSALS: [&str; 3] = ["invalid", "unprocessable", "conflict"];
/// Lists of codes in the domain.
const LISTS: [&str; 3] = ["ErrorCode", "WaitReason", "SkipCode"];
/// Crates of which no server writes a log.
const NO_SERVERS: [&str; 3] = ["crates/xtask", "crates/fuzz", "crates/cli"];
/// Folders and files that describe or try the code.
const NO_CODE: [&str; 5] = ["tests", "tests.rs", "openapi", "in_process.rs", "stubs.rs"];

/// What a file can show to users.
#[derive(Debug, Default, PartialEq)]
struct Symptoms {
    codes: Vec<String>,
    lines: Vec<String>,
}

/// Names what is not on the page.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let page =
        fs::read_to_string(workspace.root.join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let mut files = Vec::new();
    collect(&workspace.root.join("crates"), &mut files)?;
    let mut found = BTreeMap::new();
    for file in files {
        let shown = workspace.shown(&file).to_string();
        if is_of_a_server(&shown) {
            let text = fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
            let symptoms = read(&shown, &text).with_context(|| format!("cannot understand {shown}"))?;
            found.insert(shown, symptoms);
        }
    }
    Ok(missing(&page, &found))
}

fn is_of_a_server(file: &str) -> bool {
    let mut parts = Path::new(file).components().map(|part| part.as_os_str());
    file.ends_with(".rs")
        && !NO_SERVERS.iter().any(|folder| Path::new(file).starts_with(folder))
        && !parts.any(|part| NO_CODE.iter().any(|name| part == *name))
}

fn read(file: &str, text: &str) -> syn::Result<Symptoms> {
    let mut reader = Reader {
        symptoms: Symptoms::default(),
        answers: ANSWERS.iter().any(|folder| Path::new(file).starts_with(folder)),
    };
    let file = syn::parse_file(text)?;
    if !is_test(&file.attrs) {
        reader.visit_file(&file);
    }
    Ok(reader.symptoms)
}

fn missing(page: &str, found: &BTreeMap<String, Symptoms>) -> Vec<Violation> {
    let told: Vec<&str> = quoted(page).collect();
    let mut violations = Vec::new();
    for (file, Symptoms { codes, lines }) in found {
        let codes = codes.iter().filter(|code| !told.contains(&code.as_str()));
        violations.extend(codes.map(|code| format!("{file}: the code {code} is not in {PAGE}")));
        let lines = lines.iter().filter(|line| !told.iter().any(|told| begins(line, told)));
        violations.extend(lines.map(|line| format!("{file}: the log's line \"{line}\" is not in {PAGE}")));
    }
    violations
}

/// Whether a line of the log begins with whole words that are told.
fn begins(line: &str, told: &str) -> bool {
    let rest = line.strip_prefix(told);
    !told.is_empty() && rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

struct Reader {
    symptoms: Symptoms,
    answers: bool,
}

impl Reader {
    fn code(&mut self, text: &str) {
        if self.answers && !self.symptoms.codes.iter().any(|code| code == text) {
            self.symptoms.codes.push(text.to_owned());
        }
    }

    /// A word beside a status is a code, also when it is one word only.
    fn beside_a_status<'a>(&mut self, parts: impl Iterator<Item = &'a Expr> + Clone) {
        if parts.clone().any(is_a_status) {
            parts.filter_map(text_of).filter(|text| humps(text) > 0).for_each(|text| self.code(&text));
        }
    }
}

impl Visit<'_> for Reader {
    fn visit_attribute(&mut self, _: &Attribute) {}

    fn visit_item_mod(&mut self, item: &ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_enum(&mut self, item: &ItemEnum) {
        if LISTS.iter().any(|list| item.ident == list) {
            self.symptoms.codes.extend(item.variants.iter().map(|variant| variant.ident.to_string()));
        }
    }

    fn visit_lit_str(&mut self, text: &LitStr) {
        let text = text.value();
        if humps(&text) > 1 && !NO_CODES.contains(&text.as_str()) {
            self.code(&text);
        }
    }

    fn visit_expr_tuple(&mut self, tuple: &ExprTuple) {
        self.beside_a_status(tuple.elems.iter());
        visit::visit_expr_tuple(self, tuple);
    }

    fn visit_expr_call(&mut self, call: &ExprCall) {
        self.beside_a_status(call.args.iter());
        if last_name(&call.func).is_some_and(|name| REFUSALS.contains(&name.as_str())) {
            let code = call.args.first().and_then(text_of).filter(|text| humps(text) > 0);
            code.iter().for_each(|text| self.code(text));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, called: &Macro) {
        let mut names = called.path.segments.iter().rev().map(|segment| segment.ident.to_string());
        let is_grave = names.next().is_some_and(|name| name == "warn" || name == "error");
        if is_grave && names.next().is_some_and(|name| name == "tracing") {
            let tokens = called.tokens.clone().into_iter().filter_map(|token| match token {
                TokenTree::Literal(literal) => syn::parse_str::<LitStr>(&literal.to_string()).ok(),
                _ => None,
            });
            let line = tokens.last().map(|text| without_values(&text.value()));
            self.symptoms.lines.extend(line.filter(|line| line.contains(char::is_alphabetic)));
        }
    }
}

/// A line with a mark where its values stand.
fn without_values(line: &str) -> String {
    let mut parts = line.split('{');
    let begin = parts.next().unwrap_or_default().to_owned();
    parts.fold(begin, |line, part| line + "…" + part.split_once('}').map_or("", |(_, rest)| rest))
}

fn is_a_status(part: &Expr) -> bool {
    matches!(part, Expr::Path(path) if path.path.segments.iter().any(|segment| segment.ident == "StatusCode"))
}

fn text_of(part: &Expr) -> Option<String> {
    match part {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn last_name(function: &Expr) -> Option<String> {
    match function {
        Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// How many capitalised words make up a text, such as two for `InvalidBody`; none for anything else.
fn humps(text: &str) -> usize {
    let is_word = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphabetic())
        && text.contains(|c: char| c.is_ascii_lowercase());
    if is_word { text.chars().filter(char::is_ascii_uppercase).count() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = r#"
        //! Refuses `NotHere`.
        fn refuse(full: bool) -> Problem {
            let (status, code) = match full {
                true => (StatusCode::CONFLICT, "Busy"),
                false => wait("TooManyWaiters", "Low", "TLS", "Ann is in"),
            };
            tracing::warn!(why = format!("{code:?}"), "the {} jobs of {name} wait", 3);
            tracing::info!("nothing is wrong");
            Problem::invalid("Gone", "It is Gone")
        }
        #[cfg(test)]
        mod tests { fn code() { tracing::error!("only tried"); invalid("OnlyTried"); } }
    "#;

    fn found(file: &str, text: &str) -> BTreeMap<String, Symptoms> {
        [(file.to_owned(), read(file, text).unwrap())].into()
    }

    #[test]
    fn codes_and_lines_that_are_not_on_the_page_are_named() {
        let found = found("crates/api/src/refuse.rs", REFUSED);
        let page = "`Busy`, `TooManyWaiters`, `Gone`: `the … jobs of … wait`";
        assert_eq!(missing(page, &found), Vec::<String>::new());
        assert_eq!(missing("`the … jobs`: `TooManyWaiters`, `Busy`, `Gone`", &found), Vec::<String>::new());
        assert_eq!(
            missing("`the … job`, Gone", &found),
            [
                "crates/api/src/refuse.rs: the code Busy is not in docs/troubleshooting.md",
                "crates/api/src/refuse.rs: the code TooManyWaiters is not in docs/troubleshooting.md",
                "crates/api/src/refuse.rs: the code Gone is not in docs/troubleshooting.md",
                "crates/api/src/refuse.rs: the log's line \"the … jobs of … wait\" is not in \
                 docs/troubleshooting.md",
            ]
        );
    }

    #[test]
    fn texts_of_other_crates_are_no_codes_but_lists_are() {
        let symptoms = read("crates/notify/src/courier.rs", REFUSED).unwrap();
        assert_eq!(symptoms.codes, Vec::<String>::new());
        assert_eq!(symptoms.lines.len(), 1);
        let list = "pub enum WaitReason { Scheduled(u64), Behind } enum Other { Left }";
        assert_eq!(read("crates/domain/src/estimate.rs", list).unwrap().codes, ["Scheduled", "Behind"]);
    }

    #[test]
    fn what_only_tries_or_describes_is_left_out() {
        for file in ["crates/api/src/protection/tests.rs", "crates/xtask/src/a.rs", "crates/api/Cargo.toml"] {
            assert!(!is_of_a_server(file), "{file}");
        }
        assert!(is_of_a_server("crates/store-sled/src/open.rs"));
    }
}
