// What others wrote is shown as what it is: names, logs, parameters, files and outputs that would do harm if they could.
import assert from "node:assert/strict";
import { axe, go, open, PROJECT, signIn, visit } from "./browser.mjs";

const { job, dataset, name, output } = JSON.parse(process.env.HOSTILE);
const browser = await open();
// The report tries to run a script, which its frame does not allow: the browser says so.
const page = await visit(browser, { expected: [/Blocked script execution|sandboxed and the 'allow-scripts'/] });
await signIn(page);
const harmed = () => page.evaluate(() => globalThis.harmed === true || document.querySelector("img[src='x']") !== null);

// The markup does harm where it is taken for markup: the control shows that, on a page of nobody.
const lawless = await (await browser.newContext()).newPage();
await lawless.setContent(name);
await lawless.waitForFunction(() => globalThis.harmed === true && document.querySelector("img[src='x']") !== null);

// In the list and on its page the name is text, and what turns letters around is named.
await page.getByRole("link", { name: name.slice(0, 20) }).waitFor();
await page.getByText("U+202E").first().waitFor();
await go(page, `${PROJECT}/jobs/${job}`);
await page.getByRole("heading", { level: 1, name: /<img src=x/ }).waitFor();
await page.getByText(/<script>/).first().waitFor();
assert(!(await harmed()));

// Long lines, markup and marks in the log: the page stays usable.
await go(page, `${PROJECT}/jobs/${job}?tab=log`);
await page.getByRole("log").getByText("<script>globalThis.harmed=true</script>").waitFor();
await page.getByLabel("Find in the log").fill("needle");
await page.getByText("1 of 1").waitFor();
assert(!(await harmed()));

// Parameters keep their digits, and their markup.
await go(page, `${PROJECT}/jobs/${job}?tab=parameters`);
await page.locator("summary", { hasText: /^0:/ }).click();
await page.getByText("99.123456789012345678901").waitFor();
assert(!(await harmed()));

// A report with a script stands in a frame without rights. It does run by itself: the control shows that.
await go(page, `${PROJECT}/jobs/${job}?tab=outputs&output=${output}`);
const frame = page.frameLocator("iframe");
await frame.getByText("a report").waitFor();
assert.equal(await frame.locator("body").getAttribute("data-ran"), null, "its script did not run");
const rights = await page.locator("iframe").getAttribute("sandbox");
assert.equal(rights, "", "nothing is allowed in the frame");
assert(!(await harmed()));
const control = await (await browser.newContext()).newPage();
await control.setContent(await (await fetch(await linkOf(page))).text());
assert.equal(await control.locator("body").getAttribute("data-ran"), "yes", "elsewhere the same script runs");

// A picture that brings a script along is a picture: by itself its script runs, here it does not.
await go(page, `${PROJECT}/jobs/${job}?tab=outputs&output=picture.svg`);
const picture = page.locator("img[alt='picture.svg']");
await picture.waitFor();
assert(await picture.evaluate(async (image) => (await image.decode(), image.naturalWidth === 40)), "it is shown");
assert(!(await harmed()));
const svg = await (await fetch(await picture.getAttribute("src"))).text();
const alone = await (await browser.newContext()).newPage();
await alone.goto(`data:image/svg+xml,${encodeURIComponent(svg)}`);
assert.equal(await alone.evaluate(() => globalThis.harmed), true, "elsewhere the same script runs");

// Markdown is a document of the page's own elements: markup in it is text, nothing is fetched, and links lead out only.
await go(page, `${PROJECT}/jobs/${job}?tab=outputs&output=notes.md`);
const preview = page.getByRole("region", { name: "Preview" });
await preview.getByRole("heading", { name: "A heading", level: 3 }).waitFor();
await preview.getByRole("heading", { name: "Below", level: 4 }).waitFor();
await preview.getByText("[Picture: picture]").waitFor();
await preview.getByText("<script>globalThis.harmed=true</script>").first().waitFor();
const links = await preview.locator("a[href]:not([download])").evaluateAll((all) => all.map((link) => [link.textContent, link.href, link.rel]));
assert.deepEqual(links.filter(([text]) => text !== "Open in a tab"), [["leads out", "https://example.com/a", "noopener noreferrer"]]);
assert.equal(await preview.locator("img, script, iframe").count(), 0);
assert(!(await harmed()));
assert.deepEqual(await axe(page), []);

await go(page, `${PROJECT}/jobs/${job}?tab=outputs&output=deep.md`);
await preview.getByText("the deepest").waitFor();
assert(!(await harmed()));

// So are the cells of a notebook; its pictures are pictures.
await go(page, `${PROJECT}/jobs/${job}?tab=outputs&output=run.ipynb`);
await preview.getByRole("heading", { name: "Cells" }).waitFor();
await preview.getByText("said").waitFor();
await preview.getByText("traced").waitFor();
assert(await preview.locator("img").evaluate(async (image) => (await image.decode(), image.naturalWidth === 40)), "it is shown");
assert.equal(await preview.locator("script, iframe").count(), 0);
assert(!(await harmed()));

// A table with formulas and marks is text.
await go(page, `${PROJECT}/datasets?dataset=${dataset}`);
await page.getByRole("cell", { name: "=HYPERLINK" }).waitFor();
await page.getByRole("cell", { name: /<img src=x/ }).waitFor();
assert(!(await harmed()));
page.nothingWrong();
await browser.close();
console.log("nothing did any harm");

async function linkOf(page) {
  return page.locator("iframe").getAttribute("src");
}
