//! `fuelcell run --from-job`: what a job of a server was made of, run here, and whether it came to the same.

use crate::cli::RunArguments;
use crate::serve::BUILT_IN;
use crate::told::ComparedTold;
use anyhow::Context;
use fuelcell_cli::{JobHere, job_here};
use fuelcell_domain::{Digest, Fuel, LimitRequest, Receipt, RunEnd};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A job that was fetched.
pub(crate) struct FromJob {
    fetched: JobHere,
    /// The module, unless another one is to be run in its place.
    pub(crate) module: Option<Vec<u8>>,
    /// The files of its inputs go with this.
    _files: TempDir,
}

impl FromJob {
    /// Fetches the job that the arguments name, without what they bring themselves.
    pub(crate) fn fetch(arguments: &RunArguments, id: &str) -> anyhow::Result<Self> {
        let files = TempDir::new()?;
        let built_in = |digest: &str| {
            BUILT_IN
                .iter()
                .find(|(_, bytes)| Digest::of(bytes).to_string() == digest)
                .map(|(_, bytes)| *bytes)
        };
        let wants_module = |digest: &str| arguments.module.is_none() && built_in(digest).is_none();
        let fetched = job_here(&arguments.connection, id, files.path(), wants_module)?;
        let module = match (&arguments.module, &fetched.module) {
            (Some(_), _) => None,
            (None, Some(file)) => Some(fs::read(file)?),
            (None, None) => {
                let digest = fetched.job["module"]["digest"].as_str().unwrap_or_default();
                Some(built_in(digest).context("the job has no module")?.to_vec())
            }
        };
        Ok(Self { fetched, module, _files: files })
    }

    /// Its parameters, as they were given.
    pub(crate) fn parameters(&self) -> anyhow::Result<Map<String, Value>> {
        serde_json::from_str(&self.fetched.parameters).context("the job's parameters are no JSON object")
    }

    /// The text of its parameters.
    pub(crate) fn parameters_text(&self) -> &str {
        &self.fetched.parameters
    }

    /// Its inputs by name, without those that are given here.
    pub(crate) fn inputs(&self, given: &[(String, PathBuf)]) -> anyhow::Result<Vec<(String, PathBuf)>> {
        let wants = |name: &str| given.iter().all(|(other, _)| other != name);
        Ok(tokio::task::block_in_place(|| self.fetched.inputs(wants))?)
    }

    /// Its limits.
    pub(crate) fn limits(&self) -> LimitRequest {
        let limits = &self.fetched.job["limits"];
        let number = |name: &str| limits[name].as_u64();
        LimitRequest {
            fuel: number("fuel"),
            memory_bytes: number("memoryBytes"),
            disk_bytes: number("diskBytes"),
            timeout_seconds: number("timeoutSeconds"),
        }
    }

    /// The seed of its last attempt, if that was deterministic.
    pub(crate) fn seed(&self) -> anyhow::Result<Option<u64>> {
        match self.receipt()["deterministic"]["seed"].as_str() {
            Some(seed) => Ok(Some(u64::from_str_radix(seed, 16).context("the receipt's seed is no number")?)),
            None => Ok(None),
        }
    }

    fn receipt(&self) -> &Value {
        &self.fetched.job["receipt"]
    }

    /// Whether the run here came to the same.
    pub(crate) fn compared(&self, end: &RunEnd, receipt: &Receipt) -> Compared {
        let job = &self.fetched.job;
        let here: BTreeMap<_, _> =
            receipt.outputs.iter().map(|(name, digest)| (name.clone(), digest.to_string())).collect();
        let there = self.receipt()["outputs"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let there: BTreeMap<_, _> =
            there.map(|output| (text(&output["name"]), text(&output["digest"]))).collect();
        let names = here.keys().chain(there.keys());
        let mut differing: Vec<String> =
            names.filter(|name| here.get(*name) != there.get(*name)).cloned().collect();
        differing.sort();
        differing.dedup();
        let code = match end {
            RunEnd::Failed(error) => Value::from(error.code.to_string()),
            RunEnd::Completed(_) | RunEnd::Stopped => Value::Null,
        };
        let fuel = match receipt.usage.fuel {
            Fuel::Exact(units) => Some(units),
            Fuel::AtLeast(_) | Fuel::Unknown => None,
        };
        Compared {
            job: text(&job["jobId"]),
            status: text(&job["status"]),
            same_module: job["module"]["digest"] == receipt.module.to_string()
                && job["module"]["engine"]["digest"].as_str()
                    == receipt.script_engine.map(|digest| digest.to_string()).as_deref(),
            same_engine: self.receipt()["engine"] == receipt.engine,
            same_end: job["error"]["code"] == code
                && (job["status"] == "Completed") == matches!(end, RunEnd::Completed(_)),
            same_fuel: fuel.zip(self.receipt()["fuel"].as_u64()).map(|(here, there)| here == there),
            differing,
            lowered: self.lowered(receipt),
        }
    }

    /// Names of the limits that are lower here than the job's, with both.
    fn lowered(&self, receipt: &Receipt) -> Vec<String> {
        let (of_job, here) = (self.limits(), receipt.limits);
        let pairs = [
            ("fuel", of_job.fuel, here.fuel),
            ("memory bytes", of_job.memory_bytes, Some(here.memory_bytes)),
            ("disk bytes", of_job.disk_bytes, Some(here.disk_bytes)),
            ("timeout in seconds", of_job.timeout_seconds, Some(here.timeout_seconds)),
        ];
        let lower = pairs.into_iter().filter_map(|(name, of_job, here)| {
            let (of_job, here) = (of_job?, here?);
            (here < of_job).then(|| format!("{name} {here} of {of_job}"))
        });
        lower.collect()
    }
}

/// A run here beside the job that it stands for.
pub(crate) struct Compared {
    job: String,
    status: String,
    same_module: bool,
    same_engine: bool,
    same_end: bool,
    /// None where one of them has no exact figure.
    same_fuel: Option<bool>,
    /// Names of outputs that are not the same, or of one of them only.
    differing: Vec<String>,
    /// Limits that are lower here.
    lowered: Vec<String>,
}

impl Compared {
    /// For programs.
    pub(crate) fn told(&self) -> ComparedTold {
        ComparedTold {
            job_id: self.job.clone(),
            status: self.status.clone(),
            same_module: self.same_module,
            same_engine: self.same_engine,
            same_end: self.same_end,
            same_fuel: self.same_fuel,
            same_outputs: self.differing.is_empty(),
            differing_outputs: self.differing.clone(),
            lowered_limits: self.lowered.clone(),
        }
    }

    /// For people.
    pub(crate) fn as_text(&self) -> String {
        let word = |same: bool| if same { "the same" } else { "another" };
        let fuel = self.same_fuel.map_or("fuel unknown".to_owned(), |same| format!("{} fuel", word(same)));
        let mut text = format!(
            "beside job {} ({}): {} module, {} end, {fuel}, ",
            self.job,
            self.status,
            word(self.same_module),
            word(self.same_end)
        );
        text += &match self.differing.is_empty() {
            true => "the same outputs\n".to_owned(),
            false => format!("other outputs: {}\n", self.differing.join(", ")),
        };
        if !self.lowered.is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "limits that are lower here than the job's: {}", self.lowered.join(", "));
        }
        if !self.same_engine {
            // Writing to a String cannot fail.
            let _ =
                writeln!(text, "the engine is another one than the server's: its fuel may count otherwise");
        }
        text
    }
}
