//! Files that are no modules, modules that ask for what jobs cannot have, and bombs for compilers.

use crate::Expected::{Completes, Refused};
use crate::guests::noop;
use crate::programs::program;
use crate::{Attack, attack};

fn core(text: &str) -> Vec<u8> {
    wat::parse_str(format!(r#"(module {text} (memory (export "memory") 1) (func (export "_start")))"#))
        .unwrap()
}

fn component(text: &str) -> Vec<u8> {
    wat::parse_str(format!("(component {text})")).unwrap()
}

pub(crate) fn rows() -> Vec<Attack> {
    [garbage(), damaged(), features(), imports(), bombs()].into_iter().flatten().collect()
}

fn garbage() -> Vec<Attack> {
    let rows: [(&str, &[u8]); 14] = [
        ("empty", b""),
        ("magic only", b"\0asm"),
        ("half a header", b"\0asm\x01\0"),
        ("version 2", b"\0asm\x02\0\0\0"),
        ("version of a draft", b"\0asm\x0c\0\x01\0"),
        ("an ELF file", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("a gzip file", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
        ("text", b"(module (func (export \"_start\")))"),
        ("an archive", b"!<arch>\n"),
        ("ones", &[0xff; 200]),
        ("zeros", &[0; 200]),
        ("a section without content", b"\0asm\x01\0\0\0\x01"),
        ("a section of four gigabytes", b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\x0f"),
        ("an overlong length", b"\0asm\x01\0\0\0\x01\x80\x80\x80\x80\x80\x00"),
    ];
    rows.into_iter()
        .map(|(name, bytes)| attack(name, "be taken for a module", bytes.to_vec(), Refused))
        .collect()
}

fn damaged() -> Vec<Attack> {
    let (command, job) = (program(&[], ""), noop());
    let mut rows = Vec::new();
    for (name, module) in [("command", &command), ("job", &job)] {
        for tenths in [2, 5, 9] {
            let cut = module[..module.len() * tenths / 10].to_vec();
            rows.push(attack(format!("{tenths}0 % of a {name}"), "be read past its end", cut, Refused));
        }
        let mut junk = module.clone();
        junk.extend_from_slice(b"\xde\xad\xbe\xef");
        rows.push(attack(format!("junk behind a {name}"), "smuggle bytes", junk, Refused));
    }
    rows.push(attack(
        "a name that is no text",
        "break UTF-8",
        b"\0asm\x01\0\0\0\x02\x07\x01\x01\xff\x01a\0\0".to_vec(),
        Refused,
    ));
    rows.push(attack(
        "twice the same section",
        "be read twice",
        b"\0asm\x01\0\0\0\x01\x01\0\x01\x01\0".to_vec(),
        Refused,
    ));
    rows.push(attack(
        "sections out of order",
        "be read backwards",
        b"\0asm\x01\0\0\0\x03\x01\0\x01\x01\0".to_vec(),
        Refused,
    ));
    rows
}

fn features() -> Vec<Attack> {
    let rows = [
        ("64-bit memory", "(memory i64 1)"),
        ("shared memory", "(memory 1 1 shared)"),
        ("structs", "(type (struct (field i32)))"),
        ("exceptions", "(tag)"),
        ("64-bit tables", "(table i64 1 funcref)"),
        ("a custom page size", "(memory 1 (pagesize 1))"),
    ];
    let row =
        |(name, text): (&str, &str)| attack(name, "use a feature that is switched off", core(text), Refused);
    rows.into_iter().map(row).collect()
}

fn imports() -> Vec<Attack> {
    let mut rows = Vec::new();
    for (module, function) in [
        ("env", "system"),
        ("wasi_unstable", "fd_write"),
        ("wasi_snapshot_preview2", "fd_write"),
        ("wasi_snapshot_preview1", "proc_exec"),
        ("fuelcell:job/log@0.1.0", "line"),
        ("__main_module__", "_start"),
    ] {
        let text = format!(r#"(import "{module}" "{function}" (func))"#);
        rows.push(attack(
            format!("import {module} {function}"),
            "call what is not there",
            core(&text),
            Refused,
        ));
    }
    let wrong = r#"(import "wasi_snapshot_preview1" "fd_write" (func (param f64)))"#;
    rows.push(attack("fd_write of another type", "confuse types", core(wrong), Refused));
    for name in [
        "wasi:sockets/raw@0.2.0",
        "wasi:http/incoming-handler@0.2.0",
        "wasi:cli/environment@0.3.0",
        "x:y/z@1.0.0",
    ] {
        let text = format!(r#"(import "{name}" (instance))"#);
        rows.push(attack(
            format!("import {name}"),
            "reach the network or the host",
            component(&text),
            Refused,
        ));
    }
    rows.push(attack(
        "no memory",
        "be wrapped without one",
        wat::parse_str(r#"(module (func (export "_start")))"#).unwrap(),
        Refused,
    ));
    rows.push(attack(
        "no start",
        "be no program",
        wat::parse_str(r#"(module (memory (export "memory") 1))"#).unwrap(),
        Refused,
    ));
    rows.push(attack(
        "start with parameters",
        "be no program",
        wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#)
            .unwrap(),
        Refused,
    ));
    rows.push(attack("nothing", "be no program", component(""), Refused));
    rows
}

fn bombs() -> Vec<Attack> {
    let many = |count: usize, item: &str| item.repeat(count);
    let exports: String = (0..20_001).map(|index| format!("(export \"{index}\" (func 0))")).collect();
    let rows = [
        ("locals", format!("(func (local {}))", many(20_001, "i32 "))),
        ("a huge function", format!("(func {})", many((1 << 20) + 1, "nop "))),
        ("types", many(50_001, "(type (func))")),
        ("functions", many(200_001, "(func)")),
        ("exports", format!("(func) {exports}")),
    ];
    let mut rows: Vec<Attack> = rows
        .into_iter()
        .map(|(name, text)| attack(format!("bomb of {name}"), "keep a compiler busy", core(&text), Refused))
        .collect();
    let parts = component(&"(core module)".repeat(300));
    rows.push(attack("bomb of parts", "keep a compiler busy", parts, Refused));
    let deep = format!("(func {} {})", "(block ".repeat(2_000), ")".repeat(2_000));
    rows.push(attack("deep blocks", "overflow the compiler's stack", core(&deep), Completes));
    let chain = format!("(func (local i32) {})", "(block (local.set 0 (i32.const 1)))".repeat(15_000));
    rows.push(attack("chained blocks", "keep a compiler busy", core(&chain), Completes));
    let table = format!("(func (param i32) (block (br_table {} (local.get 0))))", "0 ".repeat(50_000));
    rows.push(attack("a wide branch table", "keep a compiler busy", core(&table), Completes));
    rows
}
