//! The client's side of the command line: servers, projects and jobs over the public API.
//!
//! This crate knows HTTP and the API that everybody can use. It must not know stores, the sandbox, the service, or how a
//! server is made: what it does, another client can do as well.

mod begun;
mod commands;
mod complete;
mod connection;
mod documents;
mod events;
mod failure;
mod files;
mod http;
mod interrupt;
mod operations;
pub mod output;
mod pages;
mod profile;
mod uploads;
mod values;

pub use commands::access::TokenCommand;
pub use commands::diff::Differ;
pub use commands::job::here::{JobHere, job_here};
pub use commands::module::{ModuleCommand, Packer};
pub use complete::named_files;
pub use connection::{ConnectionFlags, VARIABLES};
pub use documents::{Difference, Effect, schema_of, schemas};
pub use failure::{Failure, MAKE_ROOM, first_error, is_full, nearest};
pub use output::Format;

use clap::{Args, Subcommand};
use commands::{
    access, api, dataset, diff, doctor, job, login, module, notify, pipeline, saved, secret, system, tenancy,
    top,
};
use std::process::ExitCode;

/// Commands that ask a server.
#[derive(Subcommand)]
pub enum ClientCommand {
    /// Sign in: ask a server whose a token is, and keep both as a profile.
    ///
    /// The token is that of --token-file or FUELCELL_TOKEN, or is read from standard input. It lies in a file that only
    /// its owner can read.
    #[command(
        after_help = "Examples:\n  $ fuelcell login --server $FUELCELL_SERVER --token-file token\n  $ fuelcell login staging --server $FUELCELL_SERVER < token"
    )]
    Login(login::Login),
    /// Forget a profile with its token.
    #[command(after_help = "Examples:\n  $ fuelcell logout $PROFILE")]
    Logout(login::Logout),
    /// List profiles, and choose which one holds.
    #[command(subcommand)]
    Profiles(login::ProfilesCommand),
    /// Show whom the server takes the token for, and where commands go.
    #[command(
        after_help = "Examples:\n  $ fuelcell whoami\n  $ fuelcell whoami --output json",
        name = "whoami"
    )]
    WhoAmI(login::WhoAmI),
    /// Check profiles, server, token, clock and tools of authors, and name a remedy for each fault.
    ///
    /// Ends with 1 when something is wrong. Tools that are missing are told, and no fault. Nothing is changed without --fix.
    #[command(after_help = "Examples:\n  $ fuelcell doctor\n  $ fuelcell doctor --output json")]
    Doctor(doctor::Doctor),
    /// Submit, follow, fetch, cancel and retry jobs.
    Job(Online<job::JobCommand>),
    /// Compare two jobs that have ended, two folders of outputs, or two modules.
    ///
    /// Of jobs these are module, limits, inputs, parameters, end, figures and outputs. Ends with 1 when they did not
    /// come to the same: another end, or other outputs.
    ///
    /// Of modules, which are files or folders of scripts, these are sizes by section, imports, what they want to reach,
    /// manifest and parameters. A change is `breaking`, `compatible`, needs a `grant`, or has no effect for callers; the
    /// last row is what a server answers to an upload of each. Ends with 1 when something breaks, or an upload would be
    /// refused.
    ///
    /// Ends with 2 when they cannot be compared.
    #[command(
        after_help = "Examples:\n  $ fuelcell diff $JOB $SPARE_JOB\n  $ fuelcell diff word-count.wasm word-count.wasm\n  $ fuelcell new one --lang python; fuelcell diff one one --output json"
    )]
    Diff(OnlineArguments<diff::Diff>),
    /// Upload, download and manage datasets: files that jobs read.
    Dataset(Online<dataset::DatasetCommand>),
    /// Manage pipelines: settings of which jobs are made again and again.
    Pipeline(Online<pipeline::PipelineCommand>),
    /// Save filters of the list of jobs under a name.
    View(Online<saved::ViewCommand>),
    /// Save parameters of modules under a name.
    Parameters(Online<saved::ParametersCommand>),
    /// Manage secrets that jobs may send or sign with.
    Secret(Online<secret::SecretCommand>),
    /// Show and set what modules may reach.
    Grant(Online<secret::GrantCommand>),
    /// Manage application passwords.
    Password(Online<access::PasswordCommand>),
    /// Show who did what.
    #[command(after_help = "Examples:\n  $ fuelcell audit --limit 20")]
    Audit(OnlineArguments<access::Audit>),
    /// Show how the server does, and have it make a backup.
    System(Online<system::SystemCommand>),
    /// Show nodes, queue, tenants and running jobs, live in the terminal.
    ///
    /// Operators see the whole server, unless they name a project. A role in a project sees the queue and the jobs of
    /// that project, and the figures of its tenant. Fuel per second is the difference of two readings, so that it is
    /// not known at first. A server that goes away is waited for.
    #[command(
        after_help = "Examples:\n  $ fuelcell top --once\n  $ fuelcell top --once --output json\n\nKeys: q, Esc or Ctrl-C end · s sorts by the next column, r the other way round · ↑ ↓ move · p pauses"
    )]
    Top(OnlineArguments<top::Top>),
    /// Sum what jobs used: fuel, CPU, memory-seconds, bytes, attempts.
    #[command(
        after_help = "Examples:\n  $ fuelcell usage --group-by day,module\n  $ fuelcell usage --hours 24\n  $ fuelcell usage --everywhere --output csv"
    )]
    Usage(OnlineArguments<system::Usage>),
    /// Manage the tenants of a server.
    Tenant(Online<tenancy::TenantCommand>),
    /// Manage the projects of a tenant.
    Project(Online<tenancy::ProjectCommand>),
    /// Manage addresses that are told of ended jobs.
    Webhook(Online<notify::WebhookCommand>),
    /// Show what was told of ended jobs, and what came of it.
    Delivery(Online<notify::DeliveryCommand>),
    /// Show or set who may be told by e-mail, and how often.
    #[command(
        after_help = "Examples:\n  $ fuelcell mail-policy\n  $ fuelcell mail-policy --domain example.com --per-hour 20"
    )]
    MailPolicy(OnlineArguments<notify::MailPolicy>),
    /// Send any request of the API.
    #[command(
        after_help = "Examples:\n  $ fuelcell api GET execution/jobs\n  $ fuelcell api GET /api/{tenantId}/{projectId}/datasets --all datasets\n  $ fuelcell api PUT secrets/colour --field value=red --curl"
    )]
    Api(OnlineArguments<api::Api>),
}

/// Commands with the flags of a server.
#[derive(Args)]
pub struct Online<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    #[command(flatten)]
    connection: ConnectionFlags,
}

/// One command with the flags of a server.
#[derive(Args)]
pub struct OnlineArguments<A: Args> {
    #[command(flatten)]
    arguments: A,
    #[command(flatten)]
    connection: ConnectionFlags,
}

impl ClientCommand {
    /// Does it. `differ` knows modules.
    pub fn run(self, differ: Differ<'_>) -> Result<(), Failure> {
        match self {
            Self::Login(arguments) => login::login(&arguments),
            Self::Logout(arguments) => login::logout(&arguments),
            Self::Profiles(command) => login::profiles(&command),
            Self::WhoAmI(arguments) => login::whoami(&arguments),
            Self::Doctor(arguments) => doctor::run(&arguments),
            Self::Job(job) => job::run(&job.connection.open()?, job.command),
            Self::Diff(diff) => diff::run(&diff.connection, &diff.arguments, differ),
            Self::Dataset(dataset) => dataset::run(&dataset.connection.open()?, dataset.command),
            Self::Pipeline(pipeline) => pipeline::run(&pipeline.connection.open()?, pipeline.command),
            Self::View(view) => saved::view(&view.connection.open()?, view.command),
            Self::Parameters(sets) => saved::parameters(&sets.connection.open()?, sets.command),
            Self::Secret(secret) => secret::secret(&secret.connection.open()?, secret.command),
            Self::Grant(grant) => secret::grant(&grant.connection.open()?, grant.command),
            Self::Password(password) => access::password(&password.connection.open()?, password.command),
            Self::Audit(audit) => access::audit(&audit.connection.open()?, &audit.arguments),
            Self::System(system) => system::run(&system.connection, &system.command),
            Self::Top(top) => top::run(top.connection.open()?, &top.arguments),
            Self::Usage(usage) => system::usage(&usage.connection.open()?, &usage.arguments),
            Self::Tenant(tenant) => tenancy::tenant(&tenant.connection.open()?, tenant.command),
            Self::Project(project) => tenancy::project(&project.connection.open()?, project.command),
            Self::Webhook(webhook) => notify::webhook(&webhook.connection.open()?, webhook.command),
            Self::Delivery(delivery) => notify::delivery(&delivery.connection.open()?, delivery.command),
            Self::MailPolicy(policy) => notify::mail_policy(&policy.connection.open()?, &policy.arguments),
            Self::Api(api) => api::run(&api.connection.open()?, &api.arguments),
        }
    }
}

/// `fuelcell module push|list|…`
pub fn module(command: ModuleCommand, packer: Packer<'_>) -> Result<(), Failure> {
    module::run(command, packer)
}

/// `fuelcell token create|list|revoke`
pub fn token(command: TokenCommand) -> Result<(), Failure> {
    access::token(command)
}

/// Says how a command ended: why it did not do what it was to do, on standard error, and the code.
pub fn ended(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&format!("fuelcell: {failure}"));
            failure.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientCommand, ModuleCommand, TokenCommand};
    use clap::{Command, Subcommand};

    #[test]
    fn no_command_contradicts_itself() {
        for augment in [
            ClientCommand::augment_subcommands,
            ModuleCommand::augment_subcommands,
            TokenCommand::augment_subcommands,
        ] {
            augment(Command::new("fuelcell")).debug_assert();
        }
    }
}
