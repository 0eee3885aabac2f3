// The typed client for TypeScript in a browser, on a page of another origin than the server's.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { env } from "node:process";
import { open, visit } from "../dashboard/browser.mjs";

const setting = (name) => env[`FUELCELL_${name}`];
const dist = dirname(env.FUELCELL_CLIENT);

const pages = createServer(({ url }, answer) => {
  if (url === "/") return answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><link rel=icon href=data:,><title>A page</title>");
  answer.writeHead(200, { "content-type": "text/javascript" }).end(readFileSync(join(dist, url)));
});
await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
const browser = await open();
try {
  const page = await visit(browser, { expected: [/^asked elsewhere/, /status of 400/] });
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  const options = { server: setting("SERVER"), token: setting("TOKEN"), tenant: setting("TENANT"), project: setting("PROJECT") };
  const told = await page.evaluate(async (options) => {
    const { ApiError, Client } = await import("/index.js");
    const client = new Client(options);
    const steps = [];
    const file = new File([new Uint8Array(3_000_000)], "zeros.bin");
    const dataset = await client.upload(file, { progress: (done, total) => steps.push([done, total]) });
    const content = await client.readDataset(dataset.datasetId);
    const events = await client.events();
    const probe = (...steps) => ({ jobName: "a", jobType: "Analysis", module: { name: "probe" }, parameters: { steps } });
    const { jobId } = await client.submit(probe({ do: "artifact", name: "a.txt", text: "from a job" }));
    const heard = [];
    for await (const { event } of events) {
      heard.push(event);
      if (event === "completed") break;
    }
    const { status } = await client.wait(jobId);
    const text = new TextDecoder().decode(await client.read(jobId, "a.txt"));
    const refused = await client.upload(file, { datasetId: "x", progress: () => undefined }).catch((error) => error);
    const code = refused instanceof ApiError ? refused.code : String(refused);
    return { steps, size: dataset.size, content: content.length, heard, status, text, code, secure: isSecureContext };
  }, options);
  const { steps, ...rest } = told;
  assert.deepEqual([steps[0], steps.at(-1)], [[0, 3_000_000], [3_000_000, 3_000_000]]);
  const heard = ["queued", "started", "completed"];
  const expected = { size: 3_000_000, content: 3_000_000, heard, status: "Completed", text: "from a job", code: "InvalidId", secure: true };
  assert.deepEqual(rest, expected);
  page.nothingWrong();
} finally {
  await browser.close();
  pages.close();
}
console.log("the page did all of it");
