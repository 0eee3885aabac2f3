//! Plain WASI programs: what they find, what becomes of what they leave.

use crate::programs::{BADF, DQUOT, EXIST, INVAL, PERM, open_fails, program, program_with};
use crate::support::{Bench, Recorder};
use fuelcell_domain::seams::JobInput;
use fuelcell_domain::{Completion, Digest, ErrorCode, Isolation, ModuleInspector, RunEnd};
use std::sync::Arc;

const DONE: RunEnd = RunEnd::Completed(Completion::Done);

async fn done(bench: &Bench, module: &[u8]) {
    assert_eq!(bench.run(module).await.0, DONE);
}

/// Writes `text` to `path` in `/out`.
fn write(path: &str, text: &str) -> Vec<u8> {
    let (path_length, length) = (path.len(), text.len());
    let text = text.replace('"', "\\22");
    program(
        &[(4096, path), (8192, &text)],
        &format!(
            "(call $expect (call $put (call $create (i32.const 4096) (i32.const {path_length})) \
             (i32.const 8192) (i32.const {length})) (i32.const 0))"
        ),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_accepted_and_runs() {
    let bench = Bench::new();
    let module = program(&[(4096, "hello\\n")], "(call $say (i32.const 4096) (i32.const 6))");
    let inspection = bench.sandbox.inspect(&module).unwrap();
    assert!(inspection.imports.iter().any(|import| import.starts_with("wasi:filesystem/types@")));
    done(&bench, &module).await;
    assert_eq!(bench.host.events(), ["Info stdout: hello"]);
}

/// The adapter of preview 1 keeps its state in a program's memory. Allocators such as Go's take all memory behind their data
/// for theirs, whoever grew it.
#[tokio::test(flavor = "multi_thread")]
async fn all_memory_of_a_program_is_its_own() {
    let body = r#"(local $at i32) (local $top i32)
        (call $say (i32.const 4096) (i32.const 6))
        (call $expect (memory.size) (i32.const 2))
        (loop $more
            (call $expect (memory.grow (i32.const 16)) (i32.sub (memory.size) (i32.const 16)))
            (call $say (i32.const 4096) (i32.const 6))
            (br_if $more (i32.lt_u (memory.size) (i32.const 162))))
        (call $expect (memory.size) (i32.const 162))
        (local.set $top (i32.mul (memory.size) (i32.const 65536)))
        (memory.fill (i32.const 65536) (i32.const 0xaa) (i32.sub (local.get $top) (i32.const 65536)))
        (call $expect (call $args_sizes_get (i32.const 32) (i32.const 36)) (i32.const 0))
        (call $expect (call $args_get (i32.const 8192) (i32.const 12288)) (i32.const 0))
        (call $expect (i32.load (i32.const 8192)) (i32.const 12288))
        (call $say (i32.const 4096) (i32.const 6))
        (local.set $at (i32.const 65536))
        (loop $next
            (call $expect (i32.load (local.get $at)) (i32.const 0xaaaaaaaa))
            (local.set $at (i32.add (local.get $at) (i32.const 60)))
            (br_if $next (i32.lt_u (local.get $at) (i32.sub (local.get $top) (i32.const 4)))))
        (memory.copy (i32.const 16384) (i32.sub (local.get $top) (i32.const 8)) (i32.const 8))
        (memory.init $passive (i32.const 16388) (i32.const 1) (i32.const 4))
        (call $expect (i32.load (i32.const 16384)) (i32.const 0xaaaaaaaa))
        (call $say (i32.const 16388) (i32.const 4))"#;
    let bench = Bench::new();
    let ended = bench.run(&program_with(&[(4096, "hello\\n")], r#"(data $passive "xyz!\n")"#, body)).await;
    assert_eq!(ended.0, DONE, "{:?}", bench.host.events());
    let said = bench.host.events();
    assert_eq!((said.len(), said[11].as_str()), (13, "Info stdout: hello"), "{said:?}");
    assert_eq!(said[12], "Info stdout: yz!");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_may_have_several_memories() {
    let body = r#"(memory.copy $other 0 (i32.const 65530) (i32.const 4096) (i32.const 6))
        (memory.copy 0 $other (i32.const 8192) (i32.const 65530) (i32.const 6))
        (call $expect (memory.size $other) (i32.const 1))
        (call $say (i32.const 8192) (i32.const 6))"#;
    let bench = Bench::new();
    done(&bench, &program_with(&[(4096, "hello\\n")], "(memory $other 1)", body)).await;
    assert_eq!(bench.host.events(), ["Info stdout: hello"]);
}

/// Buffers of one call are moved together, as far as they are read or written at all.
#[tokio::test(flavor = "multi_thread")]
async fn many_buffers_of_one_call_arrive_in_order() {
    let body = r#"(local $at i32)
        (loop $next
            (i32.store (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 3)))
                (i32.add (i32.const 4096) (i32.and (local.get $at) (i32.const 3))))
            (i32.store (i32.add (i32.const 16388) (i32.shl (local.get $at) (i32.const 3))) (i32.const 1))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 2000))))
        (call $expect (call $fd_write (call $create (i32.const 8192) (i32.const 1)) (i32.const 16384) (i32.const 2000)
            (i32.const 16)) (i32.const 0))
        (if (i32.eqz (i32.load (i32.const 16))) (then unreachable))"#;
    let bench = Bench::new();
    done(&bench, &program(&[(4096, "abcd"), (8192, "f")], body)).await;
    let outputs = bench.host.outputs.lock().unwrap();
    let [(name, written)] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert_eq!(name, "f");
    let all = b"abcd".repeat(500);
    assert!((1..=all.len()).any(|length| Digest::of(&all[..length]) == *written), "{written}");
}

/// Inputs by name lie in a folder of their declaration; names of the manifest go before those that owners gave.
#[tokio::test(flavor = "multi_thread")]
async fn inputs_by_name_lie_in_a_folder() {
    let mut host = Recorder::with_input("dataset", b"first");
    for (name, file_name, bytes) in [
        ("lookups/zones", "file", "zones"),
        ("lookups/price list", "p.csv", "prices"),
        ("model", "lookups", "m"),
    ] {
        let input = JobInput {
            name: name.into(),
            file_name: file_name.into(),
            media_type: "text/csv".into(),
            size: bytes.len() as u64,
        };
        host.listed.push(input.clone());
        host.inputs.push((input, Arc::new(bytes.as_bytes().to_vec())));
    }
    let bench = Bench::with_host(host);
    let paths = ["lookups/zones", "lookups/price list", "dataset", "file", "model"];
    let said = ["zones", "prices", "first", "first", "m"];
    let data: Vec<(u32, &str)> = (1u32..).zip(paths).map(|(number, path)| (4096 * number, path)).collect();
    let read: String = data
        .iter()
        .map(|(address, path)| {
            format!(
                "(call $expect (call $path_open (i32.const 3) (i32.const 0) (i32.const {address}) (i32.const {}) \
                 (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)) (i32.const 0)) \
                 (i32.store (i32.const 8) (i32.const 32768)) (i32.store (i32.const 12) (i32.const 100)) \
                 (call $expect (call $fd_read (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 16)) \
                 (i32.const 0)) \
                 (i32.store8 (i32.add (i32.const 32768) (i32.load (i32.const 16))) (i32.const 10)) \
                 (call $say (i32.const 32768) (i32.add (i32.const 1) (i32.load (i32.const 16))))",
                path.len()
            )
        })
        .collect();
    done(&bench, &program(&data, &read)).await;
    assert_eq!(bench.host.events(), said.map(|text| format!("Info stdout: {text}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_decides() {
    let bench = Bench::new();
    done(&bench, &program(&[], "(call $exit (i32.const 0)) (unreachable)")).await;
    let (error, usage) = bench.fail(&program(&[], "(call $exit (i32.const 7)) (unreachable)")).await;
    assert_eq!((error.code, error.details.as_deref()), (ErrorCode::GuestError, Some("Exit")));
    assert_eq!(error.message, "the module exited with code 7");
    assert!(usage.fuel.exact().is_some());
}

/// What a program said on standard error before it gave up is why its job failed.
#[tokio::test(flavor = "multi_thread")]
async fn last_words_are_the_errors_message() {
    let mut bench = Bench::new();
    let end = |said: &str, how: &str| {
        let length = said.len() - 2 * said.matches('\\').count();
        program(
            &[(4096, said)],
            &format!("(drop (call $put (i32.const 2) (i32.const 4096) (i32.const {length}))) {how}"),
        )
    };
    let panic = "thread 'main' (1) panicked at src/main.rs:2:5:\\0ano column amount\\0anote: run with `RUST_BACKTRACE=1` \
                 environment variable to display a backtrace\\0a";
    let exit = "(call $exit (i32.const 3))";
    for isolation in [Isolation::InProcess, Isolation::Process] {
        bench.isolation = isolation;
        let (error, _) = bench.fail(&end(panic, "(unreachable)")).await;
        assert_eq!(
            (error.code, error.message.as_str()),
            (ErrorCode::Trap, "the module panicked: no column amount, at src/main.rs:2:5")
        );
        assert!(error.details.unwrap().starts_with("at "), "the backtrace is there too");
        // Nobody can follow that advice: a cell has no environment.
        assert!(!bench.host.events().concat().contains("RUST_BACKTRACE"));
        let (error, _) = bench.fail(&end("usage: job\\0ano such column\\0a", exit)).await;
        assert_eq!(
            (error.code, error.message.as_str()),
            (ErrorCode::GuestError, "the module exited with code 3: no such column")
        );
        let (error, _) = bench.fail(&end("going on\\0a", "(unreachable)")).await;
        assert_eq!(error.message, "the module trapped: wasm `unreachable` instruction executed");
        bench.host.forget();
    }
}

/// Looking at its arguments costs a program no page, which an allocator might take for its own.
#[tokio::test(flavor = "multi_thread")]
async fn arguments_come_without_more_memory() {
    let bench = Bench::with_host(Recorder { parameters: r#"{"limit":3}"#.into(), ..Recorder::default() });
    let body = "(local $pages i32) (local.set $pages (memory.size))
        (call $expect (call $args_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
        (call $expect (i32.load (i32.const 0)) (i32.const 2))
        (call $expect (i32.load (i32.const 4)) (i32.const 14))
        (call $expect (call $args_get (i32.const 8192) (i32.const 9000)) (i32.const 0))
        (call $expect (memory.size) (local.get $pages))
        (call $expect (i32.load (i32.const 8192)) (i32.const 9000))
        (call $say (i32.load (i32.const 8196)) (i32.const 9))";
    done(&bench, &program(&[], body)).await;
    assert_eq!(bench.host.events(), ["Info stdout: --limit=3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_and_inputs_are_files_that_cannot_be_changed() {
    let parameters = r#"{"limit":3}"#.to_owned();
    let bench = Bench::with_host(Recorder { parameters, ..Recorder::with_input("dataset", b"a,b") });
    let read = |path: &str| {
        let length = path.len();
        let body = format!(
            "(call $expect (call $path_open (i32.const 3) (i32.const 1) (i32.const 4096) (i32.const {length}) \
                (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
             (i32.store (i32.const 8) (i32.const 8192)) (i32.store (i32.const 12) (i32.const 100))
             (call $expect (call $fd_read (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0))
             (call $say (i32.const 8192) (i32.load (i32.const 16)))"
        );
        program(&[(4096, path)], &body)
    };
    for (path, text) in [("parameters.json", r#"{"limit":3}"#), ("dataset", "a,b"), ("file", "a,b")] {
        done(&bench, &read(path)).await;
        assert_eq!(bench.host.events(), [format!("Info stdout: {text}")]);
        bench.host.forget();
    }
    let changes = [
        open_fails(3, 4096, 7, 0, PERM),
        open_fails(3, 4096, 7, 8, PERM),
        open_fails(3, 4200, 3, 1, PERM),
        "(call $expect (call $path_unlink_file (i32.const 3) (i32.const 4096) (i32.const 7)) (i32.const 63))".into(),
        "(call $expect (call $path_rename (i32.const 3) (i32.const 4096) (i32.const 7) (i32.const 4) (i32.const 4096) \
            (i32.const 7)) (i32.const 63))"
            .into(),
        "(call $expect (call $path_link (i32.const 3) (i32.const 0) (i32.const 4096) (i32.const 7) (i32.const 4) \
            (i32.const 4096) (i32.const 7)) (i32.const 63))"
            .into(),
    ];
    done(&bench, &program(&[(4096, "dataset"), (4200, "new")], &changes.concat())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_out_become_artifacts() {
    let bench = Bench::new();
    done(&bench, &write("table.csv", "a,b")).await;
    assert_eq!(bench.host.events(), ["created table.csv Data", "finished table.csv with 3 bytes"]);
}

/// The bytes of a text of WAT, where an escape is a backslash and two digits.
fn wat_length(text: &str) -> usize {
    text.len() - 2 * text.matches('\\').count()
}

/// Makes `/out/FOLDER` for each folder, then writes "x" to each of the files.
fn leave(folders: &[&str], files: &[&str]) -> Vec<u8> {
    let (mut data, mut body, mut place) = (vec![(60_000, "x")], String::new(), 4096);
    for (name, is_folder) in
        folders.iter().map(|name| (name, true)).chain(files.iter().map(|name| (name, false)))
    {
        let length = wat_length(name);
        data.push((place, name));
        body += &match is_folder {
            true => format!(
                "(call $expect (call $path_create_directory (i32.const 4) (i32.const {place}) (i32.const {length})) (i32.const 0))"
            ),
            false => format!(
                "(call $expect (call $put (call $create (i32.const {place}) (i32.const {length})) (i32.const 60000) (i32.const 1)) \
                 (i32.const 0))"
            ),
        };
        place += u32::try_from(name.len()).unwrap();
    }
    program(&data, &body)
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_any_script_and_folders_become_artifacts() {
    let mut bench = Bench::new();
    let names = [
        "A.csv",
        "a+b.csv",
        "a.csv",
        "it's.txt",
        "x=1.csv",
        "Übersicht.csv",
        "charts/1.svg",
        "charts/more/2.svg",
    ];
    let module =
        leave(&["charts", "charts/more", "empty", ".own"], &[&names[..], &[".own/x\\0a", ".own:"]].concat());
    for isolation in [Isolation::InProcess, Isolation::Process] {
        bench.isolation = isolation;
        done(&bench, &module).await;
        let mut made: Vec<_> =
            bench.host.outputs.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
        bench.host.forget();
        made.sort();
        let mut expected = names;
        expected.sort_unstable();
        assert_eq!(made, expected);
    }
}

/// What a person reads as one name is one.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_the_same_in_every_form_of_unicode() {
    let bench = Bench::new();
    done(&bench, &leave(&["U\u{308}"], &["U\u{308}/a\u{308}.csv", "Ü/ä.csv"])).await;
    assert_eq!(bench.host.events(), ["created Ü/ä.csv Data", "finished Ü/ä.csv with 1 bytes"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_no_artifact_may_have_are_refused_when_the_file_is_made() {
    let bench = Bench::new();
    for (name, rule) in [
        ("CON", "device"),
        ("a\\0d\\0ab", "control characters"),
        ("a\\22b", "none of"),
        ("x.", "ends with a dot"),
        ("\\e2\\80\\aex", "text direction"),
    ] {
        let length = wat_length(name);
        // The program ends badly only after it was refused: the call says so.
        let body = format!(
            "(call $expect (call $open (i32.const 4) (i32.const 4096) (i32.const {length}) (i32.const 1)) (i32.const {INVAL}))
             (call $exit (i32.const 1))"
        );
        let (error, _) = bench.fail(&program(&[(4096, name)], &body)).await;
        assert_eq!(error.code, ErrorCode::InvalidOutput, "{name}: {error}");
        assert!(
            error.message.contains("cannot be the name of an output") && error.message.contains(rule),
            "{error}"
        );
        assert_eq!(error.details.as_deref(), Some("Exit: the module exited with code 1"));
        assert_eq!(bench.host.events(), [format!("Error outputs: {}", error.message)]);
        bench.host.forget();
    }
}

/// A program that goes on after a refusal loses nothing of what it finished.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_name_costs_nothing_else() {
    let bench = Bench::new();
    let body = format!(
        "(call $expect (call $open (i32.const 4) (i32.const 4096) (i32.const 2) (i32.const 1)) (i32.const {INVAL}))
         (drop (call $create (i32.const 4100) (i32.const 1)))"
    );
    done(&bench, &program(&[(4096, "x."), (4100, "y")], &body)).await;
    let made: Vec<_> = bench.host.outputs.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(made, ["y"]);
    // A failure later on is not about the name any more.
    let body = format!("{body} (call $exit (i32.const 1))");
    let (error, _) = bench.fail(&program(&[(4096, "x."), (4100, "y")], &body)).await;
    assert_eq!(error.code, ErrorCode::GuestError, "{error}");
}

/// A name is looked at whichever way a file comes to it.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_come_from_elsewhere_are_looked_at_too() {
    let bench = Bench::new();
    let rename = |from: (u32, usize), to: (u32, usize), error: i32| {
        format!(
            "(call $expect (call $path_rename (i32.const 4) (i32.const {}) (i32.const {}) (i32.const 4) (i32.const {}) \
             (i32.const {})) (i32.const {error}))",
            from.0, from.1, to.0, to.1
        )
    };
    let folder = "(call $expect (call $path_create_directory (i32.const 4) (i32.const 4096) (i32.const 4)) (i32.const 0))";
    let link = format!(
        "(call $expect (call $path_link (i32.const 4) (i32.const 0) (i32.const 4200) (i32.const 7) (i32.const 4) \
         (i32.const 4300) (i32.const 2)) (i32.const {INVAL}))"
    );
    let data =
        [(4096, ".own"), (4200, ".own/x."), (4300, "y."), (4400, "results"), (4500, ".own/ok"), (4600, "ok")];
    let body = [
        folder.to_owned(),
        "(drop (call $create (i32.const 4200) (i32.const 7)))".into(),
        rename((4200, 7), (4300, 2), INVAL),
        // The folder would take the file with it.
        rename((4096, 4), (4400, 7), INVAL),
        link,
        rename((4200, 7), (4500, 7), 0),
        rename((4096, 4), (4400, 7), 0),
    ];
    done(&bench, &program(&data, &body.concat())).await;
    let made: Vec<_> = bench.host.outputs.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(made, ["results/ok"]);
}

/// One file too many is refused when it is made, so that the others are published.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_outputs_is_exact() {
    let bench = Bench::new();
    let body = format!(
        "(local $i i32)
         (loop $again
            (i32.store8 (i32.const 4096) (i32.add (i32.const 97) (i32.and (local.get $i) (i32.const 15))))
            (i32.store8 (i32.const 4097) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 4)) (i32.const 15))))
            (i32.store8 (i32.const 4098) (i32.add (i32.const 97) (i32.shr_u (local.get $i) (i32.const 8))))
            (call $expect (call $fd_close (call $create (i32.const 4096) (i32.const 3))) (i32.const 0))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
         (i32.store8 (i32.const 4096) (i32.const 122))
         (call $expect (call $open (i32.const 4) (i32.const 4096) (i32.const 3) (i32.const 1)) (i32.const {EXIST}))
         ;; One that is gone makes room.
         (i32.store8 (i32.const 4096) (i32.const 97)) (i32.store8 (i32.const 4097) (i32.const 97)) (i32.store8 (i32.const 4098) (i32.const 97))
         (call $expect (call $path_unlink_file (i32.const 4) (i32.const 4096) (i32.const 3)) (i32.const 0))
         (call $expect (call $open (i32.const 4) (i32.const 4096) (i32.const 3) (i32.const 1)) (i32.const 0))"
    );
    done(&bench, &program(&[], &body)).await;
    assert_eq!(bench.host.outputs.lock().unwrap().len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_begins_with_a_dot_is_the_programs_own() {
    let bench = Bench::new();
    done(&bench, &write(".cache", "x")).await;
    assert!(bench.host.events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_read() {
    let report = |text: &str| {
        let length = text.len();
        let text = text.replace('"', "\\22");
        program(
            &[(4096, ".fuelcell"), (4200, ".fuelcell/report.json"), (8192, &text)],
            &format!(
                "(call $expect (call $path_create_directory (i32.const 4) (i32.const 4096) (i32.const 9)) (i32.const 0))
                 (call $expect (call $put (call $create (i32.const 4200) (i32.const 21)) (i32.const 8192) \
                    (i32.const {length})) (i32.const 0))"
            ),
        )
    };
    let mut bench = Bench::new();
    bench.limits.disk_bytes = 4096;
    let text = r#"{"recordsProcessed":7,"warnings":[{"type":"T","message":"M"}],"qualityScore":97.5}"#;
    done(&bench, &report(text)).await;
    let [event] = bench.host.events().try_into().unwrap();
    assert!(event.contains("records_processed: 7") && event.contains("quality_score: Some(97.5)"), "{event}");
    for broken in ["", "7", r#"{"recordsProcessed":-1}"#, r#"{"surprise":1}"#] {
        let (error, _) = bench.fail(&report(broken)).await;
        assert_eq!(error.code, ErrorCode::InvalidOutput, "{broken}: {error}");
    }
}

/// What may be written is exactly the disk limit, by writing, by writing behind a hole, and by setting the size.
#[tokio::test(flavor = "multi_thread")]
async fn the_disk_quota_is_exact() {
    let mut bench = Bench::new();
    bench.limits.disk_bytes = 1000;
    let create = "(local $f i32) (local.set $f (call $create (i32.const 4096) (i32.const 5)))";
    for (bytes, error) in [(999, 0), (1000, 0), (1001, DQUOT)] {
        let ways = [
            format!("(call $put (local.get $f) (i32.const 8192) (i32.const {bytes}))"),
            format!("(call $fd_filestat_set_size (local.get $f) (i64.const {bytes}))"),
            format!(
                "(block (result i32) (i32.store (i32.const 8) (i32.const 8192)) (i32.store (i32.const 12) (i32.const 1))
                 (call $fd_pwrite (local.get $f) (i32.const 8) (i32.const 1) (i64.const {}) (i32.const 16)))",
                bytes - 1
            ),
        ];
        for way in ways {
            let body = format!("{create} (call $expect {way} (i32.const {error}))");
            done(&bench, &program(&[(4096, "x.bin")], &body)).await;
            // A program that cannot go on without the room fails for want of disk.
            let body = format!("{create} (if {way} (then (call $exit (i32.const 1))))");
            let end = bench.run(&program(&[(4096, "x.bin")], &body)).await.0;
            match error {
                0 => assert_eq!(end, DONE),
                _ => assert!(matches!(end, RunEnd::Failed(error) if error.code == ErrorCode::DiskQuota)),
            }
        }
    }
}

/// What a program keeps for itself lies in `/tmp`, within the disk limit, and is there for no other attempt.
#[tokio::test(flavor = "multi_thread")]
async fn temporary_files_are_the_attempts_own() {
    let mut bench = Bench::new();
    // A name that no output could have.
    let create = "(call $expect (call $open (i32.const 5) (i32.const 4096) (i32.const 4) (i32.const 5)) (i32.const 0))";
    let put = |bytes| format!("(call $put (i32.load (i32.const 0)) (i32.const 8192) (i32.const {bytes}))");
    for isolation in [Isolation::InProcess, Isolation::Process] {
        bench.isolation = isolation;
        for seed in [None, Some(7)] {
            bench.seed = seed;
            // Made anew each time: create and exclusive.
            let fits = format!("{create} (call $expect {} (i32.const 0))", put(1000));
            done(&bench, &program(&[(4096, "a:b.")], &fits)).await;
            assert_eq!(bench.host.events(), [""; 0], "nothing of it is published");
            let full = format!("{create} (if {} (then (call $exit (i32.const 1))))", put(1001));
            let (error, _) = bench.fail(&program(&[(4096, "a:b.")], &full)).await;
            assert_eq!(error.code, ErrorCode::DiskQuota);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_files_give_their_room_back() {
    let mut bench = Bench::new();
    bench.limits.disk_bytes = 100_000;
    let body = "(local $i i32) (local $f i32)
        (loop $again
            (local.set $f (call $create (i32.const 4096) (i32.const 5)))
            (call $expect (call $put (local.get $f) (i32.const 8192) (i32.const 70000)) (i32.const 0))
            (call $expect (call $fd_filestat_set_size (local.get $f) (i64.const 10)) (i32.const 0))
            (call $expect (call $fd_filestat_set_size (local.get $f) (i64.const 90000)) (i32.const 0))
            ;; What was cut off reads as zeros.
            (i32.store (i32.const 8) (i32.const 80000)) (i32.store (i32.const 12) (i32.const 8))
            (call $expect (call $fd_pread (local.get $f) (i32.const 8) (i32.const 1) (i64.const 8) (i32.const 16)) (i32.const 0))
            (call $expect (i32.load (i32.const 16)) (i32.const 8))
            (call $expect (i32.load16_u (i32.const 80002)) (i32.const 0))
            (call $expect (call $path_unlink_file (i32.const 4) (i32.const 4096) (i32.const 5)) (i32.const 0))
            (call $expect (call $fd_close (local.get $f)) (i32.const 0))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))";
    let mut text = "x".repeat(60_000);
    text.push_str("end");
    done(&bench, &program(&[(4096, "x.bin"), (8192, &text)], body)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_descriptors_are_closed() {
    let bench = Bench::new();
    let body = format!(
        "(call $expect (call $fd_close (i32.const 4)) (i32.const 0)) {} {}",
        open_fails(4, 4096, 1, 1, BADF),
        open_fails(3, 4096, 1, 0, PERM)
    );
    done(&bench, &program(&[(4096, "x")], &body)).await;
}

/// Names are counted as exactly as bytes: the parameters are a file as well.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_files_is_exact() {
    const LEFT: u32 = 10_000 - 1;
    let mut bench = Bench::new();
    bench.limits.fuel = None;
    for (count, error) in [(LEFT - 1, 0), (LEFT, 0), (LEFT + 1, DQUOT)] {
        // Four letters for each number.
        let letters: String = (0..4)
            .map(|place| {
                format!(
                    "(i32.store8 (i32.const {}) (i32.add (i32.const 97) \
                     (i32.and (i32.shr_u (local.get $i) (i32.const {})) (i32.const 15))))",
                    4096 + place,
                    4 * place
                )
            })
            .collect();
        let make = "(call $path_create_directory (i32.const 4) (i32.const 4096) (i32.const 4))";
        let body = format!(
            "(local $i i32)
             (loop $again {letters} (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (if (i32.lt_u (local.get $i) (i32.const {count}))
                    (then (call $expect {make} (i32.const 0)) (br $again))))
             (call $expect {make} (i32.const {error}))"
        );
        done(&bench, &program(&[], &body)).await;
    }
}
