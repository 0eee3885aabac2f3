//! A golden case of `fuelcell test`: what it gives a run, and how that went.

use anyhow::{Context, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// `case.json`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Asked {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) parameters: Map<String, Value>,
    /// The code with which the run fails; absent = it completes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// The most fuel that it may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fuel_at_most: Option<u64>,
}

/// How a case went.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    pub(crate) case: String,
    pub(crate) passed: bool,
    /// What is not as it was expected.
    pub(crate) differences: Vec<String>,
    pub(crate) fuel: Option<u64>,
    pub(crate) seconds: Option<f64>,
    /// How it ended, where nothing was expected of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<String>,
}

/// What a case gives a run.
pub(crate) struct Given {
    pub(crate) asked: Asked,
    /// By the names of inputs.
    pub(crate) inputs: BTreeMap<String, PathBuf>,
    /// Answers to requests.
    pub(crate) answers: Option<PathBuf>,
}

impl Given {
    /// The same with other files.
    pub(crate) fn with(&self, inputs: BTreeMap<String, PathBuf>, answers: Option<PathBuf>) -> Self {
        Self { asked: self.asked.clone(), inputs, answers }
    }

    /// Reads the folder of a case.
    pub(crate) fn read(case: &Path) -> anyhow::Result<Self> {
        let asked: Asked = match fs::read_to_string(case.join("case.json")) {
            Ok(text) => serde_json::from_str(&text).context("case.json is not usable")?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Asked::default(),
            Err(error) => return Err(error).context("case.json cannot be read"),
        };
        let inputs = files(&case.join("in"))?.into_iter().map(|(name, file)| {
            let (folder, name) = name.rsplit_once('/').map_or((None, &name[..]), |(a, b)| (Some(a), b));
            let stem = name.split('.').next().unwrap_or(name);
            (folder.map_or_else(|| stem.to_owned(), |folder| format!("{folder}/{stem}")), file)
        });
        let answers = Some(case.join("http.json")).filter(|file| file.is_file());
        Ok(Self { inputs: inputs.collect(), answers, asked })
    }

    /// Runs the module on it, deterministically, and returns what `run --json` tells.
    pub(crate) fn run(&self, module: &Path, options: &[String], out: &Path) -> anyhow::Result<Value> {
        let scratch = TempDir::new()?;
        let parameters = scratch.path().join("parameters.json");
        fs::write(&parameters, Value::Object(self.asked.parameters.clone()).to_string())?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("run").arg(module).args(["--json", "--deterministic", "--out"]).arg(out);
        command.arg("--parameters-file").arg(&parameters).args(options);
        if let Some(answers) = &self.answers {
            command.arg("--http").arg(answers);
        }
        for (name, file) in &self.inputs {
            command.arg("--in").arg(format!("{name}={}", file.display()));
        }
        let output = command.stdin(Stdio::null()).output()?;
        match serde_json::from_slice(&output.stdout) {
            Ok(ran) => Ok(ran),
            Err(_) => bail!("{}", String::from_utf8_lossy(&output.stderr).trim()),
        }
    }
}

/// All files below a folder, by their path in it. No folder has none.
pub(crate) fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.with_context(|| format!("cannot read {}", folder.display()))?,
        };
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.with_context(|| format!("the name of {} is not UTF-8", path.display()))?;
            match path.is_dir() {
                true => folders.push((format!("{prefix}{name}/"), path)),
                false => drop(found.insert(format!("{prefix}{name}"), path)),
            }
        }
    }
    Ok(found)
}
