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
    let links = links(delivery, artifacts, signing);
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

fn links(delivery: &Delivery, artifacts: &[Artifact], signing: &dyn Signing) -> Vec<Link> {
    let linked = artifacts.iter().take(MAX_LINKS).map(|artifact| {
        let name = &artifact.description.name;
        let url = signing.output_link(delivery.project, delivery.notice.job, name);
        Link { name: one_line(name), size: artifact.size, url }
    });
    linked.collect()
}

/// Tells other programs not to answer (RFC 3834).
fn automatic() -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned())
}

/// A text of others, which cannot begin another line or another header.
fn one_line(text: &str) -> String {
    // Unicode has two more characters that end lines, and are no controls.
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let clean: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::delivery::DeliveryState;
    use fuelcell_domain::notice::{Recipient, Webhook};
    use fuelcell_domain::outbound::SecretValue;
    use fuelcell_domain::{DeliveryId, ErrorCode, JobId, JobType, ProjectRef, Usage};
    use fuelcell_store::conformance::fixtures;
    use lettre::message::header::Subject;

    /// All that some reader takes for the end of a line.
    const BREAKS: [&str; 9] =
        ["\r\n", "\n", "\r", "\n\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"];

    struct Links;

    impl Signing for Links {
        fn keys(&self, _: &Webhook, _: Timestamp) -> Vec<SecretValue> {
            Vec::new()
        }

        fn output_link(&self, _: ProjectRef, _: JobId, _: &str) -> String {
            "https://jobs.example.com/downloads/x".to_owned()
        }

        fn public_url(&self) -> String {
            "https://jobs.example.com".to_owned()
        }
    }

    fn from() -> Mailbox {
        "Jobs <jobs@fuelcell.example>".parse().unwrap()
    }

    /// A letter in which every text of others is this one.
    fn delivery(text: &str) -> Delivery {
        let project = fixtures::project();
        let job = fixtures::job(project);
        let notice = Notice {
            job: job.id,
            ordinal: 7,
            name: text.to_owned(),
            job_type: JobType::Analysis,
            ending: JobEnding::Failed,
            error: Some((ErrorCode::GuestError, text.to_owned())),
            remark: Some(text.to_owned()),
            submitted_by: text.to_owned(),
            created_at: fixtures::at(1),
            started_at: Some(fixtures::at(2)),
            ended_at: fixtures::at(3),
            attempts: 1,
            records_processed: 0,
            usage: Usage::nothing(),
        };
        Delivery {
            id: DeliveryId::random(),
            project,
            to: Recipient::Mail("a@example.com".to_owned()),
            notice,
            state: DeliveryState::Sending,
            due_at: fixtures::at(4),
            number: 1,
            failures: 0,
            give_up_at: fixtures::at(5),
            tries: Vec::new(),
        }
    }

    #[test]
    fn no_text_of_others_begins_a_line_or_a_header() {
        for line_break in BREAKS {
            let text = format!("x{line_break}Bcc: c@example.com{line_break}y");
            let delivery = delivery(&text);
            let mut artifact = fixtures::artifact("out.txt");
            artifact.description.name = text;
            let artifacts = [artifact];
            let letter = compose(&from(), "a@example.com", &delivery, &artifacts, &Links).unwrap();
            let sent = String::from_utf8(letter.formatted()).unwrap();
            let head = sent.split_once("\r\n\r\n").unwrap().0;
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{line_break:?}: {head}");
            let subject = letter.headers().get::<Subject>().unwrap();
            assert_eq!(one_line(subject.as_ref()), *subject.as_ref());
            assert!(subject.as_ref().contains("Bcc"), "what it says stays");
            let links = links(&delivery, &artifacts, &Links);
            for body in [
                plain("head", &facts(&delivery.notice), &links, 0),
                markup("head", &facts(&delivery.notice), &links, 0),
            ] {
                let mut lines = body.split(['\r', '\n', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']);
                assert!(body.contains("Bcc: c@example.com"), "{body}");
                assert!(!lines.any(|line| line.trim_start().starts_with("Bcc")), "{line_break:?}: {body}");
            }
        }
    }

    #[test]
    fn an_address_with_more_than_an_address_gets_no_letter() {
        for address in ["a@example.com\r\nBcc: c@example.com", "a@example.com, c@example.com", "a", ""] {
            let refused = compose(&from(), address, &delivery("x"), &[], &Links).unwrap_err();
            assert!(refused.contains("is no address for e-mail"), "{address:?}: {refused}");
        }
    }
}
