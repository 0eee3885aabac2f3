// People sign in by a real identity provider, in a real browser: what they see, what they may, and how they leave.
import assert from "node:assert/strict";
import { axe, go, open, overflow, PROJECT, URL_OF_SERVER, visit } from "./browser.mjs";

const PROVIDER = process.env.PROVIDER;
// The provider's own pages are not ours to mend, and going there and back is what is tried here.
const expected = [new RegExp(PROVIDER), /asked elsewhere/, /fonts\.googleapis/];
const browser = await open();

/** Signs in as somebody, whoever they say they are. */
async function signInAs(page, who, button = "Sign in with Example") {
  // Its pages want a font from elsewhere.
  await page.context().route(/fonts\.googleapis/, (route) => route.abort());
  await page.getByRole("button", { name: button }).click();
  await page.waitForURL(`${PROVIDER}/**`);
  await page.locator("input[name=login]").fill(who);
  await page.locator("input[name=password]").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL(`${URL_OF_SERVER}/**`);
}

const pages = (page) => page.getByRole("navigation", { name: "Pages" }).waitFor();
const account = (page) => page.getByRole("button", { name: "Account and settings" }).click();
const status = (page, method, path, body) =>
  page.evaluate(async ([method, path, body]) => (await fetch(path, { method, body })).status, [method, path, body]);

// A submitter comes back to where they were, with a cookie that no script and no other site has.
const ann = await visit(browser, { expected });
await ann.goto(`${URL_OF_SERVER}/#${PROJECT}/datasets`);
await ann.getByRole("button", { name: "Sign in with Example" }).waitFor();
assert.deepEqual(await axe(ann), []);
await signInAs(ann, "ann");
await pages(ann);
await ann.getByRole("heading", { name: "Datasets", level: 1 }).waitFor();
assert.equal(new URL(ann.url()).hash, `#${PROJECT}/datasets`);
const cookies = await ann.context().cookies(URL_OF_SERVER);
const session = cookies.find(({ name }) => name === "fuelcell-session");
assert(session.httpOnly && session.sameSite === "Strict" && session.path === "/", JSON.stringify(session));
assert(!cookies.some(({ name }) => name === "fuelcell-sign-in"));
const seen = await ann.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie);
assert(!seen.includes(session.value) && !seen.includes("return"), seen);
const dataset = `api${PROJECT.slice(2)}/datasets/6f9619ff-8b86-d011-b42d-00c04fc964ff?name=a.csv`;
assert((await status(ann, "PUT", dataset, "a,b\n1,2\n")) < 300);
await ann.reload();
await pages(ann);
await account(ann);
await ann.getByText(`Signed in as ann, ann@example.com (ann at ${PROVIDER}), submitter`).waitFor();
await ann.getByText("Example vouches for you.").waitFor();
assert.deepEqual(await axe(ann), []);

// Who leaves there, too, is asked who they are the next time.
await ann.getByRole("button", { name: "Sign out here and at Example" }).click();
await ann.getByRole("button", { name: "Yes, sign me out" }).click();
await ann.waitForLoadState();
await ann.goto(`${URL_OF_SERVER}/`);
await ann.getByRole("button", { name: "Sign in with Example" }).waitFor();
assert.equal((await ann.context().request.get(`${URL_OF_SERVER}/api/session`)).status(), 401);
ann.nothingWrong();

// A reader reads.
const rea = await visit(browser, { expected: [...expected, /403/] });
await rea.goto(`${URL_OF_SERVER}/`);
await signInAs(rea, "rea");
await pages(rea);
assert.equal(await status(rea, "PUT", dataset, "a,b\n1,2\n"), 403);
assert.equal(await status(rea, "GET", `api${PROJECT.slice(2)}/datasets`), 200);
await go(rea, `${PROJECT}/datasets`);
await rea.getByText("This needs the role submitter or a higher one.").first().waitFor();
rea.nothingWrong();

// Somebody whom no rule meets is told so, in their language, and may be somebody else.
const nobody = await visit(browser, { expected, locale: "de-DE", viewport: { width: 320, height: 800 } });
await nobody.goto(`${URL_OF_SERVER}/`);
await signInAs(nobody, "norbert", "Anmelden mit Example");
await nobody.getByText("haben auf diesem Server keine Rolle").waitFor();
await nobody.getByText("norbert, norbert@example.com").waitFor();
assert.deepEqual(await axe(nobody), []);
assert.equal(await overflow(nobody), 0);
if (process.env.FUELCELL_SHOTS) await nobody.screenshot({ path: `${process.env.FUELCELL_SHOTS}/sign-in-without-role.png`, fullPage: true });
await signInAs(nobody, "olga", "Als jemand anderes anmelden");
await nobody.getByRole("navigation", { name: "Seiten" }).waitFor();
nobody.nothingWrong();

await browser.close();
console.log("people come and go");
