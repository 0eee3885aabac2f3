// How fast the dashboard is, for `cargo xtask bench --only dashboard`: one line of JSON for each figure. The server takes
// logs of so many lines, and the project has the probe. Nothing is judged by its time here.
import assert from "node:assert/strict";
import { go, open, PROJECT, signIn, TOKEN, URL_OF_SERVER, visit } from "./browser.mjs";

const LINES = Number(process.env.FUELCELL_LINES ?? 1_000_000);
const JOBS = Number(process.env.FUELCELL_JOBS ?? 100_000);
const ROUNDS = 5;
const LONG = { timeout: 600_000 };
const place = `${URL_OF_SERVER}/api/${PROJECT.slice("/p/".length)}`;
const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
const post = async (path, body) => {
  const answer = await fetch(`${place}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
};
const job = (jobName, steps, more = {}) => ({ jobName, jobType: "Analysis", module: { name: "probe" }, parameters: { steps }, ...more });
/** Of a job that waits as long as anybody looks. */
const later = { scheduling: { executeImmediately: false, scheduledTime: "2999-01-01T00:00:00Z" } };
const log = (message, times = 1) => ({ do: "log", level: "info", message, times });
const ended = async (jobId) => {
  const answer = await fetch(`${place}/execution/job/${jobId}?wait=60s`, { headers });
  const { status } = await answer.json();
  return ["Completed", "Failed"].includes(status) ? status : ended(jobId);
};
const tell = (what, figure) => console.log(JSON.stringify({ what, figure }));
const seconds = (milliseconds) => `${(milliseconds / 1_000).toFixed(2)} s`;
const spread = (times) => {
  const sorted = times.toSorted((one, other) => one - other);
  return `median ${seconds(sorted[sorted.length >> 1])}, at most ${seconds(sorted.at(-1))} (${sorted.length} times)`;
};
/** Milliseconds that something takes. */
async function time(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const { jobId } = await post("execution/job", job("Many lines", [log("the first line"), log("a row was kept", LINES - 2), log("the last line")]));
assert.equal(await ended(jobId), "Completed");
const browser = await open();
const page = await visit(browser);
await signIn(page);

/** Milliseconds from the navigation until this is seen, each time in a tab of its own. */
async function opened(path, selector) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const tab = await page.context().newPage();
    await tab.goto(`${URL_OF_SERVER}/#${PROJECT}/${path}`, { waitUntil: "commit" });
    const seen = await tab.waitForFunction((selector) => document.querySelector(selector) && performance.now(), selector, { polling: "raf", ...LONG });
    times.push(await seen.jsonValue());
    await tab.close();
  }
  return spread(times);
}

const lines = LINES.toLocaleString("en");
tell(`a job's log of ${lines} lines, from the navigation until lines are shown`, await opened(`jobs/${jobId}?tab=log`, "[role=log] [data-index]"));

await go(page, `${PROJECT}/jobs/${jobId}?tab=log`);
await page.getByText("the first line").waitFor(LONG);
const more = page.getByRole("button", { name: "There are more lines: load them" });
await more.waitFor(LONG);
tell(`all ${lines} lines loaded`, seconds(await time(async () => {
  await more.click();
  await page.getByText(`${lines} lines`, { exact: true }).waitFor(LONG);
})));
const frame = page.getByRole("log");
const part = page.getByLabel("Part of the log");
const bottom = async () => {
  await frame.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.getByText("the last line").waitFor(LONG);
};
tell("to its end, and back to its beginning", [
  seconds(await time(async () => {
    await part.selectOption({ index: (await part.locator("option").count()) - 1 });
    await bottom();
  })),
  seconds(await time(async () => {
    await part.selectOption({ index: 0 });
    await page.getByText("the first line").waitFor(LONG);
  })),
].join("; "));
const search = page.getByLabel("Find in the log");
tell("its last line found: in the page, and by the server", [
  seconds(await time(async () => {
    await search.fill("the last line");
    await page.locator("mark").first().waitFor(LONG);
  })),
  seconds(await time(async () => {
    await page.getByLabel("Only matches").click();
    await page.getByText("1 line", { exact: true }).waitFor(LONG);
  })),
].join("; "));

const events = [];
await go(page, `${PROJECT}/jobs`);
await page.getByText("Live", { exact: true }).waitFor(LONG);
for (let round = 0; round < 4 * ROUNDS; round++) {
  const name = `Seen ${round}`;
  // At any moment of the rhythm in which the server looks for events, and the page for what is new.
  await page.waitForTimeout(500 + 37 * round);
  const shown = page.waitForFunction((name) => [...document.querySelectorAll("tbody a")].some((link) => link.textContent === name) && Date.now(), name, { polling: "raf", ...LONG });
  await post("execution/job", job(name, [], later));
  const told = Date.now();
  events.push(Math.max(0, (await (await shown).jsonValue()) - told));
}
tell("a job that was submitted is in the list, from the answer to its submit", spread(events));

for (let sent = 0; sent < JOBS; sent += 1_000) {
  await post("execution/jobs", { jobs: Array.from({ length: 1_000 }, (_, index) => job(`Waits ${sent + index}`, [], later)) });
}
tell(`the list beside ${JOBS.toLocaleString("en")} jobs, from the navigation until rows are shown`, await opened("jobs", "tbody tr"));
page.nothingWrong();
await browser.close();
