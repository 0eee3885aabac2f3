"""The job Notebook: runs a notebook as Jupyter does, with parameters, and keeps what came of it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import Annotated, Any

import document
import page
import parameters
import shell as shells
import watch

from fuelcell import Cancellation, Context, Failure, Input, Kind, Output, Report, Rule, Usage, job

#: Most bytes of the checkpoint; the host's limit.
_MAX_CHECKPOINT = 16 * 1024 * 1024


@dataclass
class _Run:
    """A notebook on its way."""

    notebook: dict[str, Any]
    #: Most seconds of a cell.
    cell_seconds: float | None
    #: Of each parameter, what `notebook.json` says.
    parameters: list[dict[str, Any]]
    #: Of each cell, the same.
    cells: list[dict[str, Any]] = field(default_factory=list)

    def statuses(self) -> list[str]:
        return [cell["status"] for cell in self.cells]


@job(
    title="Notebook",
    job_type="Notebook",
    inputs=[
        # The first one: the dataset of a pipeline is the data, and not the notebook.
        Input("dataset"),
        Input("notebook", parameter="notebookId", formats=["ipynb", "py"], required=True),
        Input("lookups", many=True),
    ],
    outputs=[
        Output("notebook.html", Kind.REPORT, "NotebookReport"),
        Output("notebook.ipynb", Kind.DATA, "ExecutedNotebook"),
        Output("notebook.json", Kind.DATA, "NotebookSummary"),
    ],
)
def run_notebook(
    context: Context,
    values: dict[str, Any] | None = None,
    allow_errors: bool = False,
    cell_timeout_seconds: Annotated[float, Rule(minimum=0.1, maximum=1_000_000)] | None = None,
) -> None:
    """Runs a notebook in Python, or a script with cells that begin with `# %%`, and keeps it with its outputs.

    Files lie below `/in` by their names: `/in/dataset`, `/in/lookups/NAME`. What the notebook leaves in `/out` becomes
    artifacts.

    Args:
        values: Values for names of the notebook: they are set behind the cell with the tag `parameters`. One must be of the
            type of its default: a number for a number, a text for a text, a list for a list or tuple; of the annotation where
            there is one (`limit: int = 10`). `null` fits a default `None` and an annotation with `None`.
        allow_errors: Whether the cells behind one that fails are run, too; the job then ends well.
        cell_timeout_seconds: A cell that runs longer fails as `CellTimeout`. Loops take about three times as long, and calls
            of functions five times, while they are watched for it. One long call of a library in C is not ended; the time of the
            job ends it.
    """
    if cell_timeout_seconds is not None and context.usage().seconds is None:
        raise Failure("InvalidParameters", "cellTimeoutSeconds: a deterministic job has no clock to end a cell by")
    reader = context.open("notebook")
    try:
        text = reader.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Failure("InvalidNotebook", f"{reader.input.file_name} is not UTF-8: {error}") from None
    notebook = document.read(text, reader.input.file_name)
    given = parameters.inject(notebook, values or {})
    _warn_of_unknown(context, given)
    cells = [_waiting(index, cell) for index, cell in enumerate(notebook["cells"])]
    run = _Run(notebook, cell_timeout_seconds, given.table(), cells)
    failure = _execute(context, run, allow_errors)
    _write(context, run)
    if failure is not None:
        raise failure


def _warn_of_unknown(context: Context, given: parameters.Parameters) -> None:
    unknown = given.unknown()
    if not unknown:
        return
    if given.place is None:
        told = "the notebook has no cell with the tag `parameters`; set at its top were"
    else:
        told = "the cell with the tag `parameters` does not know"
    context.warn("parameters", f"{told}: {', '.join(unknown)}")


def _waiting(index: int, cell: document.Cell) -> dict[str, Any]:
    told = {"index": index, "type": cell["cell_type"], "status": "notRun", "executionCount": None}
    return told | {"seconds": None, "fuel": None, "memoryBytes": None, "error": None}


def _execute(context: Context, run: _Run, allow_errors: bool) -> Failure | None:
    recorder = shells.Recorder()
    outer = sys.stdout, sys.stderr
    shell = shells.start(recorder, clocks_run=context.usage().seconds is not None)
    sys.stdout = shells.Stream("stdout", recorder, outer[0])  # type: ignore[assignment]
    sys.stderr = shells.Stream("stderr", recorder, outer[1])  # type: ignore[assignment]
    code = [index for index, cell in enumerate(run.notebook["cells"]) if cell["cell_type"] == "code"]
    try:
        for done, index in enumerate(code):
            stopped = _stopped(context, f"before cell {index + 1}")
            if stopped is not None:
                return stopped
            context.progress(done, len(code), f"Cell {index + 1} of {len(run.cells)}")
            _save(context, run)
            failure = _run_cell(context, shell, recorder, run, index)
            context.report(Report(records_processed=done + 1, records_total=len(code), errors=_failed(run)))
            if failure is not None and (run.cells[index]["status"] == "stopped" or not allow_errors):
                return failure
        context.progress(len(code), len(code), "Done")
        return None
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = outer
        _save(context, run)


def _stopped(context: Context, place: str) -> Failure | None:
    match context.cancellation():
        case Cancellation.USER:
            return Failure("Cancelled", f"Stopped {place} because the job was cancelled.")
        case Cancellation.DEADLINE:
            return Failure("DeadlineNear", f"Stopped {place} because the deadline is near.")
    return None


def _failed(run: _Run) -> int:
    return sum(cell["status"] == "failed" for cell in run.cells)


def _run_cell(
    context: Context, shell: shells.Shell, recorder: shells.Recorder, run: _Run, index: int
) -> Failure | None:
    cell, told = run.notebook["cells"][index], run.cells[index]
    tags = document.tags_of(cell)
    if "skip-execution" in tags:
        told["status"] = "skipped"
        return None
    if not cell["source"].strip():
        told["status"] = "completed"
        return None
    recorder.begin()
    before = context.usage()
    with watch.watched(context, run.cell_seconds):
        result = shell.run_cell(cell["source"], store_history=True, silent=False)
    told |= _used(before, context.usage())
    cell["outputs"] = recorder.outputs
    cell["execution_count"] = told["executionCount"] = result.execution_count
    told["status"] = "completed"
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return None
    if isinstance(error, watch.CellStopped):
        told["status"] = "stopped"
        return _stopped(context, f"in cell {index + 1}")
    told["status"] = "raised" if "raises-exception" in tags else "failed"
    line = _line(error, result.execution_count)
    told["error"] = {"name": type(error).__name__, "message": str(error), "line": line}
    if told["status"] == "raised":
        return None
    trace = next((one["traceback"] for one in reversed(recorder.outputs) if one["output_type"] == "error"), [])
    place = f"cell {index + 1}" + (f", line {line}" if line else "")
    headline = f"{place}: {type(error).__name__}: {error}"
    return Failure("CellFailed", "\n".join([headline, *trace])[:6_000])


def _used(before: Usage, after: Usage) -> dict[str, Any]:
    """What a cell took: memory is what the job has when the cell has ended."""
    seconds = None if before.seconds is None or after.seconds is None else round(after.seconds - before.seconds, 3)
    return {"seconds": seconds, "fuel": after.fuel - before.fuel, "memoryBytes": after.memory_bytes}


def _line(error: BaseException, count: int | None) -> int | None:
    """The last line of the notebook's own cell that the error came through."""
    if isinstance(error, SyntaxError):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if "ipython-input" in trace.tb_frame.f_code.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _document(run: _Run) -> bytes:
    return (json.dumps(run.notebook, indent=1, ensure_ascii=False, allow_nan=True) + "\n").encode(errors="replace")


def _save(context: Context, run: _Run) -> None:
    """Keeps what ran: it is the partial result when the job is stopped."""
    data = _document(run)
    if len(data) <= _MAX_CHECKPOINT:
        context.save_checkpoint(data)


def _write(context: Context, run: _Run) -> None:
    title = _title(run.notebook)
    media = "application/x-ipynb+json"
    with context.artifact("notebook.ipynb", Kind.DATA, type_name="ExecutedNotebook", title=f"{title}, as it ran", media_type=media) as out:
        out.write(_document(run))
    with context.artifact(
        "notebook.json", Kind.DATA, type_name="NotebookSummary", title="Cells", media_type="application/json"
    ) as out:
        told = {"title": title, "parameters": run.parameters, "cells": run.cells}
        out.write(json.dumps(told, indent=1, ensure_ascii=False).encode(errors="replace"))
    # The last one, for it takes longest: a job that is to stop has a moment only.
    with context.artifact(
        "notebook.html", Kind.REPORT, type_name="NotebookReport", title=title, media_type="text/html", primary=True
    ) as out:
        out.write(page.page(title, run.parameters, run.notebook["cells"], run.statuses()).encode(errors="replace"))


def _title(notebook: dict[str, Any]) -> str:
    headings = (cell["source"].lstrip().partition("\n")[0] for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = next((first[2:] for first in headings if first.startswith("# ")), notebook["metadata"].get("title"))
    # A title has no control characters, and at most 256 bytes.
    text = " ".join(found.split()) if isinstance(found, str) else ""
    return "".join(character for character in text if character.isprintable())[:60] or "Notebook"
