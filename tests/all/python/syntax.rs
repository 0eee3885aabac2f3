//! Sources of scripts are read by their engine when they are uploaded, over HTTP.

use super::author::cache;
use fuelcell_tests::limits::limit;
use fuelcell_tests::script::archive;
use fuelcell_tests::{Answer, Project, Server};
use serde_json::{Value, json};
use uuid::Uuid;

/// Uploads a script, whose manifest says nothing but its engine.
pub(super) fn put(project: &Project, engine: &str, files: &[(&str, &[u8])]) -> Answer {
    let manifest = json!({"interface": "0.1", "title": "A script", "engine": engine}).to_string();
    let manifest = ("fuelcell.json", manifest.as_bytes());
    let bytes = archive(&[&[manifest], files].concat());
    let name = Uuid::new_v4();
    project.client.put_bytes(&project.path(&format!("modules/{name}/versions/1.0.0")), &bytes)
}

/// The first place that an upload is refused for, and what is said of it.
pub(super) fn refused(answer: &Answer) -> (Value, String) {
    assert_eq!(answer.problem(422).0, "ScriptSyntax");
    let error = &answer.json()["errors"][0];
    let message = error["message"].as_str().unwrap().to_owned();
    (json!([error["pointer"], error["line"], error["column"]]), message)
}

/// A server that has the engine compiled, and a project on it.
fn world(settings: &[(&str, &str)]) -> (Server, Project) {
    cache();
    let server = Server::start_set(settings);
    let project = Project::new(&server);
    (server, project)
}

#[test]
fn wrong_sources_are_refused_with_file_and_line() {
    let (_server, project) = world(&[]);
    let nested = format!("x = {}", "(".repeat(100_000));
    for (path, source, place, told) in [
        ("main.py", &b"x = 1\ndef f(:\n"[..], json!([2, 7]), "line 2, column 7: invalid syntax"),
        ("lib/a.py", b"def f():\n    return 1\nreturn 2\n", json!([3, 1]), "'return' outside function"),
        ("lib/a.py", b"if True:\nx = 1\n", json!([2, 1]), "expected an indented block"),
        ("lib/a.py", b"x = 1\ny = '\0'\n", json!([2, null]), "null bytes"),
        ("lib/a.py", b"# coding: klingon\nx = 1\n", json!([null, null]), "unknown encoding: klingon"),
        ("lib/a.py", nested.as_bytes(), json!([null, null]), "too complex to parse"),
    ] {
        let files = [("main.py", &b""[..]), (path, source)];
        let files = if path == "main.py" { &files[1..] } else { &files };
        let (found, message) = refused(&put(&project, "python@3.14", files));
        assert_eq!(found, json!([format!("/{path}"), place[0], place[1]]), "{message}");
        assert!(message.contains(told), "{message}");
    }
    let latin = b"a = 1\nx = '\xe9'\n";
    let (found, message) = refused(&put(&project, "python@3.14", &[("main.py", latin)]));
    assert_eq!((&found[1], message.contains("can't decode byte 0xe9")), (&json!(2), true), "{message}");

    let names: Vec<_> = (0..30).map(|number| format!("m{number}.py")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), &b"x ="[..])).collect();
    let answer = put(&project, "python", &many).json();
    assert_eq!(answer["errors"].as_array().unwrap().len(), 20, "{answer:#}");
    assert!(answer["detail"].as_str().unwrap().ends_with("and 19 more"), "{answer:#}");
}

#[test]
fn what_may_be_data_is_told_and_refused_by_nobody() {
    let (_server, project) = world(&[]);
    let files =
        [("main.py", &b"x = 1\n"[..]), ("templates/report.py", b"{{ name }} is %"), ("tests/bad.py", b"x =")];
    let taken = put(&project, "python@3.14", &files).ok();
    let warnings = taken["warnings"].to_string();
    assert!(warnings.contains("templates/report.py") && warnings.contains("tests/bad.py"), "{taken:#}");
    let (found, _) =
        refused(&put(&project, "python@3.14", &[("main.py", b"x = 1\n"), ("report.py", b"{{ name }} is %")]));
    assert_eq!(found[0], "/report.py");
}

#[test]
fn good_sources_are_read_and_none_runs() {
    for isolation in ["in-process", "process"] {
        let (_server, project) = world(&[("ISOLATION", isolation)]);
        let files = [
            // If it ran, it would have no end.
            ("main.py", &b"import helper\nwhile True:\n    pass\n"[..]),
            ("helper.py", b"# coding: latin-1\nNAME = '\xe9'\nPATTERN = '\\d'\n"),
            ("encodings/klingon.py", b"raise SystemExit"),
            ("readme.txt", b"def f(:"),
            ("vendor/old/__init__.py", b"x = 1\nprint 2\n"),
        ];
        let taken = put(&project, "python@3.14", &files).ok();
        assert_eq!(
            (&taken["syntax"], &taken["syntaxReason"]),
            (&json!("checked"), &Value::Null),
            "{taken:#}"
        );
        let [warning] = &taken["warnings"].as_array().unwrap()[..] else { panic!("{taken:#}") };
        assert!(
            warning.as_str().unwrap().starts_with("vendor/old/__init__.py, line 2, column 1: "),
            "{warning}"
        );
        let (found, _) = refused(&put(&project, "python@3.14", &[("main.py", b"x =")]));
        assert_eq!(found[0], "/main.py");
    }
}

#[test]
fn what_is_not_read_in_time_is_taken_unchecked() {
    let (_server, project) = world(&[]);
    // Seconds of a compiler, which takes up no more than its turn.
    let long = b"a = [b for b in c if b > 1]\n".repeat(2_000);
    let names: Vec<_> = (0..600).map(|number| format!("lib/m{number}.py")).collect();
    let mut files: Vec<_> = names.iter().map(|name| (name.as_str(), &long[..])).collect();
    files.push(("a.py", b""));
    let taken = put(&project, "python", &files).ok();
    assert_eq!(taken["syntax"], "unchecked");
    let reason = taken["syntaxReason"].as_str().unwrap();
    let most = limit("reading the sources of a script when it is uploaded").most;
    assert!(reason.contains("did not read") && reason.contains(&format!("within {most} s")), "{reason}");
    // What was read by then counts.
    files.push(("a/wrong.py", b"x ="));
    assert_eq!(refused(&put(&project, "python", &files)).0[0], "/a/wrong.py");
}

#[test]
fn what_is_nested_too_deeply_ends_the_cell_that_reads_it_and_nothing_else() {
    let (_server, project) = world(&[]);
    for deep in [format!("x = {}1", "-".repeat(100_000)), format!("x = a{}", ".a".repeat(100_000))] {
        let answer = put(&project, "python", &[("main.py", deep.as_bytes())]);
        match answer.status {
            201 => assert_eq!(answer.ok()["syntax"], "unchecked"),
            _ => assert_eq!(refused(&answer).0[0], "/main.py"),
        }
    }
    assert_eq!(put(&project, "python", &[("main.py", b"x = 1")]).ok()["syntax"], "checked");
}
