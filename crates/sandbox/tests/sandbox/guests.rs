//! Components of the job world as WAT, from a few lines of core code each.

/// A host interface that a guest imports.
pub(crate) struct Import {
    /// The import in the component, binding an instance.
    component: &'static str,
    /// Per function: its name in the core module, the instance, its name there, its core type.
    functions: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

pub(crate) const PROGRESS: Import = Import {
    component: r#"(import "fuelcell:job/progress@0.1.0" (instance $progress
        (export "report" (func (param "done" u64) (param "total" u64) (param "stage" string)))))"#,
    functions: &[("progress", "$progress", "report", "(param i64 i64 i32 i32)")],
};

pub(crate) const LOG: Import = Import {
    component: r#"(import "fuelcell:job/log@0.1.0" (instance $log
        (alias outer $C $level (type $level'))
        (export "level" (type $level (eq $level')))
        (export "line" (func (param "level" $level) (param "stage" string) (param "message" string)))))"#,
    functions: &[("log", "$log", "line", "(param i32 i32 i32 i32 i32)")],
};

pub(crate) const CANCEL: Import = Import {
    component: r#"(import "fuelcell:job/cancel@0.1.0" (instance $cancel
        (alias outer $C $cancellation (type $cancellation'))
        (export "cancellation" (type $cancellation (eq $cancellation')))
        (export "poll" (func (result $cancellation)))))"#,
    functions: &[("poll", "$cancel", "poll", "(result i32)")],
};

pub(crate) const CHECKPOINT: Import = Import {
    component: r#"(import "fuelcell:job/checkpoint@0.1.0" (instance $checkpoint
        (alias outer $C $host-error (type $host-error'))
        (export "host-error" (type $host-error (eq $host-error')))
        (export "save" (func (param "bytes" (list u8)) (result (result (error $host-error)))))
        (export "load" (func (result (result (option (list u8)) (error $host-error)))))))"#,
    functions: &[
        ("save", "$checkpoint", "save", "(param i32 i32 i32)"),
        ("load", "$checkpoint", "load", "(param i32)"),
    ],
};

pub(crate) const INPUTS: Import = Import {
    component: r#"(import "fuelcell:job/inputs@0.1.0" (instance $inputs
        (alias outer $C $host-error (type $host-error'))
        (export "host-error" (type $host-error (eq $host-error')))
        (export "reader" (type $reader (sub resource)))
        (export "[method]reader.read" (func (param "self" (borrow $reader)) (param "max" u32)
            (result (result (list u8) (error $host-error)))))
        (export "[method]reader.seek" (func (param "self" (borrow $reader)) (param "position" u64)
            (result (result (error $host-error)))))
        (export "open" (func (param "name" string) (result (result (own $reader) (error $host-error)))))))"#,
    functions: &[
        ("open", "$inputs", "open", "(param i32 i32 i32)"),
        ("read", "$inputs", "[method]reader.read", "(param i32 i32 i32)"),
        ("seek", "$inputs", "[method]reader.seek", "(param i32 i64 i32)"),
    ],
};

pub(crate) const ARTIFACTS: Import = Import {
    component: r#"(import "fuelcell:job/artifacts@0.1.0" (instance $artifacts
        (alias outer $C $host-error (type $host-error'))
        (export "host-error" (type $host-error (eq $host-error')))
        (type $kind' (enum "report" "data" "model" "visualization"))
        (export "kind" (type $kind (eq $kind')))
        (type $role' (enum "output" "failed-records"))
        (export "role" (type $role (eq $role')))
        (type $description' (record (field "name" string) (field "kind" $kind) (field "type-name" string)
            (field "title" string) (field "media-type" string) (field "primary" bool) (field "role" $role)
            (field "record-count" (option u64)) (field "accuracy" (option float64))))
        (export "description" (type $description (eq $description')))
        (export "writer" (type $writer (sub resource)))
        (export "[method]writer.write" (func (param "self" (borrow $writer)) (param "bytes" (list u8))
            (result (result (error $host-error)))))
        (export "[method]writer.finish" (func (param "self" (borrow $writer))
            (result (result (error $host-error)))))
        (export "create" (func (param "description" $description)
            (result (result (own $writer) (error $host-error)))))))
        (alias export $artifacts "writer" (type $writer))
        (core func $drop (canon resource.drop $writer))"#,
    functions: &[
        ("drop", DEFINED, "", "(param i32)"),
        (
            "create",
            "$artifacts",
            "create",
            "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 f64 i32)",
        ),
        ("write", "$artifacts", "[method]writer.write", "(param i32 i32 i32 i32)"),
        ("finish", "$artifacts", "[method]writer.finish", "(param i32 i32)"),
    ],
};

pub(crate) const SLEEP: Import = Import {
    component: r#"
    (import "wasi:io/poll@0.2.3" (instance $poll
        (export "pollable" (type $pollable (sub resource)))
        (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
    (alias export $poll "pollable" (type $pollable))
    (import "wasi:clocks/monotonic-clock@0.2.3" (instance $monotonic
        (alias outer $C $pollable (type $pollable'))
        (export "pollable" (type $pollable (eq $pollable')))
        (export "now" (func (result u64)))
        (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))"#,
    functions: &[
        ("block", "$poll", "[method]pollable.block", "(param i32)"),
        ("subscribe", "$monotonic", "subscribe-duration", "(param i64) (result i32)"),
        ("now", "$monotonic", "now", "(result i64)"),
    ],
};

pub(crate) const RANDOM: Import = Import {
    component: r#"(import "wasi:random/random@0.2.0" (instance $random
        (export "get-random-bytes" (func (param "len" u64) (result (list u8))))
        (export "get-random-u64" (func (result u64)))))"#,
    functions: &[
        ("random-bytes", "$random", "get-random-bytes", "(param i64 i32)"),
        ("random", "$random", "get-random-u64", "(result i64)"),
    ],
};

pub(crate) const EXIT: Import = Import {
    component: r#"(import "wasi:cli/exit@0.2.0" (instance $exit
        (export "exit" (func (param "status" (result))))))"#,
    functions: &[("exit", "$exit", "exit", "(param i32)")],
};

pub(crate) const PROCESSED: Import = Import {
    component: r#"(import "fuelcell:job/processed@0.1.0" (instance $processed
        (alias outer $C $host-error (type $host-error'))
        (export "host-error" (type $host-error (eq $host-error')))
        (export "seen" (func (param "key" string) (result (result bool (error $host-error)))))
        (export "mark" (func (param "key" string) (result (result (error $host-error)))))))"#,
    functions: &[
        ("seen", "$processed", "seen", "(param i32 i32 i32)"),
        ("mark", "$processed", "mark", "(param i32 i32 i32)"),
    ],
};

pub(crate) const REPORTING: Import = Import {
    component: r#"(import "fuelcell:job/reporting@0.1.0" (instance $reporting
        (type $finding' (record (field "kind" string) (field "message" string) (field "count" u64)))
        (export "finding" (type $finding (eq $finding')))
        (type $validation' (record (field "total" u64) (field "valid" u64) (field "duplicates-removed" u64)
            (field "invalid" u64)))
        (export "data-validation" (type $validation (eq $validation')))
        (type $report' (record (field "records-processed" u64) (field "records-total" (option u64))
            (field "errors" u64) (field "warnings" (list $finding)) (field "processing-errors" (list $finding))
            (field "quality-score" (option float64)) (field "validation" (option $validation))))
        (export "report" (type $report (eq $report')))
        (export "set" (func (param "report" $report)))))"#,
    functions: &[(
        "report",
        "$reporting",
        "set",
        "(param i64 i32 i64 i64 i32 i32 i32 i32 i32 f64 i32 i64 i64 i64 i64)",
    )],
};

pub(crate) const STDOUT: Import = Import {
    component: r#"
    (import "wasi:io/error@0.2.6" (instance $io-error (export "error" (type (sub resource)))))
    (alias export $io-error "error" (type $error))
    (import "wasi:io/streams@0.2.6" (instance $streams
        (export "output-stream" (type $output-stream (sub resource)))
        (alias outer $C $error (type $error'))
        (export "error" (type $error (eq $error')))
        (type $stream-error' (variant (case "last-operation-failed" (own $error)) (case "closed")))
        (export "stream-error" (type $stream-error (eq $stream-error')))
        (export "[method]output-stream.blocking-write-and-flush" (func (param "self" (borrow $output-stream))
            (param "contents" (list u8)) (result (result (error $stream-error)))))))
    (alias export $streams "output-stream" (type $output-stream))
    (import "wasi:cli/stdout@0.2.6" (instance $stdout
        (alias outer $C $output-stream (type $output-stream'))
        (export "output-stream" (type $output-stream (eq $output-stream')))
        (export "get-stdout" (func (result (own $output-stream))))))"#,
    functions: &[
        ("print", "$streams", "[method]output-stream.blocking-write-and-flush", "(param i32 i32 i32 i32)"),
        ("stdout", "$stdout", "get-stdout", "(result i32)"),
    ],
};

/// Stands for an instance where the component defines the core function itself.
const DEFINED: &str = "";

/// A component whose `run` is `run` (core code that leaves the address of the result, 0 = done) beside the functions and
/// globals in `items`. Texts: 96 "stage", 112 "x.txt", 128 "text/plain", 144 "MyCode", 160 "a message". The address 0 holds
/// the result `done`, 1024 and up is free.
pub(crate) fn component(imports: &[Import], items: &str, run: &str) -> Vec<u8> {
    wat::parse_str(component_text(imports, items, run)).unwrap()
}

/// A module that does nothing, made of further core instances: `extra` defines them, and may instantiate `$Libc`, which has a
/// memory.
pub(crate) fn component_with(extra: &str) -> Vec<u8> {
    let libc = "(core instance $libc (instantiate $Libc))";
    let text = component_text(&[], "", "(i32.const 0)").replace(libc, &format!("{libc} {extra}"));
    wat::parse_str(text).unwrap()
}

#[expect(clippy::too_many_lines, reason = "the text of one module")]
fn component_text(imports: &[Import], items: &str, run: &str) -> String {
    let components: String = imports.iter().map(|import| import.component).collect();
    let functions = || imports.iter().flat_map(|import| import.functions);
    let lowered: String = functions()
        .filter(|(_, instance, ..)| *instance != DEFINED)
        .map(|(core, instance, name, _)| {
            format!(
                r#"(core func ${core} (canon lower (func {instance} "{name}")
                    (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))"#
            )
        })
        .collect();
    let core_imports: String = functions()
        .map(|(core, _, _, ty)| format!(r#"(import "host" "{core}" (func ${core} {ty}))"#))
        .collect();
    let handed: String =
        functions().map(|(core, ..)| format!(r#"(export "{core}" (func ${core}))"#)).collect();
    format!(
        r#"(component $C
    (import "fuelcell:job/types@0.1.0" (instance $types
        (type $completion' (variant (case "done") (case "no-items") (case "skipped" string)))
        (export "completion" (type (eq $completion')))
        (type $failure' (record (field "code" string) (field "message" string) (field "transient" bool)))
        (export "failure" (type (eq $failure')))
        (type $host-error' (variant (case "limit" string) (case "invalid" string) (case "storage" string)))
        (export "host-error" (type (eq $host-error')))
        (type $level' (enum "debug" "info" "warn" "error"))
        (export "level" (type (eq $level')))
        (type $cancellation' (enum "none" "user" "deadline"))
        (export "cancellation" (type (eq $cancellation')))))
    (alias export $types "completion" (type $completion))
    (alias export $types "failure" (type $failure))
    (alias export $types "host-error" (type $host-error))
    (alias export $types "level" (type $level))
    (alias export $types "cancellation" (type $cancellation))
    {components}
    (core module $Libc
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 8192))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get 3)))))
    (core instance $libc (instantiate $Libc))
    {lowered}
    (core module $Main
        (import "libc" "memory" (memory 1))
        {core_imports}
        {items}
        (func $run (export "run") (result i32) {run})
        (func (export "describe") (result i32) (i32.const 64))
        (data (i32.const 64) "\50\00\00\00\0d\00\00\00")
        (data (i32.const 80) "{{\"title\":\"d\"}}")
        (data (i32.const 96) "stage")
        (data (i32.const 112) "x.txt")
        (data (i32.const 128) "text/plain")
        (data (i32.const 144) "MyCode")
        (data (i32.const 160) "a message")
        ;; At 32 a failure: code, message, not transient. At 192 the same, transient.
        (data (i32.const 32) "\01\00\00\00\90\00\00\00\06\00\00\00\a0\00\00\00\09\00\00\00\00")
        (data (i32.const 192) "\01\00\00\00\90\00\00\00\06\00\00\00\a0\00\00\00\09\00\00\00\01")
        ;; At 224 the completion `no-items`; at 256 `skipped` with the text "a message".
        (data (i32.const 224) "\00\00\00\00\01")
        (data (i32.const 256) "\00\00\00\00\02\00\00\00\a0\00\00\00\09\00\00\00"))
    (core instance $main (instantiate $Main
        (with "libc" (instance $libc))
        (with "host" (instance {handed}))))
    (func $run (result (result $completion (error $failure)))
        (canon lift (core func $main "run") (memory (core memory $libc "memory"))))
    (func $describe (result string) (canon lift (core func $main "describe") (memory (core memory $libc "memory"))))
    (export "run" (func $run))
    (export "describe" (func $describe)))"#
    )
}

/// Core code that calls `create` for "x.txt" with the result at 1024.
pub(crate) const CREATE: &str =
    "(call $create (i32.const 112) (i32.const 5) (i32.const 1) (i32.const 96) (i32.const 5)
    (i32.const 96) (i32.const 5) (i32.const 128) (i32.const 10) (i32.const 1) (i32.const 0)
    (i32.const 1) (i64.const 7) (i32.const 0) (f64.const 0) (i32.const 1024))";

/// Core code for an endless loop.
pub(crate) const SPIN: &str = "(loop $spin (br $spin)) (unreachable)";

/// A failure of the module's own: `MyCode`, "a message".
pub(crate) const FAIL: &str = "(i32.const 32)";

/// A module that does nothing, well.
pub(crate) fn noop() -> Vec<u8> {
    component(&[], "", "(i32.const 0)")
}

/// A guest that asks its host for one of everything.
pub(crate) fn busy() -> Vec<u8> {
    let run = format!(
        "(call $progress (i64.const 1) (i64.const 2) (i32.const 96) (i32.const 5))
         (call $log (i32.const 1) (i32.const 96) (i32.const 5) (i32.const 160) (i32.const 9))
         (call $open (i32.const 112) (i32.const 5) (i32.const 1024))
         (call $read (i32.load (i32.const 1028)) (i32.const 100) (i32.const 1024))
         (call $seen (i32.const 160) (i32.const 5) (i32.const 1024))
         (call $save (i32.const 96) (i32.const 5) (i32.const 1024))
         {CREATE}
         (call $write (i32.load (i32.const 1028)) (i32.const 96) (i32.const 5) (i32.const 2048))
         (call $finish (i32.load (i32.const 1028)) (i32.const 2048))
         (i32.const 0)"
    );
    component(&[PROGRESS, LOG, INPUTS, PROCESSED, CHECKPOINT, ARTIFACTS], "", &run)
}
