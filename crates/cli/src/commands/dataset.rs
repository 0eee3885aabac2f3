//! `fuelcell dataset …`: files of a project that jobs read.

use super::gone::{DryRun, would_go};
use crate::complete;
use crate::connection::Connection;
use crate::documents::{Files, document};
use crate::failure::{Failure, Outcome};
use crate::files::{self, check_free};
use crate::operations::{
    DATASET_CONTENT, DELETE_DATASET, DELETE_UPLOAD, GET_DATASET, LIST_DATASETS, LIST_UPLOADS, PUT_DATASET,
};
use crate::output::{self, Column, Form, done};
use crate::pages::{self, HowMany};
use crate::uploads::{self, Wish};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use uuid::Uuid;

const DATASETS: &[Column] = &[
    ("DATASET", "datasetId", Form::Text),
    ("NAME", "name", Form::Text),
    ("SIZE", "size", Form::Bytes),
    ("ROWS", "rowCount", Form::Number),
    ("UPDATED", "lastUpdated", Form::Time),
    ("BY", "uploadedBy", Form::Text),
];

const DATASET: &[Column] = &[
    ("dataset", "datasetId", Form::Text),
    ("name", "name", Form::Text),
    ("size", "size", Form::Bytes),
    ("rows", "rowCount", Form::Text),
    ("media type", "mediaType", Form::Text),
    ("digest", "digest", Form::Text),
    ("uploaded by", "uploadedBy", Form::Text),
    ("updated", "lastUpdated", Form::Time),
];

const UPLOADS: &[Column] = &[
    ("UPLOAD", "uploadId", Form::Text),
    ("DATASET", "datasetId", Form::Text),
    ("NAME", "name", Form::Text),
    ("HAS COME", "offset", Form::Bytes),
    ("SIZE", "size", Form::Bytes),
    ("UNTIL", "dateExpires", Form::Time),
    ("BY", "begunBy", Form::Text),
];

/// What `fuelcell dataset` does.
#[derive(Subcommand)]
pub enum DatasetCommand {
    /// Upload a file as a dataset, or make one of a job's output, and print its id.
    ///
    /// A file of 8 MiB or more comes in parts. When the connection breaks they are sent again, until nothing came for about two
    /// minutes; when the command ends before its upload does, the same command goes on where it stopped. A server keeps what
    /// has come for a day, unless its setting service.upload_seconds says otherwise.
    #[command(
        after_help = "Examples:\n  $ fuelcell dataset put orders.csv\n  $ fuelcell dataset put orders.csv --id $DATASET --name 'orders of May.csv'\n  $ fuelcell dataset put --from-job $JOB --artifact copy.txt"
    )]
    Put(Put),
    /// Download a dataset, from where an earlier download broke off.
    #[command(
        after_help = "Examples:\n  $ fuelcell dataset get $DATASET --out copy.csv\n  $ fuelcell dataset get $DATASET --out - | head -n 3"
    )]
    Get {
        /// The dataset's id.
        #[arg(add = complete::datasets())]
        dataset: String,
        /// The file to write, - for standard output; absent = the dataset's name, here.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Replace a file that is there.
        #[arg(long)]
        force: bool,
    },
    /// List uploads that are not finished.
    #[command(after_help = "Examples:\n  $ fuelcell dataset uploads")]
    Uploads,
    /// Give up an upload that is not finished: what has come of it goes.
    #[command(after_help = "Examples:\n  $ fuelcell dataset abandon $UPLOAD")]
    Abandon {
        /// The upload's id.
        #[arg(add = complete::uploads())]
        upload: String,
    },
    /// List datasets.
    #[command(after_help = "Examples:\n  $ fuelcell dataset list --output csv")]
    List {
        #[command(flatten)]
        how_many: HowMany,
    },
    /// Show what is known of a dataset.
    #[command(after_help = "Examples:\n  $ fuelcell dataset show $DATASET")]
    Show {
        /// The dataset's id.
        #[arg(add = complete::datasets())]
        dataset: String,
    },
    /// Delete a dataset that no unfinished job and no pipeline uses.
    ///
    /// What ended jobs read stays with them.
    #[command(
        after_help = "Examples:\n  $ fuelcell dataset delete $SPARE_DATASET --dry-run\n  $ fuelcell dataset delete $SPARE_DATASET"
    )]
    Delete {
        /// The dataset's id.
        #[arg(add = complete::datasets())]
        dataset: String,
        #[command(flatten)]
        only: DryRun,
    },
}

/// A file to upload.
#[derive(Args)]
pub struct Put {
    /// File to upload.
    #[arg(required_unless_present = "from_job", conflicts_with = "from_job")]
    file: Option<PathBuf>,
    /// The dataset's id; absent = a new one. A dataset of this id is replaced for later jobs.
    #[arg(long)]
    id: Option<Uuid>,
    /// Name of the dataset; absent = that of the file. Its ending says what is in it.
    #[arg(long)]
    name: Option<String>,
    /// Begin anew, and give up an earlier upload of this file that is not finished.
    #[arg(long, conflicts_with = "from_job")]
    no_resume: bool,
    /// Ended job whose output becomes the dataset.
    #[arg(long, value_name = "ID", requires = "artifact")]
    from_job: Option<String>,
    /// Name of that output.
    #[arg(long, value_name = "NAME", requires = "from_job")]
    artifact: Option<String>,
}

/// `fuelcell dataset …`
pub(crate) fn run(connection: &Connection, command: DatasetCommand) -> Outcome {
    let (http, format) = (&connection.http, connection.format);
    match command {
        DatasetCommand::Put(put) => run_put(connection, &put),
        DatasetCommand::Get { dataset, out, force } => get(connection, &dataset, out, force),
        DatasetCommand::Uploads => {
            let told = connection.send(LIST_UPLOADS, &[])?;
            output::list(format, UPLOADS, told["uploads"].as_array().map_or(&[], Vec::as_slice))
        }
        DatasetCommand::Abandon { upload } => {
            connection.send(DELETE_UPLOAD, &[("uploadId", &upload)])?;
            done(format, &format!("gave up upload {upload}"), &json!({"uploadId": upload}))
        }
        DatasetCommand::List { how_many } => {
            pages::list(http, connection.call(LIST_DATASETS, &[])?, "datasets", how_many, (format, DATASETS))
        }
        DatasetCommand::Show { dataset } => {
            output::one(format, DATASET, &connection.send(GET_DATASET, &[("datasetId", &dataset)])?)
        }
        DatasetCommand::Delete { dataset, only } if only.dry_run => {
            let what = (GET_DATASET, &[("datasetId", &dataset[..])]);
            would_go(connection, what, DATASET, "but what ended jobs read stays with them")
        }
        DatasetCommand::Delete { dataset, .. } => {
            connection.send(DELETE_DATASET, &[("datasetId", &dataset)])?;
            done(format, &format!("deleted dataset {dataset}"), &json!({"datasetId": dataset}))
        }
    }
}

fn run_put(connection: &Connection, put: &Put) -> Outcome {
    let told = match &put.file {
        Some(file) => put_file(connection, put, file)?,
        None => {
            let id = put.id.unwrap_or_else(Uuid::new_v4).to_string();
            let call = connection.call(PUT_DATASET, &[("datasetId", &id)])?;
            let call = call.query("name", put.name.as_ref()).query("fromJob", put.from_job.as_ref());
            connection.http.send(&call.query("artifact", put.artifact.as_ref()))?
        }
    };
    done(connection.format, told["datasetId"].as_str().unwrap_or_default(), &told)
}

fn put_file(connection: &Connection, put: &Put, path: &Path) -> Outcome<Value> {
    let name = put.name.clone().unwrap_or_else(|| files::name(path));
    let dataset = put.id.map(|id| id.to_string());
    let wish = Wish { path, name: &name, dataset: dataset.as_deref(), anew: put.no_resume };
    uploads::put(connection, &wish)
}

fn get(connection: &Connection, dataset: &str, out: Option<PathBuf>, force: bool) -> Outcome {
    let call = connection.call(DATASET_CONTENT, &[("datasetId", dataset)])?;
    if out.as_deref() == Some(Path::new("-")) {
        let answer = connection.http.open(&call)?;
        let copied = io::copy(&mut answer.into_body().into_reader(), &mut io::stdout());
        return match copied {
            // Whoever reads has read enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            copied => copied.map(drop).map_err(|error| Failure::unwritten("the download broke off", error)),
        };
    }
    let known = connection.send(GET_DATASET, &[("datasetId", dataset)])?;
    let name = known["name"].as_str().unwrap_or_default();
    let place = match out {
        Some(out) => out,
        None => files::inside(Path::new("."), name)
            .ok_or_else(|| Failure::usage(format!("no file here can be called {name:?}: say --out FILE")))?,
    };
    check_free(&place, force)?;
    files::download(&connection.http, &call, &place, known["digest"].as_str())?;
    let told = document(&Files { files: vec![place.clone()] });
    done(connection.format, &place.display().to_string(), &told)
}
