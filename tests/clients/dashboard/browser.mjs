// What the dashboard's tests share: a browser, and a page on which nothing may go wrong unseen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const web = createRequire(new URL("../../../crates/dashboard/web/package.json", import.meta.url));
const { chromium } = web("playwright-core");
const AXE = readFileSync(web.resolve("axe-core/axe.min.js"), "utf8");

export const URL_OF_SERVER = process.env.FUELCELL_URL;
export const TOKEN = process.env.FUELCELL_TOKEN;
export const PROJECT = `/p/${process.env.FUELCELL_TENANT}/${process.env.FUELCELL_PROJECT}`;
/** How long a job may take. */
export const JOB = { timeout: 120_000 };

export async function open() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args });
}

/** A page whose console errors, failures and policy reports are kept. `expected` are those that a test brings about. */
export async function visit(browser, options = {}) {
  const { expected = [], ...others } = options;
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, locale: "en-GB", acceptDownloads: true, ...others });
  // Other tests run at the same time.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const wrong = [];
  const note = (text) => expected.some((known) => known.test(text)) || wrong.push(text);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && note(`${message.text()} (${message.location().url})`));
  page.on("pageerror", (error) => note(String(error.stack)));
  page.on("request", (request) => {
    const from = new URL(request.url());
    if (from.protocol.startsWith("http") && from.origin !== new URL(page.url()).origin && page.url().startsWith("http")) note(`asked elsewhere: ${request.url()}`);
  });
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
  });
  page.nothingWrong = () => assert.deepEqual(wrong, [], "the console and the policy have nothing to say");
  return page;
}

export async function signIn(page, base = `${URL_OF_SERVER}/`, token = TOKEN) {
  await page.goto(base);
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

export async function go(page, path) {
  await page.evaluate((hash) => (location.hash = hash), path);
}

/** What axe finds, as lines. */
export async function axe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const options = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], iframes: false };
    return (await globalThis.axe.run(document, options)).violations;
  });
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

/** Pixels by which the page is wider than what shows it. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
