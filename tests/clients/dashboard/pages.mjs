// Every page, at phone and desktop width, light and dark: axe finds nothing, and nothing is cut off at the side.
import assert from "node:assert/strict";
import { axe, go, open, overflow, PROJECT, signIn, visit } from "./browser.mjs";

const shots = process.env.FUELCELL_SHOTS;
const { JOBS } = process.env;
const jobs = JSON.parse(JOBS);
const places = {
  jobs: [`${PROJECT}/jobs`, (page) => page.getByRole("row").nth(1)],
  "jobs-none": [`${PROJECT}/jobs?by=nobody`, (page) => page.getByText("No job matches")],
  "job-completed": [`${PROJECT}/jobs/${jobs.completed}`, (page) => page.getByText("Completed:")],
  "job-outputs": [`${PROJECT}/jobs/${jobs.completed}?tab=outputs`, (page) => page.locator("iframe")],
  "job-table": [`${PROJECT}/jobs/${jobs.completed}?tab=outputs&output=enriched-log.csv`, (page) => page.getByRole("columnheader", { name: "case_id" })],
  "job-json": [`${PROJECT}/jobs/${jobs.completed}?tab=outputs&output=process-mining.json`, (page) => page.getByText("cases:").first()],
  "job-failed": [`${PROJECT}/jobs/${jobs.failed}`, (page) => page.getByText("Failed (")],
  "job-log": [`${PROJECT}/jobs/${jobs.failed}?tab=log`, (page) => page.getByRole("log")],
  "job-parameters": [`${PROJECT}/jobs/${jobs.failed}?tab=parameters`, (page) => page.getByText("columns:").or(page.getByText("columns", { exact: true })).first()],
  "job-waiting": [`${PROJECT}/jobs/${jobs.waiting}`, (page) => page.getByText("Waits:")],
  submit: [`${PROJECT}/submit`, (page) => page.getByRole("button", { name: "Submit", exact: true })],
  datasets: [`${PROJECT}/datasets?dataset=${jobs.dataset}`, (page) => page.getByRole("columnheader", { name: "case_id" })],
  modules: [`${PROJECT}/modules`, (page) => page.getByText("What runs each type")],
  pipelines: [`${PROJECT}/pipelines`, (page) => page.getByText("at 06:00, on Monday to Friday")],
  module: [`${PROJECT}/modules/probe`, (page) => page.getByText("From 1 to 2")],
  access: [`${PROJECT}/access`, (page) => page.getByRole("row", { name: /CRM_TOKEN/ })],
  audit: [`${PROJECT}/audit`, (page) => page.getByRole("row").nth(1)],
  compare: [`${PROJECT}/compare?one=${jobs.completed}&other=${jobs.failed}`, (page) => page.getByRole("group", { name: "Parameters" })],
  system: [`${PROJECT}/system`, (page) => page.getByRole("columnheader", { name: "Node" })],
};
/** What opens over a page: where, and which button opens it. */
const popups = {
  account: ["jobs", "Account and settings"],
  retry: ["job-failed", "Retry"],
  cancel: ["job-waiting", "Cancel"],
  replay: ["job-completed", "Run again"],
  choose: ["job-completed", "Compare"],
  palette: ["jobs", "Go to a page or job"],
  schedule: ["pipelines", "Schedule: Each morning"],
  edit: ["pipelines", "Edit: Each morning"],
  token: ["access", "New token"],
  revoke: ["access", "Revoke: a administrator"],
};

const browser = await open();
const found = [];
for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1400]) {
    const page = await visit(browser, { colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" });
    const look = async (name) => {
      found.push(...(await axe(page)).map((line) => `${name} ${colorScheme} ${width}: ${line}`));
      const wider = await overflow(page);
      if (wider > 0) found.push(`${name} ${width}: ${wider} pixels too wide`);
      if (shots) await page.screenshot({ path: `${shots}/${name}-${colorScheme}-${width}.png` });
    };
    const show = async (name) => {
      const [path, there] = places[name];
      await go(page, path);
      await there(page).waitFor();
      await page.waitForTimeout(150);
    };
    await page.goto(`${process.env.FUELCELL_URL}/`);
    await page.getByLabel("Token").waitFor();
    await look("sign-in");
    await signIn(page);
    for (const name of Object.keys(places)) {
      await show(name);
      await look(name);
    }
    for (const [popup, [name, button]] of Object.entries(popups)) {
      await show(name);
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.getByRole("dialog").waitFor();
      await look(popup);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      const back = await page.getByRole("button", { name: button, exact: true }).evaluate((element) => element === document.activeElement);
      assert(back, `${popup}: focus goes back to what opened it`);
    }
    page.nothingWrong();
    await page.context().close();
  }
}
// What a role may not do is shown, and says why.
const page = await visit(browser);
await signIn(page, undefined, process.env.FUELCELL_VIEWER);
await go(page, places["job-failed"][0]);
const retry = page.getByRole("button", { name: "Retry", exact: true });
assert.equal(await retry.getAttribute("aria-disabled"), "true");
await page.getByText("This needs the role submitter or a higher one.").first().waitFor();
await retry.click({ force: true });
assert.equal(await page.getByRole("dialog").count(), 0);
await go(page, places.submit[0]);
assert.equal(await page.getByRole("button", { name: "Submit", exact: true }).getAttribute("aria-disabled"), "true");
page.nothingWrong();
await browser.close();
assert.deepEqual(found, []);
console.log("nothing was found on any page");
