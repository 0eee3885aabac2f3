//! What a job was made of, as files here: to run it again on this machine.

use crate::connection::{Connection, ConnectionFlags};
use crate::failure::{Exit, Failure, Outcome};
use crate::files::{download, inside};
use crate::http::{DOCUMENT, refusal};
use crate::operations::{DATASET_CONTENT, GET_DATASET, GET_JOB, JOB_RESULTS, VERSION_CONTENT};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// A job of a server, with what it was made of.
pub struct JobHere {
    connection: Connection,
    folder: PathBuf,
    /// What the server says of it: its status document.
    pub job: Value,
    /// Its parameters, as they were given.
    pub parameters: String,
    /// Its module, if it was wanted.
    pub module: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Detailed {
    parameters: Box<RawValue>,
}

/// Fetches a job into a folder, without its inputs. `wants_module` gets the digest of its module.
///
/// # Errors
/// Why it cannot be had.
pub fn job_here(
    flags: &ConnectionFlags,
    id: &str,
    folder: &Path,
    wants_module: impl FnOnce(&str) -> bool,
) -> Result<JobHere, Failure> {
    let connection = flags.open()?;
    let job = connection.send(GET_JOB, &[("jobId", id)])?;
    let parameters = parameters(&connection, id)?;
    let digest = job["module"]["digest"].as_str().unwrap_or_default();
    let module = wants_module(digest).then(|| module(&connection, &job["module"], folder)).transpose()?;
    Ok(JobHere { connection, folder: folder.to_owned(), job, parameters, module })
}

impl JobHere {
    /// Fetches its inputs, by their names: those that are wanted.
    ///
    /// # Errors
    /// Why one cannot be had, such as that a dataset has other bytes by now.
    pub fn inputs(&self, wants: impl Fn(&str) -> bool) -> Result<Vec<(String, PathBuf)>, Failure> {
        let listed = self.job["inputs"].as_array().into_iter().flatten();
        let wanted = listed.filter(|input| input["name"].as_str().is_some_and(&wants)).enumerate();
        wanted
            .map(|(number, one)| input(&self.connection, one, &self.folder.join(number.to_string())))
            .collect()
    }
}

/// As text: a reader of numbers might round them.
fn parameters(connection: &Connection, id: &str) -> Outcome<String> {
    let call = connection.call(JOB_RESULTS, &[("jobId", id)])?.query("format", Some("detailed"));
    let answer = connection.http.any(&call, None, String::new())?;
    if !answer.status().is_success() {
        return Err(refusal(&connection.http.server, answer));
    }
    let broken =
        |error: &dyn std::fmt::Display| Failure::here("the results of the job cannot be read", error);
    let text =
        answer.into_body().with_config().limit(DOCUMENT).read_to_string().map_err(|error| broken(&error))?;
    let detailed: Detailed = serde_json::from_str(&text).map_err(|error| broken(&error))?;
    Ok(detailed.parameters.get().to_owned())
}

fn module(connection: &Connection, module: &Value, folder: &Path) -> Outcome<PathBuf> {
    let [name, version, digest] =
        ["name", "version", "digest"].map(|member| module[member].as_str().unwrap_or_default());
    let call = connection.call(VERSION_CONTENT, &[("name", name), ("version", version)])?;
    let path = folder.join("module");
    download(&connection.http, &call, &path, Some(digest)).map_err(|failure| {
        failure.with_remedy(format!(
            "with the file of {name}@{version} this works: fuelcell run FILE --from-job ID"
        ))
    })?;
    Ok(path)
}

fn input(connection: &Connection, input: &Value, folder: &Path) -> Outcome<(String, PathBuf)> {
    let [name, dataset, digest, file] =
        ["name", "datasetId", "digest", "fileName"].map(|member| input[member].as_str().unwrap_or_default());
    let given = format!("give a copy of it: --in {name}=FILE");
    let conflict = |message: String| Failure::new(Exit::Conflict, message).with_remedy(given.clone());
    if dataset.is_empty() {
        return Err(conflict(format!("the input {name} of the job is no dataset")));
    }
    let fill = [("datasetId", dataset)];
    let now = connection.send(GET_DATASET, &fill).map_err(|failure| failure.with_remedy(given.clone()))?;
    if now["digest"] != digest {
        let message = format!("the dataset {dataset}, the input {name}, has other bytes than the job read");
        return Err(conflict(message));
    }
    let path = inside(folder, file).unwrap_or_else(|| folder.join("input"));
    download(&connection.http, &connection.call(DATASET_CONTENT, &fill)?, &path, Some(digest))?;
    Ok((name.to_owned(), path))
}
