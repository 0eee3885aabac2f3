import { defineJob } from "fuelcell";

export default defineJob({
  title: "Word count",
  description: "Counts the words of a text.",
  parameters: {
    type: "object",
    properties: { leastLength: { type: "integer", minimum: 0, default: 0, description: "Shorter words are not counted." } },
    additionalProperties: false,
  },
  inputs: [{ name: "dataset", parameter: "datasetId", formats: ["txt"], required: true }],
  outputs: [{ name: "count.txt", kind: "report", typeName: "WordCount" }],
  deterministic: true,
  async run(context, { leastLength }) {
    const reader = context.open("dataset");
    let words = 0;
    let recordsProcessed = 0;
    for (const line of reader.lines()) {
      words += line.split(/\s+/).filter((word) => word !== "" && word.length >= leastLength).length;
      recordsProcessed += 1;
      if (recordsProcessed % 10_000 === 0) {
        context.checkCancelled();
        context.progress(reader.position, reader.size, "Counting");
        context.report({ recordsProcessed });
      }
    }
    context.report({ recordsProcessed });
    await context.save("count.txt", `${words} words\n`, { kind: "report", title: "Number of words", mediaType: "text/plain", primary: true });
  },
});
