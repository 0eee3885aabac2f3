//! `fuelcell webhook …`, `delivery …`, `mail-policy`: who is told of ended jobs.

use super::gone::{DryRun, would_go};
use crate::connection::Connection;
use crate::failure::{Failure, Outcome};
use crate::operations::{
    CHANGE_WEBHOOK, CREATE_WEBHOOK, DELETE_WEBHOOK, GET_DELIVERY, GET_MAIL_POLICY, GET_WEBHOOK,
    LIST_DELIVERIES, LIST_WEBHOOKS, PUT_MAIL_POLICY, RESEND_DELIVERY, ROTATE_WEBHOOK,
};
use crate::output::{self, Column, Form, done};
use crate::pages::{self, HowMany};
use crate::values::duration;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::time::Duration;

const WEBHOOKS: &[Column] = &[
    ("WEBHOOK", "webhookId", Form::Text),
    ("URL", "url", Form::Text),
    ("EVENTS", "events", Form::Text),
    ("ENABLED", "enabled", Form::Text),
    ("STOPPED", "stopped", Form::Text),
];

const DELIVERIES: &[Column] = &[
    ("DELIVERY", "deliveryId", Form::Text),
    ("EVENT", "event", Form::Text),
    ("STATUS", "status", Form::Text),
    ("CHANNEL", "channel", Form::Text),
    ("TRIES", "tries", Form::Number),
    ("NEXT", "nextTry", Form::Time),
    ("JOB", "jobId", Form::Text),
];

const POLICY: &[Column] =
    &[("domains", "domains", Form::Text), ("e-mails per hour", "emailsPerHour", Form::Text)];

/// What `fuelcell webhook` does.
#[derive(Subcommand)]
pub enum WebhookCommand {
    /// Have an address told of ended jobs, and print the secret that signs, for the only time.
    #[command(
        after_help = "Examples:\n  $ fuelcell webhook create https://hooks.example.com/fuelcell --event failed"
    )]
    Create {
        /// Address to tell, such as https://hooks.example.com/fuelcell.
        url: String,
        /// Which ends; absent = all.
        #[arg(long = "event", value_name = "END", value_parser = ["completed", "failed", "cancelled"])]
        events: Vec<String>,
    },
    /// List webhooks.
    #[command(after_help = "Examples:\n  $ fuelcell webhook list")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a webhook.
    #[command(after_help = "Examples:\n  $ fuelcell webhook show $WEBHOOK")]
    Show {
        /// Its id.
        webhook: String,
    },
    /// Change a webhook.
    #[command(
        after_help = "Examples:\n  $ fuelcell webhook change $WEBHOOK --event completed --enabled false"
    )]
    Change {
        /// Its id.
        webhook: String,
        /// New address.
        #[arg(long)]
        url: Option<String>,
        /// Which ends, instead of those before.
        #[arg(long = "event", value_name = "END", value_parser = ["completed", "failed", "cancelled"])]
        events: Vec<String>,
        /// Whether it is told anything.
        #[arg(long)]
        enabled: Option<bool>,
    },
    /// Make a new secret, and print it; the one before it holds on for a while.
    #[command(after_help = "Examples:\n  $ fuelcell webhook rotate $WEBHOOK --overlap 1h")]
    Rotate {
        /// Its id.
        webhook: String,
        /// For how long both hold, such as 1h.
        #[arg(long, value_name = "TIME", value_parser = duration)]
        overlap: Option<Duration>,
    },
    /// Delete a webhook.
    ///
    /// What it has not been told yet, it is not told.
    #[command(
        after_help = "Examples:\n  $ fuelcell webhook delete $WEBHOOK --dry-run\n  $ fuelcell webhook delete $WEBHOOK"
    )]
    Delete {
        /// Its id.
        webhook: String,
        #[command(flatten)]
        only: DryRun,
    },
}

/// What `fuelcell delivery` does.
#[derive(Subcommand)]
pub enum DeliveryCommand {
    /// List what was told, and what came of it.
    #[command(after_help = "Examples:\n  $ fuelcell delivery list --job $JOB")]
    List {
        /// Only those of this job.
        #[arg(long, value_name = "ID")]
        job: Option<String>,
        /// Only those in this state.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show a delivery with its latest tries.
    #[command(after_help = "Examples:\n  $ fuelcell delivery show $DELIVERY")]
    Show {
        /// Its id.
        delivery: String,
    },
    /// Send what a delivery tells again.
    #[command(after_help = "Example:\n  fuelcell delivery resend $DELIVERY")]
    Resend {
        /// Its id.
        delivery: String,
    },
}

/// Who may be told by e-mail, and how often.
#[derive(Args)]
pub struct MailPolicy {
    /// A domain to which e-mail may go, instead of those before; absent with the rest = it is shown.
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// How many in an hour.
    #[arg(long, value_name = "N")]
    per_hour: Option<u32>,
}

/// `fuelcell webhook …`
pub(crate) fn webhook(connection: &Connection, command: WebhookCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        WebhookCommand::Create { url, events } => {
            let body = json!({"url": url, "events": words(&events)});
            secret(connection, &http.send(&connection.call(CREATE_WEBHOOK, &[])?.json(body))?)
        }
        WebhookCommand::List { how_many } => {
            pages::list(http, connection.call(LIST_WEBHOOKS, &[])?, "webhooks", how_many, (format, WEBHOOKS))
        }
        WebhookCommand::Show { webhook } => {
            output::one(format, WEBHOOKS, &connection.send(GET_WEBHOOK, &[("webhookId", &webhook)])?)
        }
        WebhookCommand::Change { webhook, url, events, enabled } => {
            let mut body = json!({});
            let changes = [
                ("url", url.map(Value::from)),
                ("events", words(&events)),
                ("enabled", enabled.map(Value::from)),
            ];
            for (name, value) in changes {
                if let Some(value) = value {
                    body[name] = value;
                }
            }
            let call = connection.call(CHANGE_WEBHOOK, &[("webhookId", &webhook)])?;
            output::one(format, WEBHOOKS, &http.send(&call.json(body))?)
        }
        WebhookCommand::Rotate { webhook, overlap } => {
            let body = json!({"overlapSeconds": overlap.map(|time| time.as_secs())});
            let call = connection.call(ROTATE_WEBHOOK, &[("webhookId", &webhook)])?;
            secret(connection, &http.send(&call.json(body))?)
        }
        WebhookCommand::Delete { webhook, only } if only.dry_run => {
            let what = (GET_WEBHOOK, &[("webhookId", &webhook[..])]);
            would_go(connection, what, WEBHOOKS, "and what it has not been told yet, it would not be told")
        }
        WebhookCommand::Delete { webhook, .. } => {
            connection.send(DELETE_WEBHOOK, &[("webhookId", &webhook)])?;
            done(format, &format!("deleted {webhook}"), &json!({"webhookId": webhook}))
        }
    }
}

/// Ends as the API names them; none = as it is without.
fn words(events: &[String]) -> Option<Value> {
    let words: Vec<_> = events.iter().map(|event| format!("job.{event}")).collect();
    (!words.is_empty()).then(|| words.into())
}

fn secret(connection: &Connection, told: &Value) -> Outcome {
    let secret = told["secret"].as_str();
    let secret = secret.ok_or_else(|| Failure::here("the server's answer", "it has no secret"))?;
    done(connection.format, secret, told)
}

/// `fuelcell delivery …`
pub(crate) fn delivery(connection: &Connection, command: DeliveryCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        DeliveryCommand::List { job, status, how_many } => {
            let call = connection.call(LIST_DELIVERIES, &[])?.query("jobId", job).query("status", status);
            pages::list(http, call, "deliveries", how_many, (format, DELIVERIES))
        }
        DeliveryCommand::Show { delivery } => {
            output::one(format, DELIVERIES, &connection.send(GET_DELIVERY, &[("deliveryId", &delivery)])?)
        }
        DeliveryCommand::Resend { delivery } => {
            output::one(format, DELIVERIES, &connection.send(RESEND_DELIVERY, &[("deliveryId", &delivery)])?)
        }
    }
}

/// `fuelcell mail-policy`
pub(crate) fn mail_policy(connection: &Connection, wanted: &MailPolicy) -> Outcome {
    let mut policy = connection.send(GET_MAIL_POLICY, &[])?;
    if !wanted.domains.is_empty() {
        policy["domains"] = wanted.domains.clone().into();
    }
    if let Some(per_hour) = wanted.per_hour {
        policy["emailsPerHour"] = per_hour.into();
    }
    if !wanted.domains.is_empty() || wanted.per_hour.is_some() {
        policy = connection.http.send(&connection.call(PUT_MAIL_POLICY, &[])?.json(policy))?;
    }
    output::one(connection.format, POLICY, &policy)
}
