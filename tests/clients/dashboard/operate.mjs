// Keeping a project going: pipelines with their schedules, tokens and secrets, the audit log, a module's versions, and what
// an operator sees of the whole server. What is clicked here is reached by keyboard where `press` is used.
import assert from "node:assert/strict";
import { axe, go, JOB, open, PROJECT, signIn, URL_OF_SERVER, visit } from "./browser.mjs";

const browser = await open();
const page = await visit(browser, { expected: [/status of 400/] });
const press = (name) => page.getByRole("button", { name, exact: true }).press("Enter");
const dialog = page.getByRole("dialog");
const row = (name) => page.getByRole("row", { name: new RegExp(name) });
await signIn(page);

// A pipeline gets a schedule: what is wrong with it is said by the server, what it means in words.
await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Pipelines" }).press("Enter");
await row("Nightly").getByText("By hand only").waitFor();
await press("Schedule: Nightly");
await dialog.getByLabel("Times (cron)").fill("99 * * * *");
await dialog.getByRole("button", { name: "Save" }).press("Enter");
await dialog.getByRole("alert").getByText(/schedule\.cron/).waitFor();
await dialog.getByLabel("Times (cron)").fill("30 6 * * MON-FRI");
await dialog.getByText("It runs at 06:30, on Monday to Friday.").waitFor();
await dialog.getByLabel("Time zone").fill("Europe/Berlin");
await dialog.getByRole("button", { name: "Save" }).press("Enter");
await dialog.waitFor({ state: "detached" });
await row("Nightly").getByText("at 06:30, on Monday to Friday (Europe/Berlin)").waitFor();
assert.equal(await row("Nightly").locator("time").count(), 3, "the next runs");
await press("Pause: Nightly");
await row("Nightly").getByText("Paused").waitFor();
await press("Resume: Nightly");
await row("Nightly").getByText("Paused").waitFor({ state: "detached" });
// What somebody set beside the schedule is as it was, to the digit.
const kept = await page.evaluate(async (path) => (await fetch(path)).text(), `api/${PROJECT.slice(3)}/pipelines`);
assert.match(kept, /"qualityScore":99\.123456789012345678901/);
await press("Run now: Nightly");
await page.getByText("A job of Nightly is queued.").waitFor();
await row("Nightly").getByRole("link", { name: "Completed" }).waitFor(JOB);
await row("Nightly").getByRole("link", { name: "All its jobs" }).click();
await page.getByRole("link", { name: "Nightly" }).waitFor();
// A pipeline is made, changed and deleted. What the server refuses is said there.
await go(page, `${PROJECT}/pipelines`);
await press("New pipeline");
await dialog.getByLabel("Type").selectOption("Analysis");
await dialog.getByRole("button", { name: "Save" }).press("Enter");
await dialog.getByRole("alert").getByText(/name/).first().waitFor();
await dialog.getByLabel("Name").fill("By form");
await dialog.getByRole("button", { name: "Save" }).press("Enter");
await row("By form").waitFor();
await press("Edit: By form");
await dialog.getByLabel("Name").fill("By form, renamed");
await dialog.getByText("Changes: none").waitFor();
await dialog.getByRole("button", { name: "Save" }).press("Enter");
await press("Delete: By form, renamed");
await dialog.getByRole("button", { name: "Delete" }).press("Enter");
await row("By form").waitFor({ state: "detached" });

// A token is made, works, and is revoked. Its secret is shown once.
await go(page, `${PROJECT}/access`);
await press("New token");
await dialog.getByLabel("Subject").fill("bob");
await dialog.getByLabel("Role").selectOption("viewer");
await dialog.getByLabel(/^Days/).fill("1");
await dialog.getByRole("button", { name: "Make" }).press("Enter");
await dialog.getByText("This is shown once.").waitFor();
const token = (await dialog.locator("p").nth(1).textContent()).trim();
assert.match(token, /^fc_/);
const asks = async () => (await fetch(`${URL_OF_SERVER}/api/${PROJECT.slice(3)}/datasets`, { headers: { authorization: `Bearer ${token}` } })).status;
assert.equal(await asks(), 200);
await press("I have it");
await row("bob").getByText("viewer").waitFor();
await press("Revoke: bob");
await dialog.getByRole("button", { name: "Revoke" }).press("Enter");
await row("bob").waitFor({ state: "detached" });
assert.equal(await asks(), 401);
// A secret goes in and never comes out.
await press("New secret");
await dialog.getByLabel("Name").fill("CRM_TOKEN");
await dialog.getByLabel("Value").fill("hush-hush");
await dialog.getByRole("button", { name: "Make" }).press("Enter");
await row("CRM_TOKEN").waitFor();
assert(!(await page.content()).includes("hush-hush"));

// All of that is in the audit log.
await go(page, `${PROJECT}/audit`);
await row("DELETE /api/admin/tokens").first().waitFor();
await row("PUT .*secrets").first().getByText("done").waitFor();
await row("InvalidSchedule").getByText("refused").waitFor();
await page.getByLabel("By whom").fill("nobody");
await page.keyboard.press("Enter");
await page.getByText("No entry matches.").waitFor();
assert.match(page.url(), /\?subject=nobody$/);

// A module's second version: what it wants, how it differs, and that it runs from now on; then back.
await go(page, `${PROJECT}/modules`);
await page.getByRole("link", { name: "probe", exact: true }).press("Enter");
await page.getByText("network: requests, to no host yet").first().waitFor();
await page.getByText("wasi:http/outgoing-handler", { exact: false }).first().waitFor();
await press("Let 1 run Analysis");
await dialog.getByRole("button", { name: "Activate" }).press("Enter");
await row("^1").getByText("Analysis", { exact: true }).waitFor();
await press("Back to the server's own for Analysis");
await dialog.getByRole("button", { name: "Back to the server's own for Analysis" }).press("Enter");
await page.getByRole("button", { name: "Let 1 run Analysis" }).waitFor();

// Figures by day, with the same as a table.
await go(page, `${PROJECT}/system`);
await page.getByLabel("Period").selectOption("The last 30 days");
await page.getByRole("img", { name: /^Run time/ }).waitFor();
await page.getByText("The same as a table").press("Enter");
await page.getByRole("row", { name: /^\d{4}-\d\d-\d\d 1 0 0/ }).waitFor();
page.nothingWrong();
await page.context().close();

// An operator sees the whole server; whoever may not administer is told so.
const operator = await visit(browser);
await signIn(operator, undefined, process.env.FUELCELL_OPERATOR);
await go(operator, `${PROJECT}/system`);
await operator.getByRole("row", { name: /^worker-node-01 Takes jobs/ }).waitFor();
await operator.getByRole("row", { name: /^Critical 0/ }).waitFor();
await operator.getByRole("row", { name: /^tenant / }).first().waitFor();
for (const colorScheme of ["light", "dark"]) {
  await operator.emulateMedia({ colorScheme });
  assert.deepEqual(await axe(operator), []);
}
operator.nothingWrong();
const viewer = await visit(browser);
await signIn(viewer, undefined, process.env.FUELCELL_VIEWER);
for (const name of ["access", "audit"]) {
  await go(viewer, `${PROJECT}/${name}`);
  await viewer.getByText("This needs the role administrator or a higher one.").waitFor();
}
viewer.nothingWrong();
await browser.close();
console.log("the project keeps going");
