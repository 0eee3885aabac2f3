//! The job type Notebook: its own tests, its page, and notebooks that it runs in a cell and over HTTP.

use super::author::{follow, pytest, write};
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
type Outputs = (BTreeMap<String, String>, Vec<Value>);

fn outputs(cell: &Value) -> Outputs {
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
fn expected(cell: &Value) -> Outputs {
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
    for name in ["kpi_stdlib", "rich_outputs", "error_cell"] {
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
    let told = follow(&format!("fuelcell module inspect {}", job.display()), folder.path());
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
    let results = project.results(&job);
    let primary = &results["results"]["primaryOutput"];
    assert_eq!(primary["type"], "NotebookReport", "{results:#}");
    let page = project.client.get(&word(primary, "downloadUrl"));
    assert!(page.text().contains("2 late orders"), "{}", page.text());
}
