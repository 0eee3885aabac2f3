//! Requests that are never sent: what a guest writes into them lies in the host's memory.

use crate::Expected::{Completes, Fails};
use crate::{Attack, attack};
use fuelcell_domain::ErrorCode::{FuelExhausted, HostLimit, Timeout, Trap};

/// A program that imports requests. `body` is core code; `$request` makes one, `$expect` traps unless both are the same.
/// All memory is the letter a, but for the slash at 1024.
fn sender(body: &str) -> Vec<u8> {
    let setters = ["method", "authority", "path-with-query"];
    let each = |text: &dyn Fn(&str) -> String| setters.map(text).concat();
    let types = each(&|setter| {
        let ty = if setter == "method" { "$method" } else { "(option string)" };
        format!(
            r#"(export "[method]outgoing-request.set-{setter}" (func (param "self" (borrow $outgoing)) (param "{setter}" {ty}) (result (result))))"#
        )
    });
    let lowered = each(&|setter| {
        format!(
            r#"(core func ${setter} (canon lower (func $http "[method]outgoing-request.set-{setter}") (memory (core memory $libc "memory"))))"#
        )
    });
    let handed = each(&|setter| format!(r#"(export "{setter}" (func ${setter}))"#));
    let imported = each(&|setter| {
        format!(r#"(import "host" "{setter}" (func ${setter} (param i32 i32 i32 i32) (result i32)))"#)
    });
    let text = format!(
        r#"(component
    (import "wasi:http/types@0.2.6" (instance $http
        (export "fields" (type $fields (sub resource)))
        (export "outgoing-request" (type $outgoing (sub resource)))
        (type $method' (variant (case "get") (case "head") (case "post") (case "put") (case "delete") (case "connect")
            (case "options") (case "trace") (case "patch") (case "other" string)))
        (export "method" (type $method (eq $method')))
        (export "[constructor]fields" (func (result (own $fields))))
        (export "[constructor]outgoing-request" (func (param "headers" (own $fields)) (result (own $outgoing))))
        {types}))
    (core module $Libc (memory (export "memory") 16))
    (core instance $libc (instantiate $Libc))
    (core func $fields (canon lower (func $http "[constructor]fields")))
    (core func $outgoing (canon lower (func $http "[constructor]outgoing-request")))
    {lowered}
    (core module $Main
        (import "libc" "memory" (memory 16))
        (import "host" "fields" (func $fields (result i32)))
        (import "host" "outgoing" (func $outgoing (param i32) (result i32)))
        {imported}
        (func $request (result i32) (call $outgoing (call $fields)))
        (func $expect (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
        (func (export "run") (result i32) (local $it i32)
            (memory.fill (i32.const 0) (i32.const 97) (i32.const 1048576))
            (i32.store8 (i32.const 1024) (i32.const 47))
            {body}
            (i32.const 0)))
    (core instance $main (instantiate $Main
        (with "libc" (instance $libc))
        (with "host" (instance (export "fields" (func $fields)) (export "outgoing" (func $outgoing)) {handed}))))
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $cli (export "run" (func $run)))
    (export "wasi:cli/run@0.2.6" (instance $cli)))"#
    );
    wat::parse_str(text).unwrap()
}

/// Sets the text at `start` with as many bytes as may be, which is taken, then with more, which is refused. `case` is the
/// variant's that has the text.
fn bounded(setter: &str, case: u8, start: u32, most: u32) -> Vec<u8> {
    let set = |length: u32, refused: u8| {
        format!(
            "(call $expect (call ${setter} (local.get $it) (i32.const {case}) (i32.const {start}) (i32.const {length})) (i32.const {refused}))"
        )
    };
    let calls = [set(most, 0), set(most + 1, 1), set(1_000_000, 1)].concat();
    sender(&format!("(local.set $it (call $request)) {calls}"))
}

pub(crate) fn rows() -> Vec<Attack> {
    let tries = "keep text in the host's memory";
    let endless = "(loop $l (drop (call $method (call $request) (i32.const 9) (i32.const 2048) (i32.const 64))) (br $l))";
    vec![
        attack("a method of a megabyte", tries, bounded("method", 9, 2048, 64), Completes),
        attack("an authority of a megabyte", tries, bounded("authority", 1, 2048, 512), Completes),
        attack("a path of a megabyte", tries, bounded("path-with-query", 1, 1024, 8192), Completes),
        attack(
            "requests without end",
            "use up the host's memory",
            sender(endless),
            Fails(&[HostLimit, Trap, FuelExhausted, Timeout]),
        ),
    ]
}
