use std::io::{BufRead, Write};

use fuelcell_sdk::{Artifact, Completion, Context, Failure, Kind, Report, Result};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    /// Shorter words are not counted.
    #[serde(default)]
    least_length: usize,
}

#[fuelcell_sdk::job(
    title = "Word count",
    description = "Counts the words of a text.",
    input(name = "dataset", parameter = "datasetId", formats = ["txt"], required = true),
    output(name = "count.txt", kind = "report", type_name = "WordCount"),
    deterministic = true
)]
fn count_words(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    let reader = context.open("dataset")?;
    let size = reader.size();
    let (mut bytes, mut words, mut report) = (0, 0, Report::default());
    for line in reader.lines() {
        let line = line?;
        bytes += line.len() as u64 + 1;
        words += line.split_whitespace().filter(|word| word.len() >= parameters.least_length).count();
        report.records_processed += 1;
        if report.records_processed % 10_000 == 0 {
            context.check_cancelled()?;
            context.progress(bytes, size, "Counting");
            context.report(&report);
        }
    }
    context.report(&report);

    let artifact = Artifact::new("count.txt", Kind::Report)
        .type_name("WordCount")
        .title("Number of words")
        .media_type("text/plain")
        .primary();
    let mut out = context.artifact(artifact)?;
    writeln!(out, "{words} words")?;
    out.finish()?;
    Ok(Completion::Done)
}

#[cfg(test)]
mod tests {
    use fuelcell_sdk::{Completion, testing::TestHost};

    #[test]
    fn counts_words() {
        let run = TestHost::new()
            .parameters(serde_json::json!({"leastLength": 4}))
            .input("dataset", "poem.txt", "the quick brown fox\n")
            .run::<super::Job>();
        assert_eq!(run.end, Ok(Completion::Done));
        assert_eq!(run.text("count.txt"), Some("2 words\n"));
    }
}
