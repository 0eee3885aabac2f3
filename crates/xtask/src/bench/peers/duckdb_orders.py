"""What the job Analysis does with `sql` in the benchmark, by DuckDB: one question to the generated table of orders. Prints the
processor time and the peak of its memory."""

import resource
import sys

import duckdb

source, question = sys.argv[1:3]
duckdb.sql("SET threads = 1")
dataset = duckdb.read_csv(source, sample_size=-1, na_values=["", "n.a."])
rows = duckdb.sql(question).fetchall()
used = resource.getrusage(resource.RUSAGE_SELF)
print(len(rows), rows[0])
print(f"cpuSeconds {used.ru_utime + used.ru_stime:.6f}")
print(f"peakMemoryBytes {used.ru_maxrss * 1024}")
