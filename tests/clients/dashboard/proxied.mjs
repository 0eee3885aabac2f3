// Below a path of a proxy that takes the path away, as the server's public address says: everything is found from there.
import assert from "node:assert/strict";
import http from "node:http";
import { JOB, open, signIn, visit } from "./browser.mjs";

const PREFIX = "/tools/fuelcell";
const server = new URL(process.env.FUELCELL_URL);
const proxy = http.createServer((request, response) => {
  if (!request.url.startsWith(`${PREFIX}/`)) return response.writeHead(404).end();
  const { method, headers } = request;
  const options = { host: server.hostname, port: server.port, path: request.url.slice(PREFIX.length), method, headers };
  const passed = http.request(options, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  passed.on("error", () => response.destroy());
  response.on("close", () => passed.destroy());
  request.pipe(passed);
});
await new Promise((listening) => proxy.listen(Number(process.env.PROXY_PORT), "127.0.0.1", listening));

const base = `http://127.0.0.1:${proxy.address().port}${PREFIX}/`;
const browser = await open();
const page = await visit(browser);
await signIn(page, base);
const [cookie] = await page.context().cookies();
assert.equal(cookie.path, PREFIX);
await page.getByRole("button", { name: "Try with a sample log" }).click();
await page.getByText("Completed: 2,552 records processed.").waitFor(JOB);
await page.frameLocator("iframe").getByRole("heading", { name: "order-to-cash.csv" }).waitFor();
await page.reload();
await page.frameLocator("iframe").getByRole("heading", { name: "order-to-cash.csv" }).waitFor();
assert(page.url().startsWith(`${base}#/p/`), page.url());
page.nothingWrong();
await browser.close();
proxy.close();
proxy.closeAllConnections();
console.log("it works below a path");
