// What people of a project keep: views of its jobs and parameters of a module, by keyboard alone; and what happened hour by hour.
import assert from "node:assert/strict";
import { axe, go, JOB, open, overflow, PROJECT, signIn, visit } from "./browser.mjs";

const browser = await open();
const page = await visit(browser);
const dialog = page.getByRole("dialog");
const views = page.getByRole("region", { name: "Views" });
const button = (name) => page.getByRole("button", { name, exact: true });
await signIn(page);

// Without a filter there is nothing to give a name; with one there is.
await views.getByText("A view is a name for filters.").waitFor();
assert.equal(await button("Save as a view").getAttribute("aria-disabled"), "true");
await go(page, `${PROJECT}/jobs?status=Failed&text=probe`);
await page.getByRole("link", { name: "a probe" }).waitFor();
await button("Save as a view").press("Enter");
await dialog.getByLabel("Name").fill("Our failures");
assert.deepEqual(await axe(page), []);
await page.keyboard.press("Enter");
await dialog.waitFor({ state: "detached" });
const ours = views.getByRole("link", { name: "Our failures" });
await ours.waitFor();
assert.equal(await ours.getAttribute("aria-current"), "page");

// It is there after a reload, leads back to its filters, and the palette knows it.
await page.reload();
await go(page, `${PROJECT}/jobs`);
await ours.press("Enter");
await page.waitForURL(/status=Failed&text=probe$/);
await page.getByRole("link", { name: "a probe" }).waitFor();
await go(page, `${PROJECT}/datasets`);
await page.keyboard.press("Control+k");
await dialog.getByRole("combobox").fill("our fail");
await dialog.getByRole("option", { name: /^Our failures/ }).waitFor();
await page.keyboard.press("Enter");
await page.waitForURL(/jobs\?status=Failed&text=probe$/);

// What has the name already is replaced only by who says so.
await go(page, `${PROJECT}/jobs?status=Failed`);
await button("Save as a view").press("Enter");
await dialog.getByLabel("Name").fill("Our failures");
const save = dialog.getByRole("button", { name: "Save", exact: true });
assert.equal(await save.getAttribute("aria-disabled"), "true");
await dialog.getByRole("checkbox", { name: /^Replace “Our failures”/ }).press("Space");
await save.press("Enter");
await dialog.waitFor({ state: "detached" });
await page.locator("a[aria-current=page]", { hasText: "Our failures" }).waitFor();
await button("Rename").press("Enter");
await dialog.getByLabel("Name").fill("Failures");
await page.keyboard.press("Enter");
await dialog.waitFor({ state: "detached" });
await views.getByRole("link", { name: "Failures", exact: true }).waitFor();
assert.equal(await ours.count(), 0);
await button("Delete").press("Enter");
await dialog.getByRole("button", { name: "Delete", exact: true }).press("Enter");
await dialog.waitFor({ state: "detached" });
await views.getByText("A view is a name for filters.").waitFor();

// Parameters are kept under a name, and come back to the digit into a form that somebody else filled otherwise.
const exact = '{"steps": [{"do": "report", "qualityScore": 99.123456789012345678901}]}';
await go(page, `${PROJECT}/submit?type=Analysis`);
await page.getByRole("radio", { name: "JSON" }).press("Space");
const json = page.getByRole("textbox", { name: "JSON" });
await json.fill(exact);
await button("Save these parameters").press("Enter");
await dialog.getByLabel("Name").fill("Exact");
await page.keyboard.press("Enter");
await dialog.waitFor({ state: "detached" });
assert.match(page.url(), /submit\?type=Analysis$/, "nothing was submitted");
await json.fill('{"steps": 7}');
await page.reload();
const sets = page.getByLabel("Saved parameters");
await sets.getByRole("option", { name: "Exact" }).waitFor({ state: "attached" });
assert.deepEqual(await axe(page), []);
await sets.selectOption("Exact");
await page.getByRole("radio", { name: "JSON" }).press("Space");
assert.match(await json.inputValue(), /99\.123456789012345678901/);
await button("Submit").press("Enter");
await page.getByText(/^Completed:/).waitFor(JOB);

// The hours tell of both jobs, in pictures and as a table; days are a choice away.
await go(page, `${PROJECT}/system`);
const figures = page.getByRole("region", { name: "What jobs did" });
await figures.getByText("1 completed, 1 failed, 0 cancelled").waitFor();
await figures.getByText("Failed with GuestError: 1.").waitFor();
await figures.getByRole("img", { name: /^Ran:/ }).waitFor();
assert.equal(await figures.locator("figure").first().locator("g").count(), 24);
await figures.getByText("The same as a table").press("Enter");
await figures.getByRole("columnheader", { name: "Run of 95 %" }).waitFor();
assert.deepEqual(await axe(page), []);
await figures.getByLabel("Period").selectOption("The last 7 days");
await page.waitForFunction(() => document.querySelector("figure")?.querySelectorAll("g").length === 168);
await figures.getByLabel("Period").selectOption("The last 30 days");
await figures.getByRole("img", { name: /^Run time/ }).waitFor();
for (const width of [320, 1400]) {
  await page.setViewportSize({ width, height: 900 });
  for (const path of ["jobs?status=Failed", "system", "submit?type=Analysis"]) {
    await go(page, `${PROJECT}/${path}`);
    await page.waitForTimeout(200);
    assert.equal(await overflow(page), 0, `${path} at ${width}`);
    if (process.env.FUELCELL_SHOTS) await page.screenshot({ path: `${process.env.FUELCELL_SHOTS}/saved-${path.replace(/\W/g, "-")}-${width}.png` });
  }
}
page.nothingWrong();
await browser.close();
console.log("it was all kept");
