import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Completion, defineJob, Failure, parseJson, stringifyJson } from "../src/index.js";
import { TestHost } from "../src/testing.js";

const job = (run, more = {}) => defineJob({ title: "A job", inputs: ["dataset"], run, ...more });

test("whole numbers of any size come and go exactly", () => {
  const text = '{"a":[12345678901234567890,-9223372036854775808,1.5e3,{"b":"1234567890123456","":null,"__proto__":1}],"c":[],"d":{}}';
  const value = parseJson(text);
  assert.equal(value.a[0], 12345678901234567890n);
  assert.equal(stringifyJson(value), text.replace("1.5e3", "1500"));
  assert.equal(stringifyJson({ a: [1n, "2n"] }, 1), '{\n "a": [\n  1,\n  "2n"\n ]\n}');
  assert.throws(() => parseJson('{"a": 12345678901234567890'), SyntaxError);
  const long = `${"\\".repeat(9)}"${"x".repeat(20_000_000)}\\`;
  assert.deepEqual(parseJson(`[${JSON.stringify(long)}, "", "\\"", 12345678901234567890]`), [long, "", '"', 12345678901234567890n]);
});

test("rows are read with quotes, ends of lines and gzip", async () => {
  const rows = job(async (context) => {
    const rows = [];
    for await (const row of context.open("dataset").rows()) rows.push(row);
    await context.save("rows.json", rows);
  });
  const text = '\ufeffa,b\r\n1,"x ""y"", z\r\nnext"\r\n\r\n2,ä\r\n';
  const expected = [{ a: "1", b: 'x "y", z\r\nnext' }, { a: "2", b: "ä" }];
  const run = await new TestHost().input("dataset", text).run(rows);
  assert.deepEqual(run.json("rows.json"), expected);
  const zipped = await new TestHost().input("dataset", gzipSync("a,b\n1,2\n"), { fileName: "rows.csv.gz" }).run(rows);
  assert.deepEqual(zipped.json("rows.json"), [{ a: "1", b: "2" }]);
  const odd = await new TestHost().input("dataset", 'a\n1\n\n""\n\n2\r').run(rows);
  assert.deepEqual(odd.json("rows.json"), [{ a: "1" }, { a: "" }, { a: "2" }], "an empty line is no record, and quotes are one");
  const named = await new TestHost().input("dataset", "a,__proto__\n1,2\n").run(rows);
  assert.equal(named.text("rows.json"), '[{"a":"1","__proto__":"2"}]');
  for (const [wrong, message] of [
    ["a,a\n", 'dataset: the first line names "a" twice'],
    ["a,b\n1\n", "dataset: line 2 has 1 fields, the first line 2"],
    ['a,b\n1,"2\n', "dataset: line 2 ends within quotes"],
    ['a,b\n1,"2"3\n', "dataset: line 2 has text behind the quotes of a field"],
  ]) {
    const refused = await new TestHost().input("dataset", wrong).run(rows);
    assert.equal(refused.failure?.code, "InvalidData");
    assert.equal(refused.failure?.message, message);
  }
});

test("lines are counted and read in pieces", async () => {
  const lines = job((context) => {
    const lines = context.open("dataset").lines();
    assert.equal(lines.next().value, "one");
    assert.deepEqual(lines.toArray(), ["", "three"]);
    assert.equal(lines.number, 3);
  });
  const run = await new TestHost().input("dataset", "one\n\nthree").run(lines);
  assert.equal(run.failure, undefined);
});

test("a position is one of the file, also when it is decompressed", async () => {
  const zip = gzipSync("x".repeat(200_000));
  const positions = job((context) => {
    const reader = context.open("dataset");
    const pieces = [...reader.bytes()];
    assert.equal(pieces.reduce((sum, piece) => sum + piece.length, 0), 200_000);
    assert.equal(reader.position, zip.length);
    reader.seek(0);
    assert.equal(reader.text().length, 200_000);
    reader.seek(0);
    assert.deepEqual(reader.read(2), new Uint8Array([0x1f, 0x8b]));
    assert.equal(reader.position, 2);
    reader.text();
  });
  const run = await new TestHost().input("dataset", zip, { fileName: "x.gz" }).run(positions);
  assert.match(run.failure?.message ?? "", /^x\.gz is not a whole gzip file: /);
});

test("a job asks its host for everything", async () => {
  const everything = job(
    async (context, { names, limit, ...others }) => {
      context.progress(1.5, 2, "Halfway");
      context.report({ recordsProcessed: 2n, warnings: [{ kind: "Odd", message: "An odd row." }], validation: { total: 2, valid: 2 } });
      context.warn("stage", "a warning", { with: 1n });
      context.saveCheckpoint("kept");
      context.mark("key");
      context.artifact("thrown.txt").write("x");
      await context.save("lines.txt", (async function* () { yield "a\n"; yield new Uint8Array([98]); })());
      const told = { names, limit, others, kept: new TextDecoder().decode(context.loadCheckpoint()), seen: context.seen("old") };
      await context.save("told.json", told, { primary: true });
      return Completion.skipped("enough");
    },
    { parameters: { type: "object", properties: { names: { type: "array" }, limit: { type: "integer", default: 3 }, valueOf: {}, toString: { default: "x" } } } },
  );
  const run = await new TestHost().parameters({ names: ["n"] }).seen("old").run(everything);
  assert.deepEqual(run.json("told.json"), { names: ["n"], limit: 3, others: { toString: "x" }, kept: "kept", seen: true });
  assert.equal(run.text("lines.txt"), "a\nb");
  assert.equal(run.completion?.reason, "enough");
  assert.deepEqual(run.progress, { done: 1n, total: 2n, stage: "Halfway" });
  assert.equal(run.report?.recordsProcessed, 2n);
  assert.deepEqual(run.log, [{ level: "warn", stage: "stage", message: 'a warning {"with":1}' }]);
  assert.deepEqual([run.marks, run.outputs.has("thrown.txt")], [["key"], false]);
});

test("what a job throws is a failure with its code", async () => {
  const failing = async (run, host = new TestHost()) => (await host.run(job(run))).failure;
  assert.equal((await failing(() => null.x))?.code, "TypeError");
  const own = await failing(() => { throw new Failure("MissingColumn", "Line 3 has none.", { transient: true }); });
  assert.deepEqual([own?.code, own?.message, own?.transient], ["MissingColumn", "Line 3 has none.", true]);
  assert.equal((await failing((context) => context.open("none")))?.code, "InvalidRequest");
  assert.equal((await failing((context) => context.artifact("a:b")))?.code, "InvalidRequest");
  assert.equal((await failing((context) => context.progress(-1, 2)))?.code, "RangeError");
  assert.equal((await failing(() => 3))?.message, "TypeError: a job returns nothing or a Completion, and this one returned number");
  const cancelled = await failing((context) => context.checkCancelled(), new TestHost().cancellations("user"));
  assert.equal(cancelled?.code, "Cancelled");
  const hidden = await failing((context) => {
    try { context.open("none"); } catch (cause) { throw new Error("cannot read", { cause }); }
  });
  assert.equal(hidden?.code, "InvalidRequest");
});

test("names are those that servers allow", async () => {
  const named = job(async (context, { names }) => {
    for (const name of names) await context.save(name, "x");
  });
  const failed = async (...names) => (await new TestHost().parameters({ names }).run(named)).failure?.message;
  assert.equal(await failed("a/b.csv", "a/c", "Übersicht/zwölf ✓ 日本.txt"), undefined);
  for (const [names, reason] of [
    [[""], "a name is not empty"],
    [["x/".repeat(512) + "x"], "a name has at most 1024 bytes in UTF-8, folders included"],
    [["a//b"], "no part between slashes is empty, and a slash is neither first nor last"],
    [["ü".repeat(128)], "each part between slashes has at most 255 bytes in UTF-8"],
    [["a/.b"], "no part of it begins with a dot or a space"],
    [["a /b"], "no part of it ends with a dot or a space"],
    [["a\u202eb"], "it has no control characters, line separators or marks of text direction"],
    [["a:b"], 'it has none of \\ : * ? " < > |'],
    [["a/nul.txt"], "no part of it is a device's name on Windows, such as CON, NUL or COM1"],
    [["u\u0308", "ü"], "there is an output of this name"],
    [["a", "a/b"], '"a" is an output, and so no folder'],
    [["a/b/c", "a"], "it is a folder of outputs"],
  ]) {
    const told = await failed(...names);
    assert.ok(told?.endsWith(` cannot be the name of an output: ${reason}`), `${names}: ${told}`);
  }
  const input = await new TestHost().input("many/con", "x").run(named);
  assert.match(input.failure?.message ?? "", /^"con" cannot be the name of an input: no part of it is a device's name/);
});

test("outputs that a manifest does not declare are taken and named", async () => {
  const run = async (context) => {
    await context.save("U\u0308bersicht.txt", "x");
    await context.save("surprise.txt", "x");
    await context.save("rejected.csv", "x", { role: "failedRecords" });
  };
  const words = { title: "Surprising", description: "Makes more than it declares." };
  const declaring = defineJob({ ...words, outputs: [{ name: "Übersicht.txt" }], run });
  const made = await new TestHost().run(declaring);
  assert.deepEqual([made.failure, made.outputs.size, made.undeclared], [undefined, 3, ["surprise.txt"]]);
  assert.deepEqual((await new TestHost().run(defineJob({ ...words, run }))).undeclared, []);
});

test("requests are sent to hosts that the manifest asks for", async () => {
  const asks = job(
    async (context) => {
      const headers = { Authorization: "Bearer {{secret:TOKEN}}" };
      const answer = await fetch("https://api.example.com/x", { method: "post", headers, body: "b" });
      const refused = await context.fetch("https://example.com/").catch((error) => error.reason);
      await context.save("told.json", [answer.status, answer.ok, answer.headers.get("X-Kind"), await answer.json(), refused]);
    },
    { http: { hosts: ["api.example.com"], secrets: ["TOKEN"] }, hmac: ["KEY"] },
  );
  const host = new TestHost().secret("TOKEN", "not told");
  host.answer("https://api.example.com/x", { status: 201, headers: { "x-kind": "test" }, body: "[1]" });
  const run = await host.run(asks);
  assert.deepEqual(run.json("told.json"), [201, true, "test", [1], "HTTP-request-denied"]);
  assert.equal(run.requests[0]?.method, "POST");
});

test("as many texts as one likes are computed with at once", async () => {
  const macs = job((context) => context.save("macs.json", context.hmacAll("KEY", Array(131_072).fill("")).length), { hmac: ["KEY"] });
  assert.equal((await new TestHost().secret("KEY", "a key").run(macs)).json("macs.json"), 131_072);
});

test("schemas of a library are asked for the schema and for the values", async () => {
  const schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        typeof value.days === "number" ? { value: { days: value.days + 1 } } : { issues: [{ message: "a number", path: ["days"] }] },
      jsonSchema: { input: ({ target }) => ({ title: target, type: "object", properties: { days: { type: "number" } } }) },
    },
  };
  const typed = job((context, { days }) => context.save("days.json", days), { parameters: schema });
  assert.equal(typed.manifest("main.js").parameters.title, "draft-2020-12");
  assert.equal((await new TestHost().parameters({ days: 6 }).run(typed)).json("days.json"), 7);
  const refused = await new TestHost().parameters({ days: "6" }).run(typed);
  assert.deepEqual([refused.failure?.code, refused.failure?.message], ["InvalidParameters", "parameters at `days`: a number"]);
});

test("a definition that cannot be one is refused with what is allowed", () => {
  assert.throws(() => defineJob({ title: "x", run() {}, runs: 1 }), /a job has no runs; it has title, /);
  assert.throws(() => defineJob({ title: "" }), /a job has a title/);
  assert.throws(() => job(() => {}, { fuel: 1.5 }).manifest("main.js"), /the limit fuel is a positive whole number/);
});
