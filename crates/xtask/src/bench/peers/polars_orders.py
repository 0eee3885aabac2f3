"""What the job DataEnrichment does in the benchmark, by polars' streaming engine: six steps on the generated table of orders,
the result as CSV, and a profile before and after. It is told the types, which the job finds from all rows, and leaves patterns of
texts out, which polars does not have. Prints the processor time and the peak of its memory."""

import json
import resource
import sys

import polars as pl

SCHEMA = {
    "order_id": pl.String, "line": pl.Int64, "customer": pl.String, "name": pl.String, "email": pl.String,
    "country": pl.String, "ordered": pl.Date, "shipped_at": pl.Datetime("us", "UTC"), "status": pl.String,
    "quantity": pl.String, "unit_price": pl.Float64, "discount": pl.Float64, "note": pl.String,
}
SPELLINGS = {
    "de": "DE", "Germany": "DE", "fr": "FR", "France": "FR", "gb": "GB", "United Kingdom": "GB",
    "se": "SE", "Sweden": "SE", "es": "ES", "Spain": "ES",
}


def measures(table):
    """A row of figures for all columns, and their most frequent values."""
    schema = table.collect_schema()
    figures = []
    for name, kind in schema.items():
        column = pl.col(name)
        figures += [column.null_count().alias(f"{name}:missing"), column.approx_n_unique().alias(f"{name}:distinct")]
        if kind.is_numeric() or kind.is_temporal():
            figures += [column.min().alias(f"{name}:min"), column.max().alias(f"{name}:max")]
            figures += [column.quantile(q).alias(f"{name}:{q}") for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
        if kind.is_numeric():
            figures += [column.mean().alias(f"{name}:mean"), column.std().alias(f"{name}:std")]
        if kind == pl.String:
            figures += [column.str.len_chars().min().alias(f"{name}:shortest")]
            figures += [column.str.len_chars().max().alias(f"{name}:longest")]
    return [table.select(figures)] + [
        table.group_by(name).len().top_k(10, by="len") for name in schema.names()
    ]


def main():
    source, result, what = sys.argv[1:4]
    orders = pl.scan_csv(source, schema=SCHEMA)
    email = pl.col("email")
    enriched = (
        orders.with_columns(pl.col("quantity").cast(pl.Int64, strict=False))
        .filter(pl.col("quantity").is_not_null())
        .with_columns(
            pl.col("name").str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars().str.to_titlecase(),
            pl.col("country").replace(SPELLINGS),
            amount=pl.col("quantity") * pl.col("unit_price") * (1 - pl.col("discount").fill_null(0)),
        )
        .filter(pl.col("status") != "cancelled")
        .with_columns(email.str.head(-4).str.replace_all(".", "*") + email.str.tail(4))
    )
    work = measures(orders)
    if what == "steps":
        work += measures(enriched) + [enriched.sink_csv(result, lazy=True)]
    found = pl.collect_all(work, engine="streaming")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(found[0].to_dicts(), default=str)[:200])
    print(f"cpuSeconds {used.ru_utime + used.ru_stime:.6f}")
    print(f"peakMemoryBytes {used.ru_maxrss * 1024}")


main()
