//! The help of the whole program: its commands by what somebody is about to do.

use crate::cli::Cli;
use clap::{Command, CommandFactory, FromArgMatches};
use std::fmt::Write as _;

/// Groups of commands, in the order in which most people come to need them.
const GROUPS: &[(&str, &str)] = &[
    ("Write jobs", "new dev build run test profile module"),
    ("Use a server", "login logout profiles whoami job view diff dataset pipeline parameters usage top api"),
    ("Administer projects", "tenant project token password secret grant webhook delivery mail-policy audit"),
    ("Run a server", "serve config engine system check backup restore export compact"),
    ("Find out", "doctor explain schema completions man"),
];

/// Groups with the names of their commands.
fn groups() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    GROUPS.iter().map(|(group, names)| (*group, names.split(' ')))
}

/// What the command line says; ends the program when it says nothing that is understood.
pub(crate) fn parse() -> Cli {
    let matches = command().get_matches();
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn command() -> Command {
    let command = Cli::command();
    let commands = grouped(&command);
    let heading = command.get_styles().get_header();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{commands}{heading}Options:{heading:#}\n{{options}}{{after-help}}"
    );
    command.help_template(template)
}

fn grouped(command: &Command) -> String {
    let styles = command.get_styles();
    let (heading, literal) = (styles.get_header(), styles.get_literal());
    let width = groups().flat_map(|(_, names)| names).map(str::len).max().unwrap_or(0);
    let mut text = String::new();
    for (group, names) in groups() {
        let _ = writeln!(text, "{heading}{group}:{heading:#}");
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {literal}{name:width$}{literal:#}  {about}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_command_is_in_one_group() {
        let named: Vec<_> = groups().flat_map(|(_, names)| names).collect();
        let command = Cli::command();
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        let there: BTreeSet<_> = visible.map(Command::get_name).collect();
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), there);
        assert_eq!(named.len(), there.len(), "none is in two");
    }
}
