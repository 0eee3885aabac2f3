// The list by the stream of events: rows change in place, what is new waits while somebody points at the list, and a
// connection that is lost comes back by itself.
import assert from "node:assert/strict";
import net from "node:net";
import { JOB, open, PROJECT, signIn, TOKEN, URL_OF_SERVER, visit } from "./browser.mjs";

const place = `${URL_OF_SERVER}/api/${PROJECT.slice("/p/".length)}`;
const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

/** A job of the probe, which sleeps, and tells of its progress. */
async function submit(jobName, milliseconds) {
  const steps = [{ do: "progress", done: 1, total: 4, stage: "halfway there" }, { do: "sleep", milliseconds }];
  const body = JSON.stringify({ jobName, jobType: "Analysis", module: { name: "probe" }, parameters: { steps } });
  const answer = await fetch(`${place}/execution/job`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
  return (await answer.json()).jobId;
}

/** A wire to the server, which can be cut and mended. */
const sockets = new Set();
const wire = net.createServer((socket) => {
  const server = net.connect(Number(new URL(URL_OF_SERVER).port), "127.0.0.1");
  for (const end of [socket, server]) {
    sockets.add(end);
    end.on("error", () => undefined).on("close", () => [socket, server].forEach((other) => sockets.delete(other) && other.destroy()));
  }
  socket.pipe(server).pipe(socket);
});
const listen = (port) => new Promise((listening) => wire.listen(port, "127.0.0.1", listening));
await listen(0);
const { port } = wire.address();
const cut = () => {
  wire.close();
  sockets.forEach((socket) => socket.destroy());
};

const browser = await open();
const page = await visit(browser, { expected: [/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED/] });
await submit("The first", 0);
await signIn(page, `http://127.0.0.1:${port}/`);
const row = (name) => page.getByRole("row", { name: new RegExp(name) });
await row("The first").getByText("Completed").waitFor(JOB);

// Somebody points at the list: the new job waits, and nothing moves.
await row("The first").hover();
const before = await row("The first").boundingBox();
await submit("The second", 3_000);
const button = page.getByRole("button", { name: "Show 1 new job" });
await button.waitFor();
assert.equal(await row("The second").count(), 0);
assert(Math.abs((await row("The first").boundingBox()).y - before.y) < 60, "only the button takes room");
await button.click();
await row("The second").waitFor();
// It changes where it is, by events alone.
await row("The second").getByText("Completed").waitFor(JOB);
await page.getByRole("link", { name: /^Completed 2$/ }).waitFor();

// Nobody points at it: what is new is there at once. It is followed to its end on its page.
await page.getByRole("heading", { name: "Jobs", exact: true }).hover();
await page.evaluate(() => document.activeElement?.blur());
await submit("The third", 2_500);
await row("The third").getByText("Running").waitFor(JOB);
await page.getByRole("link", { name: "The third" }).click();
await page.getByText("Runs: halfway there.").waitFor(JOB);
await page.getByRole("progressbar").waitFor();
await page.getByText(/^Completed:/).waitFor(JOB);

// A running job is cancelled from its page.
const endless = await submit("The fourth", 600_000);
await page.evaluate((hash) => (location.hash = hash), `${PROJECT}/jobs/${endless}`);
await page.getByText("Runs: halfway there.").waitFor(JOB);
await page.getByRole("button", { name: "Cancel", exact: true }).click();
await page.getByLabel("Reason (optional)").fill("it sleeps");
await page.getByRole("button", { name: "Cancel the job" }).click();
await page.getByText(/^Cancelled by .*: it sleeps/).waitFor(JOB);

// The server goes and comes back: it is said, and what happened meanwhile is there without a reload.
await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Jobs" }).click();
await page.getByText("Live", { exact: true }).waitFor();
await page.evaluate(() => (globalThis.kept = true));
cut();
await page.getByText(/^Server away/).waitFor(JOB);
await submit("The fifth", 0);
await listen(port);
await page.getByText("Live", { exact: true }).waitFor(JOB);
await page.getByText(/^Server away/).waitFor({ state: "detached", ...JOB });
await row("The fifth").or(page.getByRole("button", { name: /new job/ })).first().waitFor(JOB);
assert.equal(await page.evaluate(() => globalThis.kept), true, "the page was not loaded again");
page.nothingWrong();
await browser.close();
cut();
console.log("the list lives");
