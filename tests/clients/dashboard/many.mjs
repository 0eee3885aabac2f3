// What somebody does who has many jobs: find them, select them, act on all of them, run one again with a change, compare two.
// Without a mouse, but where a row is pointed at.
import assert from "node:assert/strict";
import { axe, go, JOB, open, PROJECT, signIn, TOKEN, URL_OF_SERVER, visit } from "./browser.mjs";

const COUNT = 101;
const place = `${URL_OF_SERVER}/api/${PROJECT.slice(3)}`;
const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
async function post(path, body) {
  const answer = await fetch(`${place}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}
const job = (jobName, parameters, more = {}) => ({ jobName, jobType: "Analysis", module: { name: "probe" }, parameters, ...more });
const note = (text) => ({ do: "artifact", name: "notes.txt", text });
const later = { scheduling: { executeImmediately: false, scheduledTime: "2999-01-01T00:00:00Z" } };

const browser = await open();
const page = await visit(browser);
const dialog = page.getByRole("dialog");
const state = (word) => page.getByRole("navigation", { name: "States" }).getByRole("link", { name: word });
const failing = await post("execution/job", job("Fails", { steps: [{ do: "fail", code: "x", message: "as it was told" }] }));
await post("execution/job", job("Works", { steps: [{ do: "log", level: "info", message: "hay", times: 50 }, { do: "log", level: "info", message: "a needle" }, note("one\ntwo\nthree\n")] }, { labels: { team: "sales" } }));
await post("execution/jobs", { jobs: Array.from({ length: COUNT }, (_, index) => job(`Waits ${index}`, { steps: [] }, later)) });
await signIn(page);
await state(`Queued ${COUNT}`).waitFor(JOB);
await state("Failed 1").waitFor(JOB);

// Found by name with the search that every page has, and run again with a change, which is shown before.
await page.keyboard.press("Control+k");
await dialog.getByRole("combobox").fill("fAIls");
await dialog.getByRole("option", { name: /^Fails/ }).waitFor();
await page.keyboard.press("Enter");
await page.getByText("Failed (").waitFor();
await page.getByRole("button", { name: "Run again" }).press("Enter");
await dialog.getByText("Changes: none").waitFor();
const parameters = dialog.getByLabel("Parameters (JSON)");
await parameters.fill(JSON.stringify({ steps: [note("one\n2\nthree\n")] }));
await dialog.getByText("Changes: 1").waitFor();
await dialog.getByRole("button", { name: "Run again" }).press("Enter");
await page.getByText(/^Completed:/).waitFor(JOB);
assert(!page.url().includes(failing.jobId), "it is another job");

// Compared with the last good one: parameters, use and outputs.
await page.getByRole("button", { name: "Compare", exact: true }).press("Enter");
await dialog.getByRole("button", { name: "With the last that completed" }).press("Enter");
await page.getByRole("heading", { name: "Two jobs side by side" }).waitFor();
await page.getByRole("group", { name: "Parameters" }).getByRole("row", { name: /^\/steps/ }).waitFor();
await page.getByRole("group", { name: "What was used" }).getByRole("row", { name: /^Fuel/ }).waitFor();
await page.getByRole("group", { name: "About them" }).getByRole("row", { name: /^Labels team: sales/ }).waitFor();
await page.getByText("What differs in notes.txt").press("Enter");
await page.getByRole("group", { name: "What differs in notes.txt" }).locator("ins").getByText("2").waitFor();
assert.deepEqual(await axe(page), []);

// Lines of the log that match, as the server finds them.
await page.keyboard.press("g");
await page.keyboard.press("j");
await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
await page.keyboard.press("/");
await page.keyboard.type("works");
await page.keyboard.press("Enter");
await page.getByRole("link", { name: "Works" }).waitFor();
assert.match(page.url(), /\?text=works$/);
assert.equal(await page.getByRole("row").count(), 2, "the head and the one that is found");
await page.getByRole("link", { name: "Works" }).press("Enter");
await page.getByRole("tab", { name: "Log" }).press("Enter");
await page.getByText("51 lines").waitFor(JOB);
await page.getByLabel("Find in the log").fill("needle");
await page.getByLabel("Only matches").press("Space");
await page.getByText("1 line", { exact: true }).waitFor();
await page.getByLabel("Find in the log").fill("^(hay|a n.+e)$");
await page.getByLabel("Regular expression").press("Space");
await page.getByText("51 lines", { exact: true }).waitFor();
await page.getByLabel("Find in the log").fill("^a n.+e$");
await page.getByText("1 line", { exact: true }).waitFor();
if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });

// Keys that do something by themselves can be switched off.
await page.evaluate(() => document.activeElement?.blur());
await page.keyboard.press("?");
await dialog.getByLabel("Single keys do something").press("Space");
await page.keyboard.press("Escape");
await dialog.waitFor({ state: "detached" });
await page.keyboard.press("?");
await page.keyboard.press("Control+k");
await dialog.getByRole("combobox").waitFor();
await page.keyboard.press("Escape");
await dialog.waitFor({ state: "detached" });
await page.evaluate(() => localStorage.clear());

// All that wait are cancelled: of those alone, after their number was entered; what comes meanwhile stays.
await go(page, `${PROJECT}/jobs?status=Queued`);
await page.getByRole("region", { name: "Why they wait" }).getByText(/it is scheduled for/i).waitFor();
await page.getByRole("checkbox", { name: "Select Waits 100" }).press("Space");
await page.getByText("1 job selected").waitFor();
await page.getByRole("button", { name: "Select all that match" }).press("Enter");
await page.getByText("All that match are selected").waitFor();
await page.getByRole("group", { name: /selected$/ }).getByRole("button", { name: "Cancel", exact: true }).press("Enter");
await dialog.getByText(`${COUNT} jobs will be asked to stop.`, { exact: false }).waitFor();
await post("execution/job", job("Came later", { steps: [] }, later));
const submit = dialog.getByRole("button", { name: "Cancel them" });
assert.equal(await submit.getAttribute("aria-disabled"), "true");
await dialog.getByLabel(`Enter ${COUNT} to go on`).fill(String(COUNT));
await submit.press("Enter");
await dialog.getByText(`Done with ${COUNT} jobs.`).waitFor(JOB);
await dialog.getByRole("button", { name: "Close" }).press("Enter");
await page.getByText("All that match are selected").waitFor({ state: "detached" });
await state(`Cancelled ${COUNT}`).waitFor(JOB);
await state("Queued 1").waitFor(JOB);

// The server keeps what was done, and what became of each.
await page.getByRole("button", { name: "Bulk actions" }).press("Enter");
await dialog.getByText(`${COUNT} done, 0 left as they were, 0 went wrong`).waitFor();
await dialog.getByRole("button", { name: "What became of each job" }).press("Enter");
await dialog.getByRole("group", { name: "What became of each job" }).getByRole("row", { name: /Done/ }).first().waitFor();
assert.deepEqual(await axe(page), []);
await dialog.getByRole("button", { name: "Close" }).press("Enter");
await dialog.waitFor({ state: "detached" });

// Several rows at once, and those that do not fit are left out. Escape leaves the selection.
await go(page, `${PROJECT}/jobs`);
await page.getByRole("link", { name: "Waits 100" }).focus();
await page.keyboard.press("x");
await page.getByRole("checkbox", { name: "Select Waits 98" }).click({ modifiers: ["Shift"] });
await page.getByText("3 jobs selected").waitFor();
await page.getByRole("checkbox", { name: "Select Came later" }).click();
await page.getByRole("group", { name: /selected$/ }).getByRole("button", { name: "Delete", exact: true }).press("Enter");
await dialog.getByText("1 job is left out", { exact: false }).waitFor();
await dialog.getByRole("button", { name: "Delete them" }).press("Enter");
await dialog.getByText("Done with 3 jobs.").waitFor(JOB);
await dialog.getByRole("button", { name: "Close" }).press("Enter");
await state(`Cancelled ${COUNT - 3}`).waitFor(JOB);
await page.getByRole("checkbox", { name: "Select Waits 97" }).press("Space");
await page.getByText("1 job selected").waitFor();
await page.keyboard.press("Escape");
await page.getByText("1 job selected").waitFor({ state: "detached" });
page.nothingWrong();
await browser.close();
console.log("many jobs are no trouble");
