// Copies the records of a table whose amount is above 10, as the conformance suite's job rows does.
import { createReadStream, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const kept = [];
let first = true;
for await (const line of createInterface({ input: createReadStream(process.argv[2]) })) {
  const [name, amount] = line.split(",");
  if (!first && /^[0-9]+$/.test(amount) && Number(amount) > 10) kept.push(`${name};${amount}\n`);
  first = false;
}
writeFileSync(process.argv[3], kept.join(""));
