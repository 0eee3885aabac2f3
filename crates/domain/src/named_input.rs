//! Inputs by name: one declaration of a manifest that stands for several files.
//!
//! The declaration has `many`, and its parameter is an object: name → dataset. What is given as `zones` for the input
//! `lookups` is the job's input `lookups/zones`. Such a name is a name of one file, because programs find it as one.

use crate::output_name::{broken_rule_of_file, composed, shown};

/// Most datasets that a job is given by name, of all its inputs of this kind together: each is an open file while it runs.
pub const MAX_NAMED_INPUTS: usize = 64;

/// The input of a retry that holds the records which the earlier job could not process. Every module may be given it.
pub const FAILED_RECORDS: &str = "failed-records";

/// The name of a job's input.
pub fn named_input(input: &str, name: &str) -> String {
    format!("{input}/{name}")
}

/// The declared input and the name that a job's input consists of, if it is one by name.
pub fn parts(name: &str) -> Option<(&str, &str)> {
    name.split_once('/')
}

/// Refuses a name that is no plain name of a file, or that is not written as it is kept: who gave it looks for it by what
/// they wrote.
pub fn check_input_name(name: &str) -> Result<(), String> {
    let rule = match name {
        "" => Some("a name is not empty"),
        name if name.contains('/') => Some("it has no /"),
        name if composed(name) != name => Some("it is in Unicode's form NFC"),
        name => broken_rule_of_file(name),
    };
    match rule {
        None => Ok(()),
        Some(rule) => Err(format!("\"{}\" cannot be the name of an input: {rule}", shown(name))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_names_of_files() {
        for name in ["zones", "price list (2)", "orders.csv", "Länder", "顧客"] {
            assert_eq!(check_input_name(name), Ok(()), "{name}");
        }
        for (name, rule) in [
            ("", "not empty"),
            ("a/b", "no /"),
            ("..", "dot"),
            (".hidden", "dot"),
            ("a\\b", "none of"),
            ("a\0b", "control"),
            ("CON", "device"),
            ("L\u{61}\u{308}nder", "NFC"),
            (&"x".repeat(256), "255 bytes"),
        ] {
            let refused = check_input_name(name).unwrap_err();
            assert!(refused.contains(rule) && refused.len() < 400, "{name:?}: {refused}");
        }
    }

    #[test]
    fn an_input_by_name_is_told_from_others() {
        assert_eq!(parts(&named_input("lookups", "zones")), Some(("lookups", "zones")));
        assert_eq!(parts("dataset"), None);
    }
}
