//! The page on public notebooks, held against what comes of each of them.

use super::notebook::Notebooks;
use super::science::{server, with_science};
use fuelcell_tests::{built, eventually, project::text as word};
use serde_json::json;
use std::fs;
use std::time::Duration;

/// How long a notebook may take: some simulate for minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// A notebook with what the page says of it, and what is to be compared with that.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    file: String,
    runs: bool,
    /// The number of its cells in Python, or the cell that fails.
    remark: String,
}

/// `| [`FILE`](…) | licence | yes | 27 cells |`
fn row(line: &str) -> Option<Row> {
    let file = line.strip_prefix("| [`")?.split('`').next()?;
    let columns: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
    let [_, _, runs, remark] = columns[..] else { panic!("four columns: {line}") };
    let remark = remark.split(':').next().unwrap_or_default();
    Some(Row { file: file.to_owned(), runs: runs == "yes", remark: remark.to_owned() })
}

/// What came of a notebook, in the page's words.
fn run(notebooks: &Notebooks, file: &str) -> Row {
    let bytes = fs::read(built::source("tests/notebooks").join(file)).unwrap();
    let notebook = with_science(&serde_json::from_slice(&bytes).unwrap());
    let job = notebooks.submit(&notebook, json!({}), json!({}));
    let status = eventually(file, PATIENCE, || {
        let status = notebooks.project.status(&job);
        let ended = ["Completed", "Failed"].iter().any(|end| status["status"] == *end);
        ended.then_some(status)
    });
    assert_eq!(status["module"]["engine"]["name"], "python-science", "{file}");
    let runs = status["status"] == "Completed";
    let remark = match runs {
        true => {
            let summary = notebooks.output(&job, "notebook.json");
            let completed =
                summary["cells"].as_array().unwrap().iter().filter(|cell| cell["status"] == "completed");
            // The last one is not of the notebook.
            format!("{} cells", completed.count() - 1)
        }
        false => word(&status["error"], "message").split(',').next().unwrap_or_default().to_owned(),
    };
    Row { file: file.to_owned(), runs, remark }
}

#[test]
#[ignore = "installs the engine python-science; `cargo xtask soak --only notebooks` runs it"]
fn the_page_on_public_notebooks_says_what_comes_of_them() {
    let page = fs::read_to_string(built::source("docs/science.md")).unwrap();
    let told: Vec<_> = page.lines().filter_map(row).collect();
    let files = fs::read_dir(built::source("tests/notebooks")).unwrap().flatten();
    let files =
        files.filter(|entry| entry.path().is_dir()).flat_map(|entry| fs::read_dir(entry.path()).unwrap());
    let notebook = |file: &fs::DirEntry| file.path().extension().is_some_and(|ending| ending == "ipynb");
    assert_eq!(told.len(), files.flatten().filter(notebook).count(), "the page has all of them");
    let well = told.iter().filter(|row| row.runs).count();
    assert!(page.contains(&format!("\n{well} of {} run.", told.len())), "{well}");
    let server = server();
    let notebooks = Notebooks::new(&server);
    let found: Vec<_> = told.iter().map(|row| run(&notebooks, &row.file)).collect();
    assert_eq!(found, told);
}
