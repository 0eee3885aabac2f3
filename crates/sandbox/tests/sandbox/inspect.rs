//! What uploads are accepted, and what is said about the others.

use crate::guests::{ARTIFACTS, SLEEP, component, noop};
use crate::support::Bench;
use fuelcell_domain::limits::MODULE;
use fuelcell_domain::manifest::SECTION;
use fuelcell_domain::seams::InspectError;
use fuelcell_domain::{FIXED, ModuleInspector};
use fuelcell_sandbox::{Sandbox, pack};
use std::sync::LazyLock;
use wasm_encoder::{
    CodeSection, ComponentSection, ConstExpr, CustomSection, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Module, ModuleSection, TypeSection, ValType,
};

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);

fn sandbox() -> &'static Sandbox {
    &BENCH.sandbox
}

fn refusal(bytes: &[u8]) -> InspectError {
    sandbox().inspect(bytes).unwrap_err()
}

const MANIFEST: &str = r#"{"interface":"0.1","title":"A title"}"#;

#[test]
fn a_component_without_a_manifest_gets_the_fallback() {
    let inspection = sandbox().inspect(&component(&[ARTIFACTS, SLEEP], "", "(i32.const 0)")).unwrap();
    assert!(!inspection.has_manifest);
    assert_eq!(inspection.manifest.inputs[0].name, "dataset");
    assert!(inspection.imports.contains(&"fuelcell:job/artifacts@0.1.0".to_owned()));
    assert!(inspection.imports.contains(&"wasi:clocks/monotonic-clock@0.2.3".to_owned()));
}

#[test]
fn a_packed_manifest_is_read_and_packing_again_replaces_it() {
    let packed = pack(&noop(), r#"{"interface":"0.1","title":"Old"}"#).unwrap();
    let again = pack(&packed, MANIFEST).unwrap();
    let inspection = sandbox().inspect(&again).unwrap();
    assert!(inspection.has_manifest);
    assert_eq!(inspection.manifest.title, "A title");
    assert_eq!(again, pack(&noop(), MANIFEST).unwrap());
}

#[test]
fn what_is_read_of_a_valid_component_is_what_inspection_finds() {
    let plain = component(&[ARTIFACTS, SLEEP], "", "(i32.const 0)");
    let packed = pack(&plain, MANIFEST).unwrap();
    for component in [plain, packed] {
        assert_eq!(sandbox().read(&component), sandbox().inspect(&component));
    }
}

#[test]
fn packing_takes_only_modules_and_manifests() {
    assert!(pack(&noop(), "{").is_err());
    assert!(pack(b"\0asm\x02\0\0\0", MANIFEST).is_err());
    let noop = noop();
    assert!(pack(&noop[..noop.len() - 1], MANIFEST).is_err());
}

#[test]
fn two_manifests_are_refused() {
    let mut bytes = pack(&noop(), MANIFEST).unwrap();
    CustomSection { name: SECTION.into(), data: MANIFEST.as_bytes().into() }.append_to_component(&mut bytes);
    assert!(matches!(refusal(&bytes), InspectError::Manifest(_)));
}

#[test]
fn a_manifest_that_is_none_is_refused() {
    let mut bytes = noop();
    CustomSection { name: SECTION.into(), data: b"{\"interface\":".into() }.append_to_component(&mut bytes);
    assert!(matches!(refusal(&bytes), InspectError::Manifest(_)));
}

#[test]
fn imports_outside_the_list_are_named() {
    for name in [
        "wasi:sockets/raw@0.2.0",
        "wasi:http/incoming-handler@0.2.0",
        "evil:host/all@1.0.0",
        "fuelcell:job/log@0.9.0",
    ] {
        let text = format!(r#"(component (import "{name}" (instance)))"#);
        assert_eq!(refusal(&wat::parse_str(text).unwrap()), InspectError::ImportDenied(name.into()));
    }
}

#[test]
fn a_component_needs_both_exports() {
    let text = refusal(&wat::parse_str("(component)").unwrap()).to_string();
    assert!(text.contains("`run`"), "{text}");
}

#[test]
fn core_modules_are_commands_or_refused_with_advice() {
    let text = refusal(&wat::parse_str("(module)").unwrap()).to_string();
    assert!(text.contains("wasm32-wasip2"), "{text}");
    let command =
        wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#).unwrap();
    let packed = pack(&command, MANIFEST).unwrap();
    let inspection = sandbox().inspect(&packed).unwrap();
    assert!(inspection.has_manifest);
    assert_eq!(inspection.manifest.title, "A title");
}

#[test]
fn core_modules_import_nothing_but_preview_1() {
    let import =
        r#"(module (import "env" "system" (func)) (memory (export "memory") 1) (func (export "_start")))"#;
    let text = refusal(&wat::parse_str(import).unwrap()).to_string();
    assert!(text.contains("env"), "{text}");
}

#[test]
fn switched_off_features_are_told_from_nonsense() {
    for module in [
        "(memory i64 1)",
        "(memory 1 1 shared)",
        "(memory 1) (memory 1)",
        "(type (struct))",
        "(type $f (func)) (func (param (ref $f)))",
        "(type $f (func)) (table 1 (ref null $f))",
        "(type $f (func)) (func (param (ref null $f)) (call_ref $f (local.get 0)))",
        "(func (param externref))",
        "(memory 1 (pagesize 1))",
        "(func (result i64 i64) (i64.add128 (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))",
        "(table i64 1 funcref)",
        "(tag (export \"t\"))",
    ] {
        let text = format!("(component (core module {module}))");
        let refused = refusal(&wat::parse_str(text).unwrap());
        assert!(matches!(refused, InspectError::Unsupported(_)), "{module}: {refused}");
    }
    let broken = wat::parse_str("(component (core module (func (result i32))))").unwrap();
    assert!(matches!(refusal(&broken), InspectError::Invalid(_)));
}

/// A global variable that never changes.
const I32: GlobalType = GlobalType { val_type: ValType::I32, mutable: false, shared: false };

/// Tries the least component with `more` of something beside its own: as many as `most` are taken, and one more is refused.
fn is_exact(what: &str, most: u64, more: impl Fn(u32) -> Vec<u8>) {
    let refused = |count: u32| {
        let InspectError::CompileLimit(text) = refusal(&more(count)) else { panic!("{count} {what}") };
        let found = text.strip_prefix("it has ").and_then(|rest| rest.split_once(&format!(" {what}; ")));
        found.unwrap_or_else(|| panic!("{text}")).0.parse::<u64>().unwrap()
    };
    let most = u32::try_from(most).unwrap();
    let own = refused(most + 1) - u64::from(most + 1);
    let left = most - u32::try_from(own).unwrap();
    assert!(sandbox().inspect(&more(left)).is_ok(), "{most} {what}");
    assert_eq!(refused(left + 1), u64::from(most) + 1);
}

/// The least component with this module in it.
fn with_module(module: &Module) -> Vec<u8> {
    let mut bytes = noop();
    ModuleSection(module).append_to_component(&mut bytes);
    bytes
}

/// A module of so many functions with this body.
fn with_functions(count: u32, body: &Function) -> Vec<u8> {
    let (mut types, mut functions, mut code) =
        (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    for _ in 0..count {
        functions.function(0);
        code.function(body);
    }
    with_module(Module::new().section(&types).section(&functions).section(&code))
}

/// A body that does nothing so many times, and has so many variables.
fn body(times: u32, locals: u32) -> Function {
    let mut body = Function::new([(locals, ValType::I32)]);
    let mut instructions = body.instructions();
    for _ in 0..times {
        instructions.nop();
    }
    instructions.end();
    body
}

#[test]
fn what_no_compiler_should_see_is_refused() {
    is_exact("bytes in one function", MODULE.function_bytes as u64, |n| with_functions(1, &body(n, 0)));
    is_exact("local variables in one function", MODULE.locals, |n| with_functions(1, &body(0, n)));
    is_exact("functions", MODULE.functions, |n| with_functions(n, &body(0, 0)));
    is_exact("types", MODULE.types, |n| {
        let mut types = TypeSection::new();
        for _ in 0..n {
            types.ty().function([], []);
        }
        with_module(Module::new().section(&types))
    });
    is_exact("exports", MODULE.exports, |n| {
        let (mut globals, mut exports) = (GlobalSection::new(), ExportSection::new());
        globals.global(I32, &ConstExpr::i32_const(0));
        for number in 0..n {
            exports.export(&number.to_string(), ExportKind::Global, 0);
        }
        with_module(Module::new().section(&globals).section(&exports))
    });
    is_exact("imports", MODULE.imports, |n| {
        let mut imports = ImportSection::new();
        for number in 0..n {
            imports.import("a", &number.to_string(), I32);
        }
        with_module(Module::new().section(&imports))
    });
    is_exact("nested modules and components", MODULE.parts, |n| {
        let mut bytes = noop();
        for _ in 0..n {
            ModuleSection(&Module::new()).append_to_component(&mut bytes);
        }
        bytes
    });
}

#[test]
fn a_module_is_as_large_as_is_stated() {
    let padded = |length: usize| {
        let mut bytes = noop();
        // Of a custom section there are a byte, its length in four, and a name of a letter with its length.
        let data = vec![0; length - bytes.len() - 7];
        CustomSection { name: "x".into(), data: data.into() }.append_to_component(&mut bytes);
        assert_eq!(bytes.len(), length);
        bytes
    };
    assert!(sandbox().inspect(&padded(MODULE.bytes)).is_ok());
    assert!(matches!(refusal(&padded(MODULE.bytes + 1)), InspectError::Unsupported(_)));
}

#[test]
fn a_table_has_a_limit_that_is_named() {
    let with_table = |elements: u32| component(&[], &format!("(table {elements} funcref)"), "(i32.const 0)");
    sandbox().inspect(&with_table(FIXED.table_elements)).unwrap();
    let refused = refusal(&with_table(FIXED.table_elements + 1));
    assert!(
        matches!(&refused, InspectError::Unsupported(text) if text.contains("50001 elements; at most 50000")),
        "{refused}"
    );
}

#[test]
fn names_of_a_module_come_back_short() {
    let long = "x".repeat(90_000);
    for module in [
        format!(r#"(component (import "{long}" (func)))"#),
        format!(r#"(component (import "a:b/{long}@1.0.0" (instance)))"#),
        format!(
            r#"(module (import "env" "{long}" (func)) (memory (export "memory") 1) (func (export "_start")))"#
        ),
        format!(
            r#"(component (core module $m (import "{long}" "f" (func))) (core instance (instantiate $m)))"#
        ),
        format!(r#"(component (core module (func (export "{long}")) (func (export "{long}"))))"#),
    ] {
        let refused = refusal(&wat::parse_str(&module).unwrap()).to_string();
        assert!(refused.len() < 1_200, "{} bytes: {refused:.100}", refused.len());
    }
}

#[test]
fn garbage_is_refused() {
    for bytes in [
        b"".as_slice(),
        b"\0asm",
        b"\0asm\x0d\0\x01",
        b"\0asm\xff\0\x01\0",
        b"(component)",
        b"\x7fELF\x02\x01\x01\0",
        &[0xff; 100],
    ] {
        assert!(matches!(refusal(bytes), InspectError::Invalid(_)), "{bytes:?}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let whole = pack(&component(&[ARTIFACTS, SLEEP], "", "(i32.const 0)"), MANIFEST).unwrap();
    for length in 0..whole.len() {
        // Cut between two outer sections, a module can still be whole; it lacks its manifest then.
        if let Ok(inspection) = sandbox().inspect(&whole[..length]) {
            assert!(!inspection.has_manifest);
        }
    }
}

#[test]
fn no_flipped_bit_makes_inspection_panic() {
    let whole = pack(&noop(), MANIFEST).unwrap();
    let mut refused = 0;
    for position in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[position] ^= 1 << bit;
            refused += u32::from(sandbox().inspect(&damaged).is_err());
        }
    }
    assert!(refused > 0);
}
