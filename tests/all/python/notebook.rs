//! The job type Notebook: its own tests, its page, and notebooks that it runs in a cell and over HTTP.

use super::author::{follow, pytest};
use fuelcell_tests::script::write;
use fuelcell_tests::{Project, Server, built, project::text as word};
use job_pages::{Shared, files, parameters};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

#[test]
fn the_notebook_job_passes_its_own_tests() {
    pytest("example-jobs/built-in/notebook");
}

/// The text of a cell by its streams, and the other outputs in order.
pub(super) type Outputs = (BTreeMap<String, String>, Vec<Value>);

pub(super) fn outputs(cell: &Value) -> Outputs {
    let (mut text, mut rest) = Outputs::default();
    for output in cell["outputs"].as_array().unwrap() {
        match output["output_type"].as_str().unwrap() {
            "stream" => *text.entry(word(output, "name")).or_default() += &word(output, "text"),
            // Texts of errors differ from one version of Python to the next.
            "error" => rest.push(json!({"error": output["ename"]})),
            kind => rest.push(json!({kind: output["data"]["text/plain"]})),
        }
    }
    (text, rest)
}

/// The same of what Jupyter's kernel makes of it.
pub(super) fn expected(cell: &Value) -> Outputs {
    let (mut text, mut rest) = Outputs::default();
    for output in cell["outputs"].as_array().unwrap() {
        if output["stream"].is_string() {
            *text.entry(word(output, "stream")).or_default() += &word(output, "text");
        } else if output["error"].is_string() {
            rest.push(json!({"error": output["error"]}));
        } else {
            let (kind, data) = output.as_object().unwrap().iter().next().unwrap();
            rest.push(json!({kind.as_str(): data["text/plain"]}));
        }
    }
    (text, rest)
}

/// The code cells of a notebook that the job ran in a cell, and the folder with its outputs.
fn notebook(name: &str) -> (Vec<Value>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let data = built::source("example-jobs/built-in/notebook/tests/data").join(name);
    let job = built::target().join("builtin-modules/notebook.zip");
    let run = format!("fuelcell run {} --param allowErrors=true --out out --in notebook=", job.display());
    follow(&format!("{run}{}.ipynb", data.display()), folder.path());
    let executed = fs::read_to_string(folder.path().join("out/notebook.ipynb")).unwrap();
    let executed: Value = serde_json::from_str(&executed).unwrap();
    let cells = executed["cells"].as_array().unwrap().iter().filter(|cell| cell["cell_type"] == "code");
    (cells.cloned().collect(), folder)
}

#[test]
fn notebooks_in_a_cell_have_the_outputs_of_jupyters_kernel() {
    for name in ["kpi_stdlib", "rich_outputs", "error_cell", "cpu_bound", "empty"] {
        let file = format!("example-jobs/built-in/notebook/tests/data/{name}.expected.json");
        let wanted: Value = serde_json::from_slice(&fs::read(built::source(&file)).unwrap()).unwrap();
        let wanted: Vec<_> = wanted["cells"].as_array().unwrap().iter().map(expected).collect();
        let (cells, folder) = notebook(name);
        assert_eq!(cells.iter().map(outputs).collect::<Vec<_>>(), wanted, "{name}");
        let page = fs::read_to_string(folder.path().join("out/notebook.html")).unwrap();
        assert!(page.starts_with("<!doctype html>") && !page.contains("<script"), "{page}");
    }
}

#[test]
fn notebooks_that_ask_for_more_than_a_cell_has_get_clear_errors() {
    let errors = |name: &str| {
        let (cells, _) = notebook(name);
        let errors: Vec<_> = cells
            .iter()
            .map(|cell| {
                outputs(cell)
                    .1
                    .iter()
                    .map(|one| one["error"].as_str().unwrap_or("").to_owned())
                    .collect::<String>()
            })
            .collect();
        (errors, outputs(cells.last().unwrap()).0.remove("stdout").unwrap_or_default())
    };
    let (found, last) = errors("unsupported_imports");
    assert_eq!(found, ["ModuleNotFoundError", "NameError", "NameError", ""]);
    assert_eq!(last, "last cell\n");
    let (found, last) = errors("magics");
    assert_eq!((found[1].as_str(), last.as_str()), ("OSError", "ok\n"));
    let (found, _) = errors("sandbox_probe");
    assert_eq!(found, ["", "FileNotFoundError", "PermissionError", "OSError", ""]);
}

/// The notebook and the data of the page's example.
const EXAMPLE: [(&str, &str); 2] = [
    (
        "late.py",
        r#"# %% tags=["parameters"]
limit = 10

# %%
import csv
with open("/in/dataset", newline="") as file:
    late = [order for order in csv.DictReader(file) if int(order["days"]) > limit]
print(len(late), "late orders")
"#,
    ),
    ("orders.csv", "id,days\n1,3\n2,9\n3,12\n"),
];

/// The page of the job type, with an example that is run.
fn page() -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in EXAMPLE {
        write(&folder.path().join(name), text);
    }
    let job = built::target().join("builtin-modules/notebook.zip");
    let told = follow(&format!("fuelcell module inspect {} --output json", job.display()), folder.path());
    let manifest = serde_json::from_str::<Value>(&told).unwrap()["manifest"].clone();
    let run = "fuelcell run NOTEBOOK --in notebook=late.py --in dataset=orders.csv --param 'values={\"limit\": 5}' --out out";
    follow(&run.replace("NOTEBOOK", &job.display().to_string()), folder.path());
    let executed = fs::read_to_string(folder.path().join("out/notebook.ipynb")).unwrap();
    let executed: Value = serde_json::from_str(&executed).unwrap();
    let printed = word(&executed["cells"][2]["outputs"][0], "text");
    let [(script, source), (_, orders)] = EXAMPLE;
    let example = format!(
        "A script with cells, `{script}`:\n\n```python\n{source}```\n\nWith this dataset\n\n```csv\n{orders}```\n\nand these parameters\n\n\
         ```json\n{{\"values\": {{\"limit\": 5}}}}\n```\n\nits last cell prints `{}`.\n",
        printed.trim_end()
    );
    let shared = Shared { page: "shared.md", types: &[] };
    format!(
        "# {}\n\n{}\n\nThis page is made of the manifest of the job; \
         [its README](../../example-jobs/built-in/notebook/README.md) says more of what cells may do.\n\n\
         ## Examples\n\n{example}\n{}\n## Parameters\n\n{}",
        word(&manifest, "title"),
        word(&manifest, "description"),
        files(&manifest),
        parameters(&manifest["parameters"], &shared)
    )
}

#[test]
fn the_page_of_the_job_type_is_that_of_its_manifest_and_its_example_runs() {
    let (page, path) = (page(), built::source("docs/jobs").join("notebook.md"));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let have = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(have, page, "`BLESS=1` writes docs/jobs/notebook.md anew");
    assert!(page.contains("prints `2 late orders`"), "{page}");
}

#[test]
fn a_pipeline_fixes_the_notebook_and_submissions_bring_data_and_values() {
    let server = Server::start();
    let project = Project::new(&server);
    let [(script, source), (file, orders)] = EXAMPLE;
    let notebook = project.dataset(script, source.as_bytes());
    let orders = project.dataset(file, orders.as_bytes());
    let zones = project.dataset("zones.csv", b"north");
    let pipeline = uuid::Uuid::new_v4();
    let fixed = json!({"name": "late", "jobType": "Notebook", "datasetId": orders, "parameters": {"notebookId": notebook}});
    project.client.put(&project.path(&format!("pipelines/{pipeline}")), &fixed).ok();
    let submit = |parameters: Value| {
        let resource = json!({"resourceType": "Pipeline", "resourceId": pipeline});
        project.submit(&json!({"jobName": "late", "jobType": "Notebook", "resource": resource, "parameters": parameters}))
    };
    let (code, detail) = submit(json!({"value": {"limit": 5}})).problem(400);
    assert!(code == "InvalidParameters" && detail.contains("values"), "{code}: {detail}");
    let job = word(&submit(json!({"values": {"limit": 5}, "lookups": {"zones": zones}})).ok(), "jobId");
    let status = project.wait_for(&job, "Completed");
    assert_eq!(
        (&status["module"]["name"], &status["module"]["engine"]["name"]),
        (&json!("notebook"), &json!("python"))
    );
    // A built-in job in Python runs again here, from the server's copy of what it read.
    let again = format!(
        "FUELCELL_SERVER={} FUELCELL_TOKEN={} fuelcell run --from-job {job} --output json",
        server.base(),
        project.token
    );
    let again: Value = serde_json::from_str(&follow(&again, tempfile::tempdir().unwrap().path())).unwrap();
    let same = (&again["job"]["sameModule"], &again["job"]["sameEnd"]);
    assert_eq!(same, (&json!(true), &json!(true)), "{again:#}");
    let results = project.results(&job);
    let primary = &results["results"]["primaryOutput"];
    assert_eq!(primary["type"], "NotebookReport", "{results:#}");
    let page = project.client.get(&word(primary, "downloadUrl"));
    assert!(page.text().contains("2 late orders"), "{}", page.text());
}

/// A notebook of these cells.
pub(super) fn cells(sources: &[&str]) -> Vec<u8> {
    let cells = sources.iter().map(|source| json!({"cell_type": "code", "metadata": {}, "source": source}));
    let cells: Vec<_> = cells.collect();
    json!({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).to_string().into_bytes()
}

/// A project in which notebooks are submitted.
pub(super) struct Notebooks {
    pub(super) project: Project,
    pipeline: String,
}

impl Notebooks {
    pub(super) fn new(server: &Server) -> Self {
        let project = Project::new(server);
        let pipeline = project.pipeline("Notebook");
        Self { project, pipeline }
    }

    /// The body of a submission, with further members.
    fn body(&self, notebook: &[u8], parameters: Value, more: Value) -> Value {
        let id = self.project.dataset("n.ipynb", notebook);
        let resource = json!({"resourceType": "Pipeline", "resourceId": self.pipeline});
        let mut body =
            json!({"jobName": "n", "jobType": "Notebook", "resource": resource, "parameters": parameters});
        body["parameters"]["notebookId"] = json!(id);
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    pub(super) fn submit(&self, notebook: &[u8], parameters: Value, more: Value) -> String {
        word(&self.project.submit(&self.body(notebook, parameters, more)).ok(), "jobId")
    }

    /// The output of a job that is called so, as JSON.
    pub(super) fn output(&self, job: &str, name: &str) -> Value {
        let results =
            self.project.client.get(&format!("{}/results?format=detailed", self.project.job_path(job))).ok();
        let outputs = results["results"]["additionalOutputs"].as_array().unwrap();
        let found = outputs.iter().find(|output| output["name"] == name);
        let url = word(found.unwrap_or_else(|| panic!("no {name}: {results:#}")), "downloadUrl");
        self.project.client.get(&url).json()
    }
}

pub(super) fn statuses(summary: &Value) -> Vec<&str> {
    summary["cells"].as_array().unwrap().iter().map(|cell| cell["status"].as_str().unwrap()).collect()
}

#[test]
fn deterministic_notebooks_are_equal_byte_for_byte_and_cells_tell_what_they_burnt() {
    let server = Server::start();
    let notebooks = Notebooks::new(&server);
    let drawn = "import random, time, uuid\nprint(random.random(), uuid.uuid4(), time.time(), time.perf_counter(), object())";
    let notebook = cells(&[
        drawn,
        "print(set('abcdef'), {1: hash('x')})",
        "sum(n * n for n in range(100_000))",
        "1 / 0",
    ]);
    // The seed follows from the parameters, and these from the dataset's id.
    let body = notebooks.body(&notebook, json!({"allowErrors": true}), json!({}));
    let run = |deterministic: bool| {
        let mut body = body.clone();
        body["deterministic"] = json!(deterministic);
        let job = word(&notebooks.project.submit(&body).ok(), "jobId");
        let receipt = notebooks.project.wait_for(&job, "Completed")["receipt"].clone();
        assert_eq!(receipt["outputs"].as_array().unwrap().len(), 3, "{receipt:#}");
        (receipt["outputs"].clone(), notebooks.output(&job, "notebook.json"))
    };
    let (outputs, summary) = run(true);
    assert_eq!((outputs.clone(), summary.clone()), run(true));
    assert_eq!(statuses(&summary), ["completed", "completed", "completed", "failed"]);
    let figure = |cell: usize, name: &str| summary["cells"][cell][name].as_u64().unwrap();
    assert!(figure(2, "fuel") > 1_000_000 && figure(2, "fuel") > figure(1, "fuel"), "{summary:#}");
    assert!(figure(2, "memoryBytes") > 1 << 20 && summary["cells"][2]["seconds"].is_null(), "{summary:#}");
    let (other, summary) = run(false);
    assert_ne!(outputs, other);
    assert!(summary["cells"][2]["seconds"].is_f64(), "{summary:#}");
}

#[test]
fn a_cell_that_runs_too_long_fails_and_others_go_on() {
    let server = Server::start();
    let notebooks = Notebooks::new(&server);
    let loops =
        fs::read(built::source("example-jobs/built-in/notebook/tests/data/infinite_loop.ipynb")).unwrap();
    let failed = notebooks.submit(&loops, json!({"cellTimeoutSeconds": 0.5}), json!({}));
    let error = notebooks.project.wait_for(&failed, "Failed")["error"].clone();
    let message = word(&error, "message");
    assert!(
        message.starts_with("cell 1, line ")
            && message.contains("CellTimeout: the cell ran longer than 0.5 s"),
        "{error:#}"
    );
    let stubborn = "while True:\n    try:\n        while True: pass\n    except Exception: pass";
    let recursive = "def f(n): return f(n - 1) + f(n - 1) if n else 1\nf(60)";
    let notebook = cells(&[stubborn, recursive, "print('after')"]);
    let parameters = json!({"cellTimeoutSeconds": 0.5, "allowErrors": true});
    let job = notebooks.submit(&notebook, parameters, json!({}));
    notebooks.project.wait_for(&job, "Completed");
    assert_eq!(statuses(&notebooks.output(&job, "notebook.json")), ["failed", "failed", "completed"]);
}

#[test]
fn what_ran_is_kept_when_a_job_is_cancelled_or_its_fuel_or_memory_is_used_up() {
    let server = Server::start();
    let notebooks = Notebooks::new(&server);
    let project = &notebooks.project;
    let notebook = cells(&["print('first')", "while True: pass"]);
    let printed = |executed: &Value| word(&executed["cells"][0]["outputs"][0], "text");
    let keep = json!({"preservePartialResults": true});
    // A cell that is watched stops itself, and writes all outputs.
    let job = notebooks.submit(&notebook, json!({"cellTimeoutSeconds": 10_000}), json!({}));
    project.wait_for_stage(&job, "Cell 2 of 2");
    project.client.delete(&project.job_path(&job), Some(&keep)).ok();
    project.wait_for(&job, "Cancelled");
    assert_eq!(statuses(&notebooks.output(&job, "notebook.json")), ["completed", "stopped"]);
    assert_eq!(printed(&notebooks.output(&job, "notebook.ipynb")), "first\n");
    // So it does when the deadline is near.
    let short = json!({"keepPartialOnFailure": true, "limits": {"timeoutSeconds": 10}});
    let job = notebooks.submit(&notebook, json!({"cellTimeoutSeconds": 10_000}), short);
    let error = project.wait_for(&job, "Failed")["error"].clone();
    assert!(
        word(&error, "message").starts_with("Stopped in cell 2 because the deadline is near."),
        "{error:#}"
    );
    assert_eq!(statuses(&notebooks.output(&job, "notebook.json")), ["completed", "stopped"]);
    // One that is not is stopped by force.
    let job = notebooks.submit(&notebook, json!({}), json!({}));
    project.wait_for_stage(&job, "Cell 2 of 2");
    project.client.delete(&project.job_path(&job), Some(&keep)).ok();
    project.wait_for(&job, "Cancelled");
    assert_eq!(printed(&notebooks.output(&job, "checkpoint.bin")), "first\n");
    let kept = json!({"keepPartialOnFailure": true, "limits": {"fuel": 8_000_000_000_u64}});
    let job = notebooks.submit(&notebook, json!({}), kept);
    assert_eq!(project.wait_for(&job, "Failed")["error"]["code"], "FuelExhausted");
    assert_eq!(printed(&notebooks.output(&job, "checkpoint.bin")), "first\n");
    let notebook = cells(&["print('first')", "x = []\nwhile True: x.append(bytearray(10_000_000))"]);
    let kept = json!({"keepPartialOnFailure": true, "limits": {"memoryBytes": 128 << 20}});
    let job = notebooks.submit(&notebook, json!({}), kept);
    let error = project.wait_for(&job, "Failed")["error"].clone();
    assert!(error.to_string().contains("Memory"), "{error:#}");
    assert_eq!(printed(&notebooks.output(&job, "notebook.ipynb")), "first\n");
}

#[test]
fn a_wheel_of_pure_python_among_the_lookups_is_found() {
    let wheel = {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("greeting/__init__.py", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, b"WORD = 'hello'\n").unwrap();
        archive.finish().unwrap().into_inner()
    };
    let server = Server::start();
    let notebooks = Notebooks::new(&server);
    let wheel = notebooks.project.dataset("greeting-1.0-py3-none-any.whl", &wheel);
    let notebook = cells(&[
        "import sys; sys.path.append('/in/lookups/greeting')\nimport greeting\nprint(greeting.WORD)",
    ]);
    let job = notebooks.submit(&notebook, json!({"lookups": {"greeting": wheel}}), json!({}));
    notebooks.project.wait_for(&job, "Completed");
    let executed = notebooks.output(&job, "notebook.ipynb");
    assert_eq!(word(&executed["cells"][0]["outputs"][0], "text"), "hello\n");
    // What is not there says what is, and how to get more.
    let job = notebooks.submit(&cells(&["import numpy"]), json!({}), json!({}));
    let message = word(&notebooks.project.wait_for(&job, "Failed")["error"], "message");
    for told in ["numpy has parts in C", "%pip list", "sys.path.append('/in/lookups/NAME')"] {
        assert!(message.contains(told), "{told}: {message}");
    }
}

#[test]
fn what_is_no_notebook_in_python_is_refused_when_it_is_submitted() {
    let server = Server::start();
    let notebooks = Notebooks::new(&server);
    for (notebook, code, told) in [
        ("{\"nbformat\": 3, \"worksheets\": []}", "InvalidNotebook", "format 3"),
        ("id,city\n1,Ulm\n", "InvalidNotebook", "is not JSON"),
        (
            "{\"nbformat\": 4, \"metadata\": {\"kernelspec\": {\"language\": \"R\"}}, \"cells\": []}",
            "UnsupportedKernel",
            "is for R",
        ),
    ] {
        let body = notebooks.body(notebook.as_bytes(), json!({}), json!({}));
        let (found, detail) = notebooks.project.submit(&body).problem(422);
        assert!(found == code && detail.contains(told), "{found}: {detail}");
    }
    let widgets = notebooks.body(&cells(&["import ipywidgets"]), json!({}), json!({}));
    assert_eq!(notebooks.project.submit(&widgets).problem(422).0, "UnsupportedWidgets");
}
