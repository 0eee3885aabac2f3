// What the typed client for TypeScript does while networks and servers do what they do. Tells what it sees as lines of JSON.

import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { chdir, env } from "node:process";

const { Client } = await import(env.FUELCELL_CLIENT);

const tell = (told) => console.log(JSON.stringify(told));
const probe = (jobName, ...steps) => ({ jobName, jobType: "Analysis", module: { name: "probe" }, parameters: { steps } });

async function told(call) {
  try {
    await call();
  } catch (error) {
    if (error.name === "ApiError") {
      const { status, code, errors, requestId } = error;
      tell({ error: error.name, status, code, errors, requestId: Boolean(requestId) });
    } else if (error.name === "JobNotCompleted") {
      tell({ error: error.name, status: error.job.status, code: error.job.error.code });
    } else {
      tell({ error: error.name });
    }
  }
}

async function gather(pieces) {
  const all = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

const scenarios = {
  async submit(client) {
    tell({ job: (await client.submit(probe("once"))).jobId });
    const dataset = await client.upload("a,b\n", { name: "lost.csv" });
    await client.deleteDataset(dataset.datasetId);
    const { jobId } = await client.submit(probe("waiting", { do: "waitForCancel" }));
    await client.cancel(jobId, { reason: "a test" });
    tell({ status: (await client.wait(jobId, { check: false })).status });
    const { queued, replayed } = await client.submitMany([probe("one"), probe("two")]);
    tell({ queued, replayed });
  },

  async follow(client, job) {
    for await (const { id, event } of await client.events({ jobId: job })) tell({ id, event });
    let seen = 0;
    const { status } = await client.wait(job, { onEvent: () => (seen += 1), check: false });
    tell({ status, seen });
  },

  async project(client) {
    const events = await client.events({ timeoutMs: 60_000 });
    tell({ event: (await events.next()).value.event });
    const { jobId } = await client.submit(probe("heard"));
    for await (const { event, data } of events) {
      tell({ event, own: data.jobId === jobId });
      if (event === "completed") break;
    }
  },

  async wait(client) {
    let job = await client.submit(probe("short", { do: "sleep", milliseconds: 300 }));
    tell({ status: (await client.wait(job.jobId)).status });
    job = await client.submit(probe("fails", { do: "fail", code: "Broken", message: "no" }));
    await told(() => client.wait(job.jobId));
    job = await client.submit(probe("waits", { do: "waitForCancel" }));
    await told(() => client.wait(job.jobId, { timeoutMs: 500 }));
    await told(() => client.wait(job.jobId, { signal: AbortSignal.timeout(100) }));
    await client.cancel(job.jobId);
    tell({ status: (await client.wait(job.jobId, { check: false })).status });
  },

  async silent() {
    const client = Client.fromEnvironment({ patienceMs: 60_000, silenceMs: 500 });
    const { jobId } = await client.submit(probe("waits", { do: "waitForCancel" }));
    tell({ job: jobId });
    const { status } = await client.wait(jobId, { check: false });
    tell({ ended: ["Completed", "Cancelled"].includes(status) });
    const heard = [];
    for await (const { event } of await client.events({ jobId })) heard.push(event);
    tell({ heard });
  },

  async tls(client) {
    await told(() => client.system());
  },

  async files(client, folder) {
    chdir(folder);
    let told_of;
    const file = await openAsBlob("large.bin");
    const uploaded = await client.upload(file, { name: "large.bin", progress: (done, total) => (told_of = [done, total]) });
    tell({ digest: uploaded.digest, size: uploaded.size, progress: told_of });
    await writeFile("dataset.bin", client.streamDataset(uploaded.datasetId));
    const { jobId } = await client.submit(probe("writes", { do: "artifact", name: "out/large.bin", bytes: 3_000_000 }));
    await client.wait(jobId);
    const whole = Buffer.from(await client.read(jobId, "out/large.bin"));
    const again = await gather(client.stream(jobId, "out/large.bin"));
    tell({ same: again.equals(whole), bytes: whole.length, output: createHash("sha256").update(whole).digest("hex") });
    const part = await gather(client.stream(jobId, "out/large.bin", { start: 999_990, stop: 2_000_010 }));
    const none = await gather(client.stream(jobId, "out/large.bin", { start: 5, stop: 5 }));
    tell({ part: part.equals(whole.subarray(999_990, 2_000_010)), none: none.length === 0 });
    await told(() => client.read(jobId, "none"));
  },

  async errors(client) {
    await told(() => client.job("01a2272e-dfcc-7026-8e27-959b5938cf9b"));
    await told(() => client.submit({ ...probe("odd"), parameters: { steps: 3 } }));
    await told(() => client.submit({ ...probe("odd"), jobTipe: "x" }));
    const [server, tenant, project] = ["SERVER", "TENANT", "PROJECT"].map((name) => env[`FUELCELL_${name}`]);
    await told(() => new Client({ server, token: "wrong", tenant, project }).jobs().next());
    await told(() => new Client({ server: "http://127.0.0.1:9", token: "none", tenant, project, patienceMs: 100 }).system());
    await told(() => new Client({ server: "fuelcell.example", token: "none", tenant, project }));
    await told(() => client.dataset(".."));
    await told(() => client.jobTypes());
    await told(() => client.request("post", "/api/{tenantId}/{projectId}/webhooks", { body: {} }));
    const progress = { do: "progress", done: 9007199254740993n, total: 18446744073709551615n, stage: "exact" };
    const { jobId } = await client.submit(probe("exact", progress, { do: "echoParameters", artifact: "p.json" }));
    await client.wait(jobId);
    const echo = Buffer.from(await client.read(jobId, "p.json")).toString();
    tell({ exact: ["9007199254740993", "18446744073709551615"].every((digits) => echo.includes(digits)) });
  },

  async pages(client, ...doomed) {
    let count = 0;
    for await (const job of client.jobs({ pageSize: 3 })) {
      tell({ job: job.jobId });
      if (count++ % 3 === 1) {
        await client.submit(probe("comes"));
        if (doomed.length > 0) await client.deleteJob(doomed.pop());
      }
    }
  },

  async threads(client) {
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 20; n += 1) await client.system();
    }));
    tell({ done: true });
  },
};

const [scenario, ...rest] = process.argv.slice(2);
await scenarios[scenario](Client.fromEnvironment({ patienceMs: 60_000 }), ...rest);
