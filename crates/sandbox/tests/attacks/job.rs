//! Modules of the job world that ask their host for too much, or break its interface.

use crate::Expected::{Completes, Ends, Fails};
use crate::guests::{
    ARTIFACTS, CHECKPOINT, CREATE, INPUTS, Import, LOG, PROCESSED, PROGRESS, RANDOM, REPORTING, SLEEP,
    STDOUT, component,
};
use crate::{Attack, attack};
use fuelcell_domain::ErrorCode::{FuelExhausted, HostLimit, MemoryLimit, Timeout, Trap};

const DONE: &str = "(i32.const 0)";

fn row(name: &str, tries: &'static str, imports: &[Import], run: &str, expected: crate::Expected) -> Attack {
    attack(name, tries, component(imports, "", run), expected)
}

#[expect(clippy::too_many_lines, reason = "a table of attacks")]
pub(crate) fn rows() -> Vec<Attack> {
    let burnt = Fails(&[FuelExhausted, Timeout, HostLimit, MemoryLimit, Trap]);
    let forever = |call: &str| format!("(loop $l {call} (br $l)) {DONE}");
    let wild = "(i32.const -8) (i32.const 100)";
    vec![
        row(
            "progress without end",
            "keep the host busy",
            &[PROGRESS],
            &forever("(call $progress (i64.const -1) (i64.const 0) (i32.const 96) (i32.const 5))"),
            burnt,
        ),
        row(
            "progress from nowhere",
            "make the host read behind memory",
            &[PROGRESS],
            &format!("(call $progress (i64.const 1) (i64.const 2) {wild}) {DONE}"),
            Fails(&[Trap]),
        ),
        row(
            "a stage of all memory",
            "make the host copy",
            &[PROGRESS],
            &format!("(call $progress (i64.const 1) (i64.const 2) (i32.const 0) (i32.const 65536)) {DONE}"),
            Ends,
        ),
        row(
            "a level that is none",
            "break the interface",
            &[LOG],
            &format!(
                "(call $log (i32.const 77) (i32.const 96) (i32.const 5) (i32.const 96) (i32.const 5)) {DONE}"
            ),
            Fails(&[Trap]),
        ),
        row(
            "log lines without end",
            "fill the log",
            &[LOG],
            &forever("(call $log (i32.const 1) (i32.const 96) (i32.const 5) (i32.const 160) (i32.const 9))"),
            burnt,
        ),
        row(
            "text that is none",
            "break UTF-8",
            &[LOG],
            &format!(
                "(i32.store (i32.const 1024) (i32.const -1)) (call $log (i32.const 1) (i32.const 1024) (i32.const 4) (i32.const 1024) (i32.const 4)) {DONE}"
            ),
            Fails(&[Trap]),
        ),
        row(
            "a checkpoint of four gigabytes",
            "make the host allocate",
            &[CHECKPOINT],
            &format!("(call $save (i32.const 0) (i32.const -1) (i32.const 1024)) {DONE}"),
            Fails(&[Trap]),
        ),
        row(
            "a checkpoint past the disk",
            "pass the quota",
            &[CHECKPOINT],
            &format!(
                "(call $save (i32.const 1024) (i32.const 1001) (i32.const 512)) (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable)) {DONE}"
            ),
            Completes,
        ),
        row("artifacts without end", "use up the host's memory", &[ARTIFACTS], &forever(CREATE), burnt),
        row(
            "writing to what was dropped",
            "use a handle after its end",
            &[ARTIFACTS],
            &format!(
                "{CREATE} (call $drop (i32.load (i32.const 1028))) (call $write (i32.load (i32.const 1028)) (i32.const 96) (i32.const 5) (i32.const 2048)) {DONE}"
            ),
            Fails(&[Trap]),
        ),
        row(
            "dropping twice",
            "free twice",
            &[ARTIFACTS],
            &format!(
                "{CREATE} (call $drop (i32.load (i32.const 1028))) (call $drop (i32.load (i32.const 1028))) {DONE}"
            ),
            Fails(&[Trap]),
        ),
        row(
            "finishing a handle that is none",
            "guess handles",
            &[ARTIFACTS],
            &format!("(call $finish (i32.const 12345) (i32.const 1024)) {DONE}"),
            Fails(&[Trap]),
        ),
        row(
            "writing past the disk",
            "pass the quota",
            &[ARTIFACTS],
            &format!(
                "{CREATE} (call $write (i32.load (i32.const 1028)) (i32.const 1024) (i32.const 1001) (i32.const 512)) (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable)) {DONE}"
            ),
            Completes,
        ),
        row(
            "an input that is not there",
            "guess inputs",
            &[INPUTS],
            &format!(
                "(call $open (i32.const 96) (i32.const 5) (i32.const 1024)) (if (i32.eqz (i32.load8_u (i32.const 1024))) (then unreachable)) {DONE}"
            ),
            Completes,
        ),
        row(
            "reading a handle that is none",
            "guess handles",
            &[INPUTS],
            &format!("(call $read (i32.const 7) (i32.const -1) (i32.const 1024)) {DONE}"),
            Fails(&[Trap]),
        ),
        row(
            "seeking a handle that is none",
            "guess handles",
            &[INPUTS],
            &format!("(call $seek (i32.const 0) (i64.const -1) (i32.const 1024)) {DONE}"),
            Fails(&[Trap]),
        ),
        row(
            "all random bytes",
            "make the host allocate",
            &[RANDOM],
            &format!("(call $random-bytes (i64.const -1) (i32.const 1024)) {DONE}"),
            Fails(&[HostLimit, Trap]),
        ),
        row(
            "a gigabyte of random bytes as a list",
            "make the host allocate",
            &[RANDOM],
            &format!("(call $random-bytes (i64.const 0x40000000) (i32.const 1024)) {DONE}"),
            Fails(&[HostLimit, Trap]),
        ),
        row(
            "sleep for ever",
            "stay",
            &[SLEEP],
            &format!("(call $block (call $subscribe (i64.const -1))) {DONE}"),
            Fails(&[Timeout]),
        ),
        row(
            "pollables without end",
            "use up the host's memory",
            &[SLEEP],
            &forever("(drop (call $subscribe (i64.const 1)))"),
            burnt,
        ),
        row("a clock without end", "keep the host busy", &[SLEEP], &forever("(drop (call $now))"), burnt),
        row(
            "standard output as a list of four gigabytes",
            "make the host copy",
            &[STDOUT],
            &format!("(call $print (call $stdout) (i32.const 0) (i32.const -1) (i32.const 1024)) {DONE}"),
            Fails(&[Trap]),
        ),
        row(
            "handles of standard output without end",
            "use up the host's memory",
            &[STDOUT],
            &forever("(drop (call $stdout))"),
            burnt,
        ),
        row(
            "a key of all memory",
            "make the host copy",
            &[PROCESSED],
            &format!("(call $seen (i32.const 0) (i32.const 65536) (i32.const 1024)) {DONE}"),
            Ends,
        ),
        row(
            "four billion findings",
            "make the host allocate",
            &[REPORTING],
            &format!(
                "(call $report (i64.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0) (f64.const 0) (i32.const 0) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)) {DONE}"
            ),
            Fails(&[Trap, HostLimit]),
        ),
        row(
            "a million findings of nothing",
            "make the host allocate",
            &[REPORTING],
            &format!(
                "(call $report (i64.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 1024) (i32.const 1000000) (i32.const 0) (i32.const 0) (i32.const 0) (f64.const nan) (i32.const 0) (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)) {DONE}"
            ),
            Fails(&[Trap, HostLimit]),
        ),
        row(
            "a result behind memory",
            "make the host read behind memory",
            &[],
            "(i32.const 65534)",
            Fails(&[Trap]),
        ),
        row("a result that is not aligned", "break the interface", &[], "(i32.const 3)", Fails(&[Trap])),
        row(
            "a result that is none",
            "break the interface",
            &[],
            "(i32.store (i32.const 1024) (i32.const 99)) (i32.const 1024)",
            Fails(&[Trap]),
        ),
        row(
            "a failure with texts from nowhere",
            "make the host read behind memory",
            &[],
            "(i32.store (i32.const 1024) (i32.const 1)) (i32.store (i32.const 1028) (i32.const -16)) (i32.store (i32.const 1032) (i32.const -16)) (i32.const 1024)",
            Fails(&[Trap]),
        ),
    ]
}
