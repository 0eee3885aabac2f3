//! What an e-mail says: the same as plain text and as HTML.

use fuelcell_domain::notice::{JobEnding, Notice, Signing};
use fuelcell_domain::text::clipped;
use fuelcell_domain::{Artifact, Delivery, Timestamp};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use maud::{DOCTYPE, html};
use std::time::UNIX_EPOCH;

/// Bytes of a job's name in a subject.
const MAX_SUBJECT: usize = 150;
/// Outputs that an e-mail has links to.
const MAX_LINKS: usize = 20;

/// An output, with a link that opens without a token.
struct Link {
    name: String,
    size: u64,
    url: String,
}

/// The message of a delivery to one recipient.
pub(super) fn compose(
    from: &Mailbox,
    address: &str,
    delivery: &Delivery,
    artifacts: &[Artifact],
    signing: &dyn Signing,
) -> Result<Message, String> {
    let to: Result<Address, _> = address.parse();
    let to = to.map_err(|error| format!("{address:?} is no address for e-mail: {error}"))?;
    let notice = &delivery.notice;
    let links: Vec<Link> = artifacts
        .iter()
        .take(MAX_LINKS)
        .map(|artifact| {
            let name = &artifact.description.name;
            let url = signing.output_link(delivery.project, notice.job, name);
            Link { name: name.clone(), size: artifact.size, url }
        })
        .collect();
    let beyond = artifacts.len() - links.len();
    let name = one_line(&notice.name);
    let head = format!("{} {}", said_name(&name), word(notice.ending));
    let facts = facts(notice);
    let ended = UNIX_EPOCH + notice.ended_at.since(Timestamp(0));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(clipped(
            &format!("[Fuelcell] {}: {}", notice.ending.state().as_str(), subject(&name)),
            MAX_SUBJECT,
        ))
        .date(ended)
        .message_id(Some(format!("<{}@{}>", delivery.message_id(), from.email.domain())))
        .raw_header(automatic())
        .multipart(MultiPart::alternative_plain_html(
            plain(&head, &facts, &links, beyond),
            markup(&head, &facts, &links, beyond),
        ))
        .map_err(|error| format!("the message cannot be written: {error}"))
}

/// Tells other programs not to answer (RFC 3834).
fn automatic() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}

/// A text of others, which cannot begin another line or another header.
fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_owned()
}

fn said_name(name: &str) -> String {
    if name.is_empty() { "A job".to_owned() } else { format!("The job \u{201c}{name}\u{201d}") }
}

fn subject(name: &str) -> &str {
    if name.is_empty() { "a job" } else { name }
}

fn word(ending: JobEnding) -> &'static str {
    match ending {
        JobEnding::Completed => "completed.",
        JobEnding::Failed => "failed.",
        JobEnding::Cancelled => "was cancelled.",
    }
}

/// What is told, line by line.
fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some((code, message)) = &notice.error {
        facts.push(("Error", format!("{code}: {}", one_line(message))));
    }
    facts.extend(notice.remark.as_ref().map(|remark| ("Remark", one_line(remark))));
    facts.push(("Type", notice.job_type.as_str().to_owned()));
    facts.push(("Job", format!("{} (number {})", notice.job, notice.ordinal)));
    facts.push((
        "Submitted",
        format!("{} by {}", notice.created_at.to_rfc3339(), one_line(&notice.submitted_by)),
    ));
    facts.extend(notice.started_at.map(|at| ("Started", at.to_rfc3339())));
    facts.push(("Ended", notice.ended_at.to_rfc3339()));
    facts.push(("Attempts", notice.attempts.to_string()));
    if notice.attempts > 0 {
        let usage = &notice.usage;
        facts.push(("Records processed", notice.records_processed.to_string()));
        facts.push(("Run time", format!("{:.1} s", usage.wall_micros as f64 / 1e6)));
        facts.push(("Processor time", format!("{:.1} s", usage.cpu_micros as f64 / 1e6)));
        facts.push(("Peak memory", mebibytes(usage.peak_memory_bytes)));
        facts.extend(usage.fuel.units().map(|units| ("Fuel", units.to_string())));
    }
    facts
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 20 { format!("{bytes} bytes") } else { mebibytes(bytes) }
}

const LINKS: &str = "Outputs; the links open without a token, and expire";

fn plain(head: &str, facts: &[(&str, String)], links: &[Link], beyond: usize) -> String {
    let mut text = format!("{head}\n\n");
    for (name, value) in facts {
        text += &format!("{name}: {value}\n");
    }
    if !links.is_empty() {
        text += &format!("\n{LINKS}:\n");
    }
    for Link { name, size: bytes, url } in links {
        text += &format!("- {name} ({})\n  {url}\n", size(*bytes));
    }
    if beyond > 0 {
        text += &format!("- and {beyond} more\n");
    }
    text
}

fn markup(head: &str, facts: &[(&str, String)], links: &[Link], beyond: usize) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (head) } }
            body style="font-family: sans-serif; line-height: 1.4" {
                h1 style="font-size: 1.2em" { (head) }
                table style="border-collapse: collapse" {
                    @for (name, value) in facts {
                        tr {
                            th scope="row" style="text-align: left; padding-right: 1em; vertical-align: top" { (name) }
                            td { (value) }
                        }
                    }
                }
                @if !links.is_empty() {
                    p { (LINKS) ":" }
                    ul {
                        @for Link { name, size: bytes, url } in links {
                            li { a href=(url) { (name) } " (" (size(*bytes)) ")" }
                        }
                        @if beyond > 0 { li { "and " (beyond) " more" } }
                    }
                }
            }
        }
    }
    .into_string()
}
