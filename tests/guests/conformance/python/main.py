"""The jobs of the conformance suite in Python."""

import os
import time
from typing import Annotated, Any, Literal

from fuelcell import Completion, Context, DataValidation, Failure, Finding, Http, HttpError, Input, Report, Rule, job
import json


def echo(context: Context, value: Any, times: int, url: str | None) -> Any:
    return {"value": value, "times": times}


def rows(context: Context, value: Any, times: int, url: str | None) -> Any:
    total, invalid, kept = 0, 0, []
    for row in context.open("dataset").rows():
        total += 1
        if not row["amount"].isdigit():
            invalid += 1
        elif int(row["amount"]) > 10:
            kept.append(f"{row['name']};{row['amount']}\n")
    with context.artifact("rows.csv", record_count=len(kept), media_type="text/csv") as out:
        out.write("".join(kept))
    warnings = [Finding("DataQuality", "An amount is no number.", invalid)]
    validation = DataValidation(total=total, valid=total - invalid, invalid=invalid)
    context.report(Report(total, total, warnings=warnings, validation=validation))
    return {"total": total, "kept": len(kept)}


def cancel(context: Context, value: Any, times: int, url: str | None) -> Any:
    done = 0
    while True:
        context.progress(done, 1_000_000_000, "Waiting")
        context.check_cancelled()
        time.sleep(0.005)
        done += 1


def checkpoint(context: Context, value: Any, times: int, url: str | None) -> Any:
    kept = context.load_checkpoint()
    if kept is not None:
        return {"kept": kept.decode()}
    context.save_checkpoint(b"half")
    raise Failure("Later", "The first attempt gives up.", transient=True)


def processed(context: Context, value: Any, times: int, url: str | None) -> Any:
    fresh = []
    for row in context.open("dataset").rows():
        if not context.seen(row["name"]):
            context.mark(row["name"])
            fresh.append(row["name"])
    return {"fresh": fresh} if fresh else Completion.no_items()


def failure(context: Context, value: Any, times: int, url: str | None) -> Any:
    raise Failure("MissingColumn", "Line 3 has no column “case”.")


def thrown(context: Context, value: Any, times: int, url: str | None) -> Any:
    return len(value["missing"])


def memory(context: Context, value: Any, times: int, url: str | None) -> Any:
    held = []
    while True:
        held.append(b"x" * 8_000_000)


def spin(context: Context, value: Any, times: int, url: str | None) -> Any:
    while True:
        pass


def disk(context: Context, value: Any, times: int, url: str | None) -> Any:
    with context.artifact("large.txt") as out:
        while True:
            out.write("more\n")


def names(context: Context, value: Any, times: int, url: str | None) -> Any:
    with context.artifact("Übersicht/zwölf ✓ 日本.txt") as out:
        out.write("kept")
    return {"written": True}


def stream(context: Context, value: Any, times: int, url: str | None) -> Any:
    lines = characters = 0
    with context.artifact("lines.txt") as out:
        for line in context.open("dataset").lines():
            lines += 1
            characters += len(line)
            out.write(f"{line}!\n")
    return {"lines": lines, "characters": characters}


def secret(context: Context, value: Any, times: int, url: str | None) -> Any:
    headers = {"authorization": "Bearer {{secret:TOKEN}}"}
    answer = context.request("POST", f"{url}/a?b=1", headers=headers, body='{"x": 1}')
    refused = []
    for other in ("https://example.com/", "https://fuelcell.invalid/"):
        try:
            refused.append(str(context.request("GET", other).status))
        except HttpError as error:
            refused.append(error.reason)
    mac = context.hmac("KEY", "text").hex()
    return {"status": answer.status, "kind": answer.headers["x-kind"], "text": answer.text(), "refused": refused, "mac": mac}


def drawn(context: Context, value: Any, times: int, url: str | None) -> Any:
    return {"drawn": os.urandom(8).hex(), "time": time.time()}


CASES = (echo, rows, cancel, checkpoint, processed, failure, thrown, memory, spin, disk, names, stream, secret, drawn)
Case = Literal[
    "echo", "rows", "cancel", "checkpoint", "processed", "failure", "thrown", "memory", "spin", "disk", "names", "stream", "secret",
    "drawn",
]


@job(
    title="Conformance",
    inputs=[Input("dataset", parameter="datasetId")],
    http=Http(["api.example.com", "fuelcell.invalid"], ["TOKEN"]),
    hmac=["KEY"],
)
def conformance(
    context: Context,
    case: Case,
    value: Any = None,
    times: Annotated[int, Rule(minimum=1)] = 2,
    url: str | None = None,
) -> Completion:
    chosen = next(function for function in CASES if function.__name__ == case)
    context.info("case", "begins")
    answer = chosen(context, value, times, url)
    if isinstance(answer, Completion):
        return answer
    with context.artifact("answer.json", media_type="application/json", primary=True) as out:
        json.dump(answer, out)
    return Completion.done()
