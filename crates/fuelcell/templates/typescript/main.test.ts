import assert from "node:assert/strict";
import { test } from "node:test";
import { TestHost } from "fuelcell/testing";
import job from "./main.ts";

test("words are counted", async () => {
  const run = await new TestHost().parameters({ leastLength: 4 }).input("dataset", "the quick brown fox\n").run(job);
  assert.equal(run.text("count.txt"), "2 words\n");
});

test("an empty text has no words", async () => {
  const run = await new TestHost().input("dataset", "").run(job);
  assert.equal(run.text("count.txt"), "0 words\n");
});
