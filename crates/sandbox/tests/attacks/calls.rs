//! Every function of preview 1 with arguments that no honest program has, and calls that ask for very much.

use crate::Expected::{Completes, Ends, Fails};
use crate::programs::{FUNCTIONS, program};
use crate::{Attack, attack};
use fuelcell_domain::ErrorCode::{FuelExhausted, GuestError, HostLimit, Timeout, Trap};

pub(crate) fn rows() -> Vec<Attack> {
    [wild(), large(), exits()].into_iter().flatten().collect()
}

/// Pointers and descriptors at the end of all addresses, and just inside.
fn wild() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (function, parameters) in FUNCTIONS {
        for (kind, value) in [("ones", "-1"), ("the last bytes", "131068")] {
            let arguments: String =
                parameters.split_whitespace().map(|ty| format!("({ty}.const {value})")).collect();
            let body = format!("(drop (call ${function} {arguments}))");
            rows.push(attack(
                format!("{function} with {kind}"),
                "make the host follow a wild pointer",
                program(&[], &body),
                Ends,
            ));
        }
    }
    rows
}

#[expect(clippy::too_many_lines, reason = "a table of calls")]
fn large() -> Vec<Attack> {
    let unlimited = Fails(&[FuelExhausted, Timeout, HostLimit, Trap]);
    let buffers: String = (0..8000)
        .map(|i| {
            format!(
                "(i32.store (i32.const {}) (i32.const 4096)) (i32.store (i32.const {}) (i32.const 60000))",
                4096 + i * 8,
                4100 + i * 8
            )
        })
        .collect();
    vec![
        attack(
            "a gigabyte of random bytes",
            "make the host allocate",
            program(&[], "(drop (call $random_get (i32.const 0) (i32.const 0x40000000)))"),
            Fails(&[Trap, HostLimit]),
        ),
        attack(
            "8,000 buffers in one call",
            "make the host allocate",
            program(
                &[],
                &format!(
                    "{buffers} (drop (call $fd_write (i32.const 1) (i32.const 4096) (i32.const 8000) (i32.const 0)))"
                ),
            ),
            Ends,
        ),
        attack(
            "a path of 110 kB",
            "make the host allocate",
            program(
                &[],
                "(memory.fill (i32.const 4096) (i32.const 97) (i32.const 110000)) (call $expect (call $open (i32.const 4) (i32.const 4096) (i32.const 110000) (i32.const 1)) (i32.const 37))",
            ),
            Ends,
        ),
        attack(
            "a poll list of 2,000",
            "make the host allocate",
            program(
                &[],
                "(drop (call $poll_oneoff (i32.const 4096) (i32.const 60000) (i32.const 2000) (i32.const 0)))",
            ),
            Ends,
        ),
        attack(
            "standard output without end",
            "fill the log",
            program(&[], "(loop $l (call $say (i32.const 4096) (i32.const 100000)) (br $l))"),
            unlimited,
        ),
        attack(
            "a gigabyte of standard error",
            "fill the log",
            program(
                &[],
                "(local i32) (loop $l (drop (call $put (i32.const 2) (i32.const 4096) (i32.const 100000))) (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 200))))",
            ),
            Completes,
        ),
        attack(
            "sleeping for a year",
            "stay",
            program(
                &[(4112, "\\01")],
                "(i64.store (i32.const 4120) (i64.const 31536000000000000)) (drop (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 0)))",
            ),
            Ends,
        ),
        attack(
            "10⁵ lines of standard output",
            "fill the log",
            program(
                &[(4096, "\\0a")],
                "(local i32) (loop $l (call $say (i32.const 4096) (i32.const 1)) (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100000))))",
            ),
            Ends,
        ),
        attack(
            "reading standard input",
            "wait for ever",
            program(
                &[],
                "(i32.store (i32.const 8) (i32.const 4096)) (i32.store (i32.const 12) (i32.const 10)) (call $expect (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 16)) (i32.const 0)) (call $expect (i32.load (i32.const 16)) (i32.const 0))",
            ),
            Completes,
        ),
        attack(
            "the environment",
            "read secrets",
            program(
                &[],
                "(call $expect (call $environ_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0)) (call $expect (i32.load (i32.const 0)) (i32.const 0))",
            ),
            Completes,
        ),
    ]
}

fn exits() -> Vec<Attack> {
    let mut rows = vec![attack(
        "exit 0 before any output",
        "be taken for a failure",
        program(&[], "(call $exit (i32.const 0))"),
        Completes,
    )];
    for code in [1, 127, 255, 256, -1] {
        let body = format!("(call $exit (i32.const {code}))");
        rows.push(attack(
            format!("exit {code}"),
            "be taken for the host's own exit",
            program(&[], &body),
            Fails(&[GuestError, Trap]),
        ));
    }
    rows
}
