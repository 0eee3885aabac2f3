//! Jobs in JavaScript and TypeScript: the SDK as an author tests with it, the page that explains it, and the engine in a cell.

use fuelcell_tests::page::blocks;
use fuelcell_tests::script::{Ran, archive, scripts, start, write};
use fuelcell_tests::{Answer, Project, Server, built};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A cache for `fuelcell run` that has the engine once it was run.
fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let folder = fuelcell_tests::cache().to_owned();
        // Tests that begin together wait for the one that compiles.
        let lock = File::create(folder.join("lock-javascript")).unwrap();
        lock.lock().unwrap();
        let script = scripts(&[("main.js", r#"import { defineJob } from "fuelcell"; export default defineJob({ title: "Nothing", run() {} });"#)]);
        let ended = start(&folder, script.path(), &[]);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        folder
    })
}

fn run(files: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let folder = scripts(files);
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let output = start(cache(), folder.path(), &arguments);
    Ran::new(folder, &output)
}

/// A job of one function.
fn job(body: &str) -> String {
    format!(
        "import {{ defineJob, Failure }} from \"fuelcell\";\nexport default defineJob({{ title: \"A job\", async run(context) {{\n{body}\n}} }});\n"
    )
}

#[test]
fn the_sdk_passes_its_own_tests() {
    let tests =
        Command::new("node").arg("--test").current_dir(built::source("guest-sdk/js")).output().unwrap();
    let said = String::from_utf8_lossy(&tests.stdout);
    assert!(tests.status.success() && said.contains("# fail 0") && !said.contains("# pass 0"), "{said}");
}

#[expect(clippy::too_many_lines, reason = "one job and what became of each of its questions")]
#[test]
fn a_job_asks_its_host_for_everything() {
    let main = r#"
import { Completion, defineJob, HostError } from "fuelcell";
import { helper } from "./lib/helper.js";
import lookup from "./lookup.json";
import { NAME } from "pure";
import part from "@scope/kit/part";
import inner from "whole/inner";
import worded from "./vendor/whole/told.json";
import "whole/typed.ts";
import "whole/patch";

export default defineJob({
  title: "Everything",
  parameters: { type: "object", properties: { names: { type: "array", items: { type: "string" } }, limit: { type: "integer", default: 3 } }, required: ["names"] },
  inputs: ["dataset", { name: "lookups", many: true }],
  hmac: ["KEY"],
  async run(context, { names, limit }) {
    console.log("a line", { n: 1n });
    const rows = context.open("dataset").rows().toArray();
    context.report({ recordsProcessed: rows.length, recordsTotal: 10n, warnings: [{ kind: "Odd", message: "An odd row." }] });
    context.progress(1, 2, "Halfway");
    context.warn("stage", "a warning");
    context.saveCheckpoint("kept");
    context.mark("key");
    const refused: string[] = [];
    for (const ask of [
      () => context.open("none"), () => context.artifact("a:b"), () => context.hmac("KEY", "x"), () => fetch("https://example.com/"),
    ]) {
      try { await ask(); } catch (error) { refused.push(error instanceof HostError ? error.name : String(error)); }
    }
    let ticks = 0;
    const timer = setInterval(() => { ticks += 1; if (ticks === 3) clearInterval(timer); }, 1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const missing = await import("whole/none").catch((error) => error.message);
    context.artifact("thrown.txt").write("x");
    await context.save("told.json", {
      rows, names, limit, ticks, refused, helper, lookup, NAME, part, inner, missing, large: 18446744073709551615n,
      kept: new TextDecoder().decode(context.loadCheckpoint()), seen: context.seen("key"), cancelled: context.cancellation(),
      lookups: [...context.inputsOf("lookups").values()].map(({ name }) => context.open(name).text()),
    }, { primary: true });
    return Completion.skipped("enough");
  },
});
"#;
    let inputs = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        write(&inputs.path().join(name), text);
        inputs.path().join(name).display().to_string()
    };
    let zones = format!("lookups/zones={}", file("zones", "north"));
    let files = [
        ("main.ts", main),
        ("lib/helper.ts", "export const helper: string = \"typed\";\n"),
        ("lookup.json", r#"{"k": [1, "two"]}"#),
        (
            "vendor/pure/package.json",
            r#"{"exports": {".": {"require": "./no.cjs", "import": "./index.mjs"}}}"#,
        ),
        ("vendor/pure/index.mjs", "export const NAME = 'vendored';\n"),
        ("vendor/@scope/kit/part.js", "export default 'part';\n"),
        ("vendor/whole/package.json", r#"{"exports": {"import": "./index.js"}}"#),
        ("vendor/whole/index.js", "export default 'whole';\n"),
        ("vendor/whole/inner.js", "export default 'inner';\n"),
        ("vendor/whole/told.json", r#"{"told": "require('x'), exports.y"}"#),
        ("vendor/whole/typed.ts", "const exports: { a?: number } = {};\nexports.a = 1;\n"),
        ("vendor/whole/patch.js", "// In Node: require('patch')\nglobalThis.patched = true;\n"),
    ];
    let orders = file("in.csv", "a,b\n1,ä\n2,\"x,y\"\n");
    let ran = run(&files, &["--in", &orders, "--in", &zones, "--param", r#"names=["n"]"#]);
    let told: Value = serde_json::from_str(&ran.text("told.json")).unwrap();
    let expected = json!({
        "rows": [{"a": "1", "b": "ä"}, {"a": "2", "b": "x,y"}], "names": ["n"], "limit": 3, "ticks": 3,
        "refused": ["InvalidRequest", "InvalidRequest", "InvalidRequest", "HttpError"],
        "helper": "typed", "lookup": {"k": [1, "two"]}, "NAME": "vendored", "part": "part", "inner": "inner",
        "missing": "main.ts imports \"whole/none\": the package whole in vendor/ has no none that is a JavaScript module", "large": u64::MAX,
        "kept": "kept", "seen": false, "cancelled": "none", "lookups": ["north"],
    });
    assert_eq!(told, expected);
    assert!(!ran.folder.path().join("out/thrown.txt").exists());
    assert_eq!(ran.told["recordsProcessed"], 2);
    for line in ["[console] a line {\"n\":1}", "[stage] a warning"] {
        assert!(ran.log.contains(line), "{line}: {}", ran.log);
    }
}

#[test]
fn whatever_a_script_throws_is_a_failure_with_its_place() {
    for (body, told) in [
        (
            "const f = () => null.x;\nf();",
            "TypeError: cannot read property 'x' of null\n    at f (main.js:3:",
        ),
        (
            "throw new Failure('MissingColumn', 'Line 3 has none.');",
            "GuestError: Line 3 has none. (\"MissingColumn\")",
        ),
        ("throw 'a text';", "a text (\"Thrown\")"),
        (
            "class Odd extends Error { name = 'Odd'; }\nthrow new Odd('why', { cause: new TypeError('inner') });",
            "caused by TypeError: inner",
        ),
        (
            "const error = new Error('round');\nerror.cause = error;\nconsole.log(error);\nthrow error;",
            "caused by Error: round",
        ),
        ("JSON.parse('{');", "at run (main.js:3:"),
        ("Promise.reject(new RangeError('forgotten'));", "RangeError: forgotten"),
        (
            "setTimeout(() => { throw new Error('late'); }, 1);\nawait new Promise((r) => setTimeout(r, 5));",
            "Error: late",
        ),
        ("await new Promise(() => {});", "The job waits for a promise that nothing can settle. (\"Stuck\")"),
        ("const f = (n) => f(n + 1) + 1;\nf(0);", "StackOverflow: the module's call stack overflowed"),
        (
            "const held = [];\nfor (;;) held.push(new Uint8Array(10_000_000));",
            "MemoryLimit: the module needed more memory than its limit",
        ),
        (
            "await fetch('https://example.com/');",
            "HttpError: the host sent no request or has no answer: HTTP-request-denied",
        ),
        ("await fetch('/x');", "TypeError: a URL is https://host/… or http://host/…, and not /x"),
        (
            "await fetch('https://x.y/', { mode: 'cors' });",
            "TypeError: fetch takes no mode; it takes method, headers, body, timeout",
        ),
        ("context.report({ rows: 1 });", "TypeError: a report has no rows; it has recordsProcessed"),
        ("context.progress(1n << 64n, 2);", "RangeError: progress is a whole number from 0 to 2^64 - 1"),
        ("return 3;", "a job returns nothing or a Completion, and this one returned number"),
        ("await import('node:fs');", "imports \"node:fs\": a cell has no modules of Node"),
        ("await import('./none.js');", "there is no file none.js in the script"),
        ("await import('../../etc/passwd');", "it leads out of the script"),
        ("await import('zod');", "there is no package zod in vendor/"),
        ("await import('stream');", "imports \"stream\": a cell has no modules of Node"),
    ] {
        let ran = run(&[("main.js", &job(body))], &[]);
        assert_eq!(ran.told["completed"], false, "{body}");
        assert!(ran.error().contains(told), "{body}\n{}", ran.error());
    }
}

#[expect(clippy::too_many_lines, reason = "two sources and what they must print")]
#[test]
fn types_are_blanks() {
    let main = r#"import { defineJob, type Context } from "fuelcell";
import type { Report } from "fuelcell";
import { helper, type Shape } from "./helper";

interface Row { name: string; amount?: number }
type Pair<A, B> = [A, B];
declare const nothing: number;
export declare function absent(x: number): void;
abstract class Base<T> implements Iterable<T> {
  private readonly items: T[] = [];
  protected count!: number;
  static readonly kind?: string = "base";
  declare ghost: string;
  [key: string]: unknown;
  abstract size(): number;
  constructor(first: T, ...rest: T[]) { this.items = [first, ...rest]; }
  public override toString(this: Base<T>, loud?: boolean): string { return `${this.items.length as number}${loud ? "!" : ""}`; }
  *[Symbol.iterator](): Iterator<T> { yield* this.items as Iterable<T>; }
}
class Own extends Base<number> implements Iterable<number> { size(): number { return 2; } }
function over(a: string): string;
function over(a: number): number;
function over(a: any): any { return a; }
const generic = <T,>(value: T): T => value;
const arrow = (a: number): Pair<
  number, /* ) */ string
> => [a, "x"];
const first = over(1) as number
[2, 3].forEach((x) => x);
const many = (a = "//"): Pair<
  number, string
> => [1, a];
const later = () => {
  return <T,
  >(x: T): T => x;
};
class Keyed {
  a = 1
  private ["b"] = 2
  private static readonly c = 3
  readonly d = this.a
  public *e(): Iterator<number> { yield 4; }
}
const sum = over(1) as number
  + 2;
let ü = <string>"z", w = ("a" as const)!.length satisfies number;

export default defineJob({
  title: "Typed",
  async run(context: Context): Promise<void> {
    const map = new Map<string, number>([["a", 1]]);
    const shape: Shape | undefined = undefined;
    for (const [k, v] of map as Iterable<Pair<string, number>>) console.log(k!, v, shape);
    try { JSON.parse("{") } catch (e: unknown) { (e as Error).name }
    const own = new Own(1, 2);
    await context.save("told.json", [own.toString(true), [...own], generic<number>(5), arrow(1), helper("x"), first, ü, w, over("s"), sum, many(), later()(6), new Keyed(), Keyed["c"]]);
    const row: Row | undefined = undefined; (row as unknown as Row).name;
  },
});
"#;
    let helper =
        "export type Shape = { a: number };\nexport const helper = (x: string): string => x.toUpperCase();\n";
    let ran = run(&[("main.ts", main), ("helper.ts", helper)], &[]);
    // The last line fails on purpose: it is where the source has it.
    let line = main.lines().position(|line| line.contains("(row as unknown")).unwrap() + 1;
    let column = main.lines().nth(line - 1).unwrap().find("row as").unwrap() + 1;
    let place = format!("at run (main.ts:{line}:{column})");
    assert!(ran.error().contains(&place), "{place}: {}", ran.error());
    let told: Value =
        serde_json::from_slice(&fs::read(ran.folder.path().join("out/told.json")).unwrap()).unwrap();
    assert_eq!(
        told,
        json!(["2!", [1, 2], 5, [1, "x"], "X", 1, "z", 1, "s", 3, [1, "//"], 6, {"a": 1, "b": 2, "d": 1}, 3])
    );
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn what_is_no_script_is_refused_when_it_is_packed() {
    for (files, told) in [
        (vec![("main.ts", "const a = 1;\nenum Colour { Red }")], "an enum is code and not only a type"),
        (
            vec![
                ("main.ts", "import './b';"),
                ("b.ts", "export class A { constructor(private x: number) {} }"),
            ],
            "at b.ts:1:30",
        ),
        (vec![("main.ts", "namespace A { export const b = 1; }")], "a namespace is code"),
        (vec![("main.ts", "const a = () => { return <\nnumber>1; };")], "at main.ts:1:26"),
        (vec![("main.ts", "const a: = 3;")], "at main.ts:1:10"),
        (vec![("main.js", "const a = ;")], "at main.js:1:11"),
        (
            vec![("main.js", "export default 1;")],
            "main.js declares no job: write \"export default defineJob({ … })\"",
        ),
        (
            vec![(
                "main.js",
                "import { defineJob } from 'fuelcell'; export default defineJob({ name: 'x' });",
            )],
            "a job has no name; it has title",
        ),
        (
            vec![(
                "main.js",
                "import { defineJob } from 'fuelcell'; export default defineJob({ title: 'x', http: { hosts: ['*'] }, run() {} });",
            )],
            "\"*\" is not a host",
        ),
        (vec![("readme.txt", "nothing")], "it can have main.ts or main.js instead"),
        (
            vec![
                ("main.js", "import old from 'old';"),
                ("package.json", r#"{"dependencies": {"old": "1"}}"#),
                ("node_modules/old/package.json", r#"{"main": "old.js"}"#),
                ("node_modules/old/old.js", "module.exports = require('older');"),
            ],
            "main.js imports \"old\": vendor/old/old.js is CommonJS",
        ),
        (
            vec![
                ("main.js", "import 'half';"),
                ("package.json", r#"{"dependencies": {"half": "1"}}"#),
                ("node_modules/half/package.json", r#"{"exports": "./half.mjs"}"#),
                ("node_modules/half/half.mjs", "export { default } from './old.js';"),
                ("node_modules/half/old.js", "exports.default = 1;"),
            ],
            "vendor/half/half.mjs imports \"./old.js\": vendor/half/old.js is CommonJS",
        ),
        (
            vec![("main.js", "import 'broken';"), ("vendor/broken/index.js", "exports.a = 1;\nconst b = ;")],
            "at vendor/broken/index.js:2:11",
        ),
        (
            vec![
                ("main.js", "import 'disk';"),
                ("package.json", r#"{"dependencies": {"disk": "1"}}"#),
                ("node_modules/disk/package.json", r#"{"exports": "./disk.js"}"#),
                (
                    "node_modules/disk/disk.js",
                    "import { readFile } from 'fs/promises';\nexport { readFile };",
                ),
            ],
            "vendor/disk/disk.js imports \"fs/promises\": a cell has no modules of Node",
        ),
        (
            vec![
                (
                    "main.js",
                    "import { defineJob } from 'fuelcell'; export default defineJob({ title: 'x', run() {} });",
                ),
                ("later.ts", "const a: = 3;"),
            ],
            "cannot read the script: later.ts, line 1, column 10: ",
        ),
    ] {
        let folder = scripts(&files);
        let mut pack = Command::new(built::fuelcell());
        let packed = pack
            .args(["module", "pack", "script"])
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", cache())
            .output();
        let packed = packed.unwrap();
        let said = String::from_utf8_lossy(&packed.stderr);
        assert!(!packed.status.success() && said.contains(told), "{files:?}\n{said}");
    }
}

/// Uploads a script, whose manifest says nothing but its engine.
fn put(project: &Project, files: &[(&str, &str)]) -> Answer {
    let manifest = ("fuelcell.json", r#"{"interface": "0.1", "title": "A script", "engine": "javascript"}"#);
    let files = [manifest].into_iter().chain(files.iter().copied());
    let files = files.map(|(path, text)| (path, text.as_bytes()));
    let bytes = archive(&files.collect::<Vec<_>>());
    let name = uuid::Uuid::new_v4();
    project.client.put_bytes(&project.path(&format!("modules/{name}/versions/1.0.0")), &bytes)
}

#[test]
fn sources_are_read_when_they_are_uploaded_and_none_runs() {
    cache();
    let server = Server::start();
    let project = Project::new(&server);
    for (files, place, told) in [
        (vec![("main.js", "const b = 1;\nconst a = ;")], json!(["/main.js", 2, 11]), "unexpected token"),
        (vec![("main.js", ""), ("lib/b.ts", "const a: = 3;")], json!(["/lib/b.ts", 1, 10]), "column 10: "),
        (
            vec![("main.ts", "const a = 1;\nenum Colour { Red }")],
            json!(["/main.ts", 2, 1]),
            "an enum is code",
        ),
        (
            vec![("main.mjs", "import a from './a.json';"), ("a.json", "{\n  1}")],
            json!(["/a.json", 2, 3]),
            "key",
        ),
        (vec![("main.js", "const a = 1;\0")], json!(["/main.js", null, null]), "null"),
    ] {
        let refused = put(&project, &files);
        assert_eq!(refused.problem(422).0, "ScriptSyntax");
        let error = &refused.json()["errors"][0];
        assert_eq!(json!([error["pointer"], error["line"], error["column"]]), place, "{error}");
        assert!(error["message"].as_str().unwrap().contains(told), "{error}");
    }
    let broken = ("vendor/broken/index.js", "const b = ;");
    for (files, warned) in [
        // If it ran, it would have no end.
        (vec![("main.js", "while (true) {}")], None),
        (
            vec![("main.ts", "import type { A } from './none';\nconst a: A = 1;"), ("a.d.ts", "export = 1;")],
            None,
        ),
        (vec![("main.js", "import './none.js'; import { none } from 'none';"), broken], None),
        (vec![("main.js", "import 'broken';"), broken], Some("vendor/broken/index.js, line 1, column 11: ")),
    ] {
        let taken = put(&project, &files).ok();
        assert_eq!(
            (&taken["syntax"], &taken["syntaxReason"]),
            (&json!("checked"), &Value::Null),
            "{taken:#}"
        );
        let warning = taken["warnings"].as_array().unwrap().iter().find_map(Value::as_str);
        assert_eq!(warning.is_some(), warned.is_some(), "{taken:#}");
        assert!(warned.is_none_or(|warned| warning.unwrap().starts_with(warned)), "{taken:#}");
    }
    // What is nested too deeply ends the cell that reads it, and nothing else.
    let deep = format!("const a = {}1{};", "(".repeat(100_000), ")".repeat(100_000));
    let taken = put(&project, &[("main.js", &deep)]).ok();
    assert_eq!(taken["syntax"], "unchecked", "{taken:#}");
    assert_eq!(put(&project, &[("main.js", "")]).ok()["syntax"], "checked");
}

/// The library of schemas, as npm has unpacked it.
fn zod() -> PathBuf {
    let folder = built::target().join("tools/npm/node_modules/zod");
    assert!(folder.is_dir(), "`cargo xtask test` installs zod");
    folder
}

/// Parameters by zod, with a rule that no JSON Schema has.
const SCHEMA: &str = r#"
import { defineJob } from "fuelcell";
import { z } from "zod";

const parameters = z.object({
  country: z.enum(["NL", "DE"]),
  from: z.iso.date().default("2026-01-01"),
  days: z.coerce.number().int().min(1).max(31).default(7).describe("How far back."),
  tags: z.array(z.string().trim().min(1)).optional(),
}).refine(({ country, days }) => country !== "DE" || days <= 14, { path: ["days"], message: "Germany keeps two weeks." });

export default defineJob({
  title: "Schemas",
  parameters,
  async run(context, { country, from, days, tags }) {
    await context.save("told.json", { country, from, days, tags });
  },
});
"#;

/// What becomes of `SCHEMA` in a folder that has zod already.
fn check_schema(folder: &Path) {
    let run = |parameters: &[&str]| {
        let arguments: Vec<&str> = parameters.iter().flat_map(|parameter| ["--param", parameter]).collect();
        start(cache(), folder, &[&arguments[..], &["--json", "--force"]].concat())
    };
    let good = run(&["country=NL", r#"tags=[" a "]"#]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let told: Value = serde_json::from_slice(&fs::read(folder.join("out/told.json")).unwrap()).unwrap();
    let expected = json!({"country": "NL", "from": "2026-01-01", "days": 7, "tags": ["a"]});
    assert_eq!(told, expected);
    // What the JSON Schema says is refused before the job begins, what only the library knows by the job.
    let refused = run(&["country=FR"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("/country"), "{said}");
    let refused: Value = serde_json::from_slice(&run(&["country=DE", "days=15"]).stdout).unwrap();
    let message = "parameters at `days`: Germany keeps two weeks.";
    assert!(refused["error"].to_string().contains(message), "{refused:#}");
}

#[test]
fn a_library_of_schemas_works_as_npm_unpacks_it() {
    let folder = scripts(&[("main.ts", SCHEMA)]);
    let vendor = folder.path().join("script/vendor");
    fs::create_dir(&vendor).unwrap();
    let copied = Command::new("cp").arg("-R").arg(zod()).arg(&vendor).status().unwrap();
    assert!(copied.success());
    check_schema(folder.path());
}

#[test]
fn what_package_json_depends_on_travels_in_the_archive() {
    let package = (
        "package.json",
        r#"{"dependencies": {"zod": "^4.2.0", "fuelcell": "*"}, "devDependencies": {"axios": "1"}}"#,
    );
    let folder = scripts(&[("main.ts", SCHEMA), package]);
    let script = folder.path().join("script");
    fs::create_dir(script.join("node_modules")).unwrap();
    symlink(zod(), script.join("node_modules/zod")).unwrap();
    check_schema(folder.path());
    let mut inspect = Command::new(built::fuelcell());
    let inspect = inspect
        .args(["module", "inspect", "--output", "json"])
        .arg(script)
        .env("XDG_CACHE_HOME", cache())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&inspect.stdout).unwrap();
    let files: Vec<&str> =
        told["files"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert!(files.contains(&"vendor/zod/index.js") && files.contains(&"vendor/zod/LICENSE"), "{files:?}");
    let others = |path: &&&str| path.ends_with(".ts") || path.ends_with(".cjs") || path.contains("axios");
    assert_eq!(files.iter().filter(others).collect::<Vec<_>>(), [&"main.ts"]);
    let parameters = &told["manifest"]["parameters"];
    assert_eq!(parameters["properties"]["days"]["description"], "How far back.");
    assert_eq!(parameters["required"], json!(["country"]));
}

#[test]
fn the_page_on_javascript_is_followed_word_for_word() {
    let server = Server::start();
    let project = Project::new(&server);
    let page = fs::read_to_string(built::source("docs/javascript.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // As if somebody had installed the SDK, and what the script depends on.
    for (name, package) in
        [("node_modules/fuelcell", built::source("guest-sdk/js")), ("orders/node_modules/zod", zod())]
    {
        let place = folder.path().join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(package, place).unwrap();
    }
    let mut commands = Vec::new();
    for block in blocks(&page) {
        match (block.file(), block.language) {
            (Some((name, text)), _) => write(&folder.path().join(name), text),
            (None, "sh") => commands.push(block.text),
            (None, language) => panic!("a block of {language} is neither a file nor commands"),
        }
    }
    let follow = |commands: &str| {
        let program = built::fuelcell();
        let beside = program.parent().unwrap().display().to_string();
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-c", commands])
            .current_dir(folder.path())
            .env("PATH", format!("{beside}:{}", std::env::var("PATH").unwrap()))
            .env("XDG_CONFIG_HOME", folder.path())
            .env("XDG_CACHE_HOME", cache())
            .env("FUELCELL_SERVER", server.base())
            .env("FUELCELL_TOKEN", &project.token)
            .env("FUELCELL_TENANT", &project.tenant)
            .env("FUELCELL_PROJECT", &project.project);
        let output = shell.output().expect("there is a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{commands}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let [typescript, javascript, words, tests, orders] = commands[..] else {
        panic!("the page has five blocks of commands")
    };
    let said = follow(typescript);
    assert!(said.contains("5 words\n") && said.contains("1 of 1 cases as expected"), "{said}");
    assert!(said.contains("Completed"), "{said}");
    let said = follow(javascript);
    assert!(
        said.contains("# pass 2") && said.contains("Completed") && said.ends_with("\n5 words\n"),
        "{said}"
    );
    let said = follow(words);
    assert!(said.ends_with("2 words\n") && said.contains("leastLength"), "{said}");
    assert!(folder.path().join("words.zip").is_file());
    assert!(follow(tests).contains("# pass 1"));
    let said = follow(orders);
    assert!(said.ends_with("{\"country\":\"NL\",\"days\":7}"), "{said}");
}
