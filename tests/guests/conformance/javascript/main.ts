// The jobs of the conformance suite in TypeScript.
import { Completion, defineJob, Failure, HttpError, type Context } from "fuelcell";

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

type Parameters = { case: string; value?: unknown; times: number; url?: string };

const cases: Record<string, (context: Context, parameters: Parameters) => unknown> = {
  echo: (_, { value, times }) => ({ value, times }),

  async rows(context) {
    const rows = context.open("dataset").rows();
    const kept: string[] = [];
    let invalid = 0;
    let total = 0;
    for await (const { name, amount } of rows) {
      total += 1;
      if (!/^[0-9]+$/.test(amount!)) invalid += 1;
      else if (Number(amount) > 10) kept.push(`${name};${amount}\n`);
    }
    await context.save("rows.csv", kept.join(""), { recordCount: kept.length, mediaType: "text/csv" });
    context.report({
      recordsProcessed: total,
      recordsTotal: total,
      warnings: [{ kind: "DataQuality", message: "An amount is no number.", count: invalid }],
      validation: { total, valid: total - invalid, invalid },
    });
    return { total, kept: kept.length };
  },

  async cancel(context) {
    for (let done = 0; ; done += 1) {
      context.progress(done, 1_000_000_000, "Waiting");
      context.checkCancelled();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },

  checkpoint(context) {
    const kept = context.loadCheckpoint();
    if (kept !== undefined) return { kept: new TextDecoder().decode(kept) };
    context.saveCheckpoint("half");
    throw new Failure("Later", "The first attempt gives up.", { transient: true });
  },

  processed(context) {
    const fresh: string[] = [];
    for (const { name } of context.open("dataset").rows()) {
      if (context.seen(name!)) continue;
      context.mark(name!);
      fresh.push(name!);
    }
    return fresh.length === 0 ? Completion.noItems() : { fresh };
  },

  failure() {
    throw new Failure("MissingColumn", "Line 3 has no column “case”.");
  },

  thrown(_, { value }) {
    return (value as { missing: string[] }).missing.length;
  },

  memory() {
    const held: Uint8Array[] = [];
    for (;;) held.push(new Uint8Array(8_000_000).fill(1));
  },

  spin() {
    for (;;);
  },

  disk(context) {
    const out = context.artifact("large.txt");
    for (;;) out.write("more\n");
  },

  async names(context) {
    await context.save("Übersicht/zwölf ✓ 日本.txt", "kept");
    return { written: true };
  },

  async stream(context) {
    const out = context.artifact("lines.txt");
    let lines = 0;
    let characters = 0;
    for (const line of context.open("dataset").lines()) {
      lines += 1;
      characters += line.length;
      out.write(`${line}!\n`);
    }
    out.finish();
    return { lines, characters };
  },

  async secret(context, { url }) {
    const answer = await fetch(`${url}/a?b=1`, {
      method: "POST",
      headers: { authorization: "Bearer {{secret:TOKEN}}" },
      body: '{"x": 1}',
    });
    const refused: string[] = [];
    for (const other of ["https://example.com/", "https://fuelcell.invalid/"]) {
      try {
        refused.push(String((await fetch(other)).status));
      } catch (error) {
        refused.push(error instanceof HttpError ? error.reason : String(error));
      }
    }
    return { status: answer.status, kind: answer.headers.get("x-kind"), text: await answer.text(), refused, mac: hex(context.hmac("KEY", "text")) };
  },

  drawn() {
    return { drawn: hex(crypto.getRandomValues(new Uint8Array(8))), time: Date.now() };
  },
};

export default defineJob({
  title: "Conformance",
  parameters: {
    type: "object",
    properties: {
      case: { enum: Object.keys(cases) },
      value: {},
      times: { type: "integer", minimum: 1, default: 2 },
      url: { type: "string" },
      datasetId: { type: "string" },
    },
    required: ["case"],
  },
  inputs: [{ name: "dataset", parameter: "datasetId" }],
  http: { hosts: ["api.example.com", "fuelcell.invalid"], secrets: ["TOKEN"] },
  hmac: ["KEY"],
  async run(context, parameters) {
    const given = parameters as unknown as Parameters;
    context.info("case", "begins");
    const answer = await cases[given.case]!(context, given);
    if (answer instanceof Completion) return answer;
    await context.save("answer.json", answer, { primary: true, mediaType: "application/json" });
    return undefined;
  },
});
