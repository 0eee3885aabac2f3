// A stranger's tour: sign in, try the sample, look at the report, send a job by the form that fails, read why, mend it,
// retry, download, sign out. Nothing but what stands on the pages is needed.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { JOB, open, signIn, TOKEN, URL_OF_SERVER, visit } from "./browser.mjs";

const browser = await open();
const page = await visit(browser, { expected: [/status of 401/] });
const state = (word) => page.locator("header").getByText(word, { exact: true });

// A wrong token first: it says so, at its field.
await page.goto(`${URL_OF_SERVER}/`);
await page.getByLabel("Token").fill("fc_wrong");
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByText("This token opens nothing").waitFor();
await signIn(page);
const cookies = await page.context().cookies();
assert.equal(cookies.length, 1);
assert.deepEqual([cookies[0].httpOnly, cookies[0].sameSite], [true, "Strict"]);
const seen = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
assert(!seen.includes(TOKEN), "scripts can read no token");

// The sample ends on its report.
await page.getByRole("button", { name: "Try with a sample log" }).click();
await page.getByText("Completed: 2,552 records processed.").waitFor(JOB);
const report = page.frameLocator("iframe");
await report.getByRole("heading", { name: "order-to-cash.csv" }).waitFor();
await page.getByRole("link", { name: /Process map/ }).click();
await page.locator("img[alt='process-map.svg']").waitFor();
assert(await page.locator("img[alt='process-map.svg']").evaluate((map) => map.complete || map.decode().then(() => true)));
assert(await page.locator("img[alt='process-map.svg']").evaluate((map) => map.naturalWidth > 100), "the map has a size");
await page.getByRole("link", { name: /Process mining figures/ }).click();
await page.getByText("cases:").first().waitFor();
await page.getByRole("link", { name: /Enriched event log/ }).click();
await page.getByRole("columnheader", { name: "case_id" }).waitFor();

// Limits against what was used, from the receipt.
await page.getByRole("tab", { name: "Overview" }).click();
await page.getByRole("row", { name: /^Fuel/ }).waitFor();
await page.getByRole("row", { name: /^Attempt 1/ }).waitFor();

// A job of one's own, broken: the column is not in the file.
await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Submit" }).click();
await page.getByRole("radio", { name: /Process mining/ }).check();
await page.getByLabel("Name").fill("Broken on purpose");
await page.getByLabel("Dataset for dataset (needed)").selectOption({ index: 1 });
await page.getByText(/^More parameters/).click();
const columns = page.getByRole("group", { name: "columns" });
await columns.locator("summary").click();
await columns.getByLabel("case", { exact: true }).fill("no_such_column");
await page.getByRole("button", { name: "Submit", exact: true }).click();
await page.getByText(/^Failed \(/).waitFor(JOB);
await page.getByText(/no_such_column/).first().waitFor();

// Mended and retried.
await page.getByRole("button", { name: "Retry", exact: true }).click();
const dialog = page.getByRole("dialog", { name: "Retry as a new job" });
const parameters = dialog.getByLabel("Parameters (JSON)");
assert.match(await parameters.inputValue(), /no_such_column/);
await parameters.fill((await parameters.inputValue()).replace("no_such_column", "case_id"));
await dialog.getByText("Changes: 1").waitFor();
await dialog.getByLabel("Reason (optional)").fill("The column was wrong");
await dialog.getByRole("button", { name: "Retry" }).click();
await page.getByText("Completed: 2,552 records processed.").waitFor(JOB);
await page.getByText("The column was wrong").waitFor();

// Downloaded: one output, and all of them.
await page.getByRole("tab", { name: /Outputs/ }).click();
const save = async (name) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
  return [download.suggestedFilename(), statSync(await download.path()).size];
};
const [one, bytes] = await save("Download");
assert.equal(one, "report.html");
assert(bytes > 10_000, `the report has ${bytes} bytes`);
const [all] = await save("Download all");
assert.match(all, /\.zip$/);

// The list has all three, its filters are the address, and going back brings the filter back.
await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Jobs" }).click();
await page.getByRole("navigation", { name: "States" }).getByRole("link", { name: /Failed/ }).click();
await page.getByRole("link", { name: "Broken on purpose" }).waitFor();
assert.match(page.url(), /\?status=Failed$/);
assert.equal(await page.getByRole("row").count(), 2, "the head and the failed one");
await page.getByRole("link", { name: "Broken on purpose" }).click();
await page.getByText(/^Failed \(/).waitFor();
await page.goBack();
assert.match(page.url(), /\?status=Failed$/);
await page.getByRole("link", { name: "Broken on purpose" }).waitFor();

// In German, and signed out: what is kept opens nothing any more.
await page.getByRole("button", { name: "Account and settings" }).click();
await page.getByLabel("Deutsch").click();
await page.getByRole("button", { name: "Abmelden", exact: true }).click();
await page.getByRole("button", { name: "Anmelden" }).waitFor();
await page.context().addCookies(cookies);
const status = await page.evaluate(async () => (await fetch("api/session")).status);
assert.equal(status, 401);
page.nothingWrong();
await browser.close();
console.log("the tour went to its end");
