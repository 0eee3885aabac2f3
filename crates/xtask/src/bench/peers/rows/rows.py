"""Copies the records of a table whose amount is above 10, as the conformance suite's job rows does."""

import csv
import sys

kept = []
with open(sys.argv[1], encoding="utf-8", newline="") as table:
    for row in csv.DictReader(table):
        if row["amount"].isdigit() and int(row["amount"]) > 10:
            kept.append(f"{row['name']};{row['amount']}\n")
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write("".join(kept))
