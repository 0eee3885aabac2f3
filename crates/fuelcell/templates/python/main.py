from fuelcell import Context, Input, Kind, Output, Report, job


@job(
    title="Word count",
    inputs=[Input("dataset", formats=["txt"], required=True)],
    outputs=[Output("count.txt", Kind.REPORT, "WordCount")],
    deterministic=True,
)
def count_words(context: Context, least_length: int = 0) -> None:
    """Counts the words of a text.

    Args:
        least_length: Shorter words are not counted.
    """
    reader = context.open("dataset")
    words, report = 0, Report()
    for line in reader.lines():
        words += sum(len(word) >= least_length for word in line.split())
        report.records_processed += 1
        if report.records_processed % 10_000 == 0:
            context.check_cancelled()
            context.progress(reader.tell(), reader.size, "Counting")
            context.report(report)
    context.report(report)
    with context.artifact("count.txt", Kind.REPORT, title="Number of words", media_type="text/plain", primary=True) as out:
        out.write(f"{words} words\n")
