//! Ways out of the directories, into the read-only one, and past the quota.

use crate::Expected::{Completes, Fails};
use crate::programs::{DQUOT, PERM, open_fails, program};
use crate::{Attack, attack};
use fuelcell_domain::ErrorCode::{DiskQuota, FuelExhausted, HostLimit, InvalidOutput, Timeout};

pub(crate) fn rows() -> Vec<Attack> {
    [paths(), links(), quotas(), descriptors(), names()].into_iter().flatten().collect()
}

/// Paths that lead out are not there or not permitted, whatever stands before the dots.
fn paths() -> Vec<Attack> {
    let mut rows = Vec::new();
    for path in [
        "../../etc/passwd",
        "..",
        "../in/parameters.json",
        "/etc/passwd",
        "//etc/passwd",
        "a/../../../etc/passwd",
        "./../x",
        "a/b/c/../../../../x",
        "parameters.json/",
        "\\00",
        "x\\00y",
        "",
    ] {
        let length = path.replace("\\00", "0").len();
        let name = if path.is_empty() { "an empty path" } else { path };
        for (directory, word) in [(3, "in"), (4, "out")] {
            let body = format!(
                "(if (i32.eqz (call $open (i32.const {directory}) (i32.const 4096) (i32.const {length}) (i32.const 0))) (then unreachable))"
            );
            rows.push(attack(
                format!("{name} from /{word}"),
                "leave the directory",
                program(&[(4096, path)], &body),
                Completes,
            ));
        }
    }
    rows
}

fn links() -> Vec<Attack> {
    let symlink = |target: &str, path: &str| {
        let (target_length, path_length) = (target.len(), path.len());
        let data = [(4096, target), (4300, path), (4400, "x/etc/passwd")];
        let body = format!(
            "(drop (call $path_symlink (i32.const 4096) (i32.const {target_length}) (i32.const 4) (i32.const 4300) (i32.const {path_length})))
             (if (i32.eqz (call $open (i32.const 4) (i32.const 4300) (i32.const {path_length}) (i32.const 0))) (then unreachable))
             (if (i32.eqz (call $open (i32.const 4) (i32.const 4400) (i32.const 12) (i32.const 0))) (then unreachable))"
        );
        program(&data, &body)
    };
    let mut rows: Vec<Attack> = [
        ("/etc/passwd", "x"),
        ("../in/parameters.json", "x"),
        ("..", "x"),
        ("../..", "x"),
        ("x", "x"),
        ("/", "x"),
    ]
    .into_iter()
    .map(|(target, path)| {
        attack(format!("a link to {target}"), "follow a link out", symlink(target, path), Completes)
    })
    .collect();
    let parameters = (4096, "parameters.json");
    for (name, body) in [
        (
            "rename an input into /out",
            "(call $path_rename (i32.const 3) (i32.const 4096) (i32.const 15) (i32.const 4) (i32.const 4096) (i32.const 15))",
        ),
        (
            "link an input into /out",
            "(call $path_link (i32.const 3) (i32.const 0) (i32.const 4096) (i32.const 15) (i32.const 4) (i32.const 4096) (i32.const 15))",
        ),
        ("remove an input", "(call $path_unlink_file (i32.const 3) (i32.const 4096) (i32.const 15))"),
        (
            "make a directory in /in",
            "(call $path_create_directory (i32.const 3) (i32.const 4096) (i32.const 3))",
        ),
        (
            "make a link in /in",
            "(call $path_symlink (i32.const 4096) (i32.const 3) (i32.const 3) (i32.const 4096) (i32.const 4))",
        ),
        (
            "date an input back",
            "(call $path_filestat_set_times (i32.const 3) (i32.const 0) (i32.const 4096) (i32.const 15) (i64.const 0) (i64.const 0) (i32.const 5))",
        ),
        ("truncate an input", "(call $open (i32.const 3) (i32.const 4096) (i32.const 15) (i32.const 8))"),
        ("make a file in /in", "(call $open (i32.const 3) (i32.const 4096) (i32.const 3) (i32.const 1))"),
    ] {
        let body = format!("(call $expect {body} (i32.const {PERM}))");
        rows.push(attack(name, "change an input", program(&[parameters], &body), Completes));
    }
    rows
}

#[expect(clippy::too_many_lines, reason = "a table of quotas")]
fn quotas() -> Vec<Attack> {
    let create = "(local $f i32) (local $i i32) (local.set $f (call $create (i32.const 4096) (i32.const 5)))";
    // Cells have 1,000 bytes of disk here.
    let rows = [
        (
            "a sparse terabyte",
            format!(
                "{create} (call $expect (call $fd_filestat_set_size (local.get $f) (i64.const 0x10000000000)) (i32.const {DQUOT}))"
            ),
        ),
        (
            "all bytes there are",
            format!(
                "{create} (call $expect (call $fd_filestat_set_size (local.get $f) (i64.const -1)) (i32.const {DQUOT}))"
            ),
        ),
        (
            "a byte at the end of the world",
            format!(
                "{create} (i32.store (i32.const 8) (i32.const 4096)) (i32.store (i32.const 12) (i32.const 1)) (if (i32.eqz (call $fd_pwrite (local.get $f) (i32.const 8) (i32.const 1) (i64.const 0x7ffffffffffffffe) (i32.const 16))) (then unreachable))"
            ),
        ),
        (
            "allocating a gigabyte",
            format!(
                "{create} (if (i32.eqz (call $fd_allocate (local.get $f) (i64.const 0) (i64.const 0x40000000))) (then unreachable))"
            ),
        ),
        (
            "one byte more than fits",
            format!(
                "{create} (call $expect (call $put (local.get $f) (i32.const 4096) (i32.const 1001)) (i32.const {DQUOT}))"
            ),
        ),
        (
            "exactly what fits",
            format!(
                "{create} (call $expect (call $put (local.get $f) (i32.const 4096) (i32.const 1000)) (i32.const 0))"
            ),
        ),
        (
            "one byte less than fits",
            format!(
                "{create} (call $expect (call $put (local.get $f) (i32.const 4096) (i32.const 999)) (i32.const 0))"
            ),
        ),
    ];
    let mut rows: Vec<Attack> = rows
        .into_iter()
        .map(|(name, body)| attack(name, "pass the quota", program(&[(4096, "x.bin")], &body), Completes))
        .collect();
    let until_refused = "(loop $l (br_if $l (i32.eqz (call $put (local.get $f) (i32.const 4096) (i32.const 100))))) (unreachable)";
    rows.push(attack(
        "writing until it fails",
        "pass the quota",
        program(&[(4096, "x.bin")], &format!("{create} {until_refused}")),
        Fails(&[DiskQuota]),
    ));
    // The name is counted up in its first four letters.
    let next = "(i32.store (i32.const 4096) (i32.add (i32.const 0x61616161) (i32.and (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0x0f0f0f0f)))) (i32.store8 (i32.const 4100) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 4)) (i32.const 15)))) (i32.store8 (i32.const 4101) (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $i) (i32.const 12)) (i32.const 15))))";
    let many =
        |call: &str| format!("(local $i i32) (loop $l {next} (br_if $l (i32.eqz {call}))) (unreachable)");
    let ends = Fails(&[DiskQuota, FuelExhausted, Timeout]);
    let directories = many("(call $path_create_directory (i32.const 4) (i32.const 4096) (i32.const 6))");
    rows.push(attack(
        "directories without end",
        "use up the host's memory",
        program(&[(4096, "aaaaaa")], &directories),
        ends,
    ));
    let links = many(
        "(call $path_symlink (i32.const 4096) (i32.const 6) (i32.const 4) (i32.const 4096) (i32.const 6))",
    );
    rows.push(attack(
        "links without end",
        "use up the host's memory",
        program(&[(4096, "aaaaaa")], &links),
        ends,
    ));
    let files = many(
        "(block (result i32) (drop (call $open (i32.const 4) (i32.const 4096) (i32.const 6) (i32.const 1))) (call $fd_close (i32.load (i32.const 0))))",
    );
    rows.push(attack(
        "empty files without end",
        "use up the host's memory",
        program(&[(4096, "aaaaaa")], &files),
        Fails(&[HostLimit, FuelExhausted, Timeout]),
    ));
    let deep = "(local $i i32) (loop $l (i32.store16 (i32.add (i32.const 4096) (i32.mul (i32.const 2) (local.get $i))) (i32.const 0x2f61)) (drop (call $path_create_directory (i32.const 4) (i32.const 4096) (i32.add (i32.const 1) (i32.mul (i32.const 2) (local.get $i))))) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200)))) (unreachable)";
    rows.push(attack(
        "200 directories deep",
        "overflow the host's stack",
        program(&[], deep),
        Fails(&[DiskQuota]),
    ));
    rows
}

fn descriptors() -> Vec<Attack> {
    let flood = "(loop $l (br_if $l (i32.eqz (call $open (i32.const 4) (i32.const 4096) (i32.const 1) (i32.const 1))))) ";
    vec![
        attack(
            "descriptors without end",
            "use up the host's descriptors",
            program(&[(4096, "x")], flood),
            Completes,
        ),
        attack(
            "a preopen closed",
            "use what is closed",
            program(
                &[(4096, "x")],
                &format!(
                    "(call $expect (call $fd_close (i32.const 4)) (i32.const 0)) {}",
                    open_fails(4, 4096, 1, 1, 8)
                ),
            ),
            Completes,
        ),
        attack(
            "a preopen replaced",
            "confuse the two trees",
            program(
                &[(4096, "x")],
                &format!(
                    "(drop (call $fd_renumber (i32.const 3) (i32.const 4))) {}",
                    open_fails(4, 4096, 1, 1, PERM)
                ),
            ),
            Completes,
        ),
        attack(
            "listing again and again",
            "keep the host busy",
            program(
                &[],
                "(loop $l (drop (call $fd_readdir (i32.const 4) (i32.const 4096) (i32.const 1000) (i64.const 0) (i32.const 0))) (br $l))",
            ),
            Fails(&[FuelExhausted, Timeout]),
        ),
    ]
}

fn names() -> Vec<Attack> {
    let mut rows = Vec::new();
    let long = "x".repeat(256);
    for name in ["CON", "nul.txt", "a\\0d\\0aX", "\\22q", "\\e2\\80\\ae", "x.", " x", "a:b", "a\\5cb", &long]
    {
        let length = wat_length(name);
        // Refused when it is made, so that what the program finishes besides is published.
        let body = format!(
            "(if (i32.eqz (call $open (i32.const 4) (i32.const 4096) (i32.const {length}) (i32.const 1))) (then unreachable))"
        );
        rows.push(attack(
            format!("the name {name:.20}"),
            "publish under a harmful name",
            program(&[(4096, name)], &body),
            Completes,
        ));
    }
    for (name, report) in [
        ("no JSON", "{"),
        ("a deep report", "[[[[[[[["),
        ("negative counts", "{\\22recordsProcessed\\22:-1}"),
        ("another shape", "{\\22x\\22:1}"),
    ] {
        let length = wat_length(report);
        let body = format!(
            "(call $expect (call $path_create_directory (i32.const 4) (i32.const 4096) (i32.const 9)) (i32.const 0))
             (call $expect (call $put (call $create (i32.const 4200) (i32.const 21)) (i32.const 8192) (i32.const {length})) (i32.const 0))"
        );
        let data = [(4096, ".fuelcell"), (4200, ".fuelcell/report.json"), (8192, report)];
        rows.push(attack(
            format!("a report with {name}"),
            "break the reader",
            program(&data, &body),
            Fails(&[InvalidOutput]),
        ));
    }
    rows
}

/// The bytes of a WAT string: an escape is a backslash and two digits.
fn wat_length(text: &str) -> usize {
    text.len() - 2 * text.matches('\\').count()
}
