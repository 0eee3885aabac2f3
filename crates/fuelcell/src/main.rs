//! The `fuelcell` binary: command line, configuration, telemetry, and the one place where the rooms are put together.
//!
//! This crate knows every other one and decides nothing about jobs itself.

mod account;
mod answers;
mod backend;
mod backups;
mod bench;
mod build;
mod cache;
mod case;
mod cli;
mod config;
mod control;
mod data_dir;
mod dev;
mod ended;
mod engines;
mod explain;
mod from_job;
#[cfg(test)]
mod fuzz;
mod golden;
mod held;
mod help;
mod hostile;
mod identity;
mod inspect;
mod local_host;
mod manual;
mod metrics;
mod module;
mod new;
mod nodes;
mod operate;
mod private;
mod profile;
mod repeat;
mod retention;
mod run;
mod schema;
mod science;
mod script;
mod serve;
mod sessions;
mod syntax;
mod telemetry;
mod token;
mod told;

use cli::{Cli, Command, EngineCommand, Installable, ModuleCommand, TokenCommand};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Jobs and answers are made on one thread and dropped on another, which the C library's allocator does slowly: a fifth of
/// a no-op job's CPU time went there. The fuzz targets bring an allocator that counts.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What work on blocking threads has to end once a command has: a compiler can take minutes, and dies with this process.
const LAST_WORK: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    manual::answer_a_shell();
    let cli = help::parse();
    if let Command::Compile { arguments } = &cli.command {
        // Before anything else is started: the child limits itself first.
        return fuelcell_sandbox::compile_worker(arguments);
    }
    if let Command::RunCell = &cli.command {
        return fuelcell_sandbox::cell_worker();
    }
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) if error.is::<fuelcell_cli::Failure>() => {
            // What a server said has a code of its own.
            fuelcell_cli::ended(error.downcast().map_or(Ok(()), Err))
        }
        Err(error) => {
            tracing::error!("{error:#}");
            let remedy = match error.chain().any(fuelcell_cli::is_full) {
                true => format!("\n  {}", fuelcell_cli::MAKE_ROOM),
                false => String::new(),
            };
            // Also for those who have no log: commands other than `serve` set none up.
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("fuelcell: {error:#}{remedy}\n").as_bytes(),
            );
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let done = run_command(&runtime, cli);
    runtime.shutdown_timeout(LAST_WORK);
    done
}

/// What authors and clients make on a machine of their own is as open as they like.
fn is_authors_work(command: &Command) -> bool {
    matches!(
        command,
        Command::Run(_)
            | Command::Build(_)
            | Command::Dev(_)
            | Command::Profile(_)
            | Command::Module(_)
            | Command::New { .. }
            | Command::Test(_)
            | Command::BenchCell { .. }
            | Command::Client(_)
            | Command::Completions { .. }
            | Command::Explain { .. }
            | Command::Schema { .. }
            | Command::Man { .. }
    )
}

#[expect(clippy::too_many_lines, reason = "an arm for each command")]
fn run_command(runtime: &Runtime, cli: Cli) -> anyhow::Result<ExitCode> {
    if !is_authors_work(&cli.command) {
        private::be_private();
    }
    match cli.command {
        Command::Serve(flags) => runtime.block_on(serve::serve(config::load(cli.config, flags)?))?,
        Command::Config(flags) => config::print(&config::load(cli.config, flags)?)?,
        Command::Run(arguments) => {
            return match arguments.repeat {
                Some(times) => repeat::run(&arguments, times),
                None => runtime.block_on(run::run(arguments)),
            };
        }
        Command::Build(arguments) => runtime.block_on(build::run(&arguments))?,
        Command::Dev(arguments) => return runtime.block_on(dev::run(&arguments)),
        Command::Profile(arguments) => return runtime.block_on(profile::run(arguments)),
        Command::Test(arguments) => return golden::run(&arguments),
        Command::New { name, lang, sdk, output } => new::make(&name, lang, sdk.as_deref(), output)?,
        Command::Module(ModuleCommand::Pack { module, manifest, out }) => {
            runtime.block_on(module::pack(&module, manifest.as_deref(), out.as_deref()))?;
        }
        Command::Module(ModuleCommand::Online(command)) => {
            let packer = |folder: &Path| module::packed_folder(folder).map_err(|error| format!("{error:#}"));
            return Ok(fuelcell_cli::ended(fuelcell_cli::module(command, &packer)));
        }
        Command::Module(ModuleCommand::Inspect { module, output }) => inspect::run(&module, output)?,
        Command::Engine(EngineCommand::Add { file, name, version, data }) => {
            engines::add(&config::data(cli.config, data)?, &file, &name, &version)?;
        }
        Command::Engine(EngineCommand::Install {
            engine: Installable::PythonScience,
            from,
            version,
            data,
        }) => {
            science::install(&config::data(cli.config, data)?, from, &version)?;
        }
        Command::Engine(EngineCommand::List { data }) => engines::list(&config::data(cli.config, data)?)?,
        Command::Engine(EngineCommand::Remove { engine, data }) => {
            engines::remove(&config::data(cli.config, data)?, &engine)?;
        }
        Command::Check(flag) => return runtime.block_on(operate::check(&config::data(cli.config, flag)?)),
        Command::Backup { folder, data } => {
            return runtime.block_on(operate::backup(&config::data(cli.config, data)?, &folder));
        }
        Command::Restore { folder, data } => {
            return runtime.block_on(operate::restore(&folder, &config::data(cli.config, data)?));
        }
        Command::Export { data, out } => {
            runtime.block_on(operate::export(&config::data(cli.config, data)?, out.as_deref()))?;
        }
        Command::Compact(flag) => operate::compact(&config::data(cli.config, flag)?)?,
        Command::Token(TokenCommand::Reset { data, revoke_others }) => {
            runtime.block_on(token::reset(&config::data(cli.config, data)?, revoke_others))?;
        }
        Command::Token(TokenCommand::Online(command)) => {
            return Ok(fuelcell_cli::ended(fuelcell_cli::token(command)));
        }
        Command::Client(command) => {
            let differ = |first: &Path, second: &Path| {
                inspect::differences(first, second).map_err(|error| format!("{error:#}"))
            };
            return Ok(fuelcell_cli::ended(command.run(&differ)));
        }
        Command::Explain { code, output } => explain::explain(&code, output)?,
        Command::Schema { command } => schema::print(&command)?,
        Command::Completions { shell } => manual::completions(shell)?,
        Command::Man { folder } => manual::pages(&folder)?,
        // `main` has seen to it.
        Command::Compile { .. } | Command::RunCell => {}
        Command::BenchCell { module, runs, isolation } => {
            runtime.block_on(bench::cell(&module, runs, isolation.into()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
