"""The notebook job, run natively."""

import json
from pathlib import Path

import document
import page
import pytest
from main import run_notebook

from fuelcell import Usage

DATA = Path(__file__).parent / "data"


def notebook(*sources: str, tags: dict[int, str] | None = None, **metadata: object) -> str:
    cells = [
        {"cell_type": "code", "metadata": {"tags": [tags[n]]} if tags and n in tags else {}, "source": source}
        for n, source in enumerate(sources)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def run(host, text: str, name: str = "n.ipynb", **parameters: object):
    return host.input("notebook", text, name).parameters(parameters).run(run_notebook)


def streams(executed, number: int) -> str:
    outputs = executed["cells"][number]["outputs"]
    return "".join(one["text"] for one in outputs if one["output_type"] == "stream")


@pytest.mark.parametrize("name", ["kpi_stdlib", "rich_outputs", "error_cell", "empty"])
def test_outputs_are_those_of_jupyters_kernel(host, name):
    ran = host.input("notebook", DATA / f"{name}.ipynb").parameters({"allowErrors": True}).run(run_notebook)
    expected = json.loads((DATA / f"{name}.expected.json").read_text())
    executed = [cell for cell in ran.json("notebook.ipynb")["cells"] if cell["cell_type"] == "code"]
    assert [told(cell["outputs"]) for cell in executed] == [wanted(cell["outputs"]) for cell in expected["cells"]]
    assert [cell["execution_count"] for cell in executed] == [cell["execution_count"] for cell in expected["cells"]]


def told(outputs):
    """Text by stream, and the rest in order."""
    text, rest = {}, []
    for one in outputs:
        match one["output_type"]:
            case "stream":
                text[one["name"]] = text.get(one["name"], "") + one["text"]
            case "error":
                rest.append(("error", one["ename"]))
            case kind:
                rest.append((kind, one["data"].get("text/plain")))
    return text, rest


def wanted(outputs):
    """The same of an expected file."""
    text, rest = {}, []
    for one in outputs:
        if "stream" in one:
            text[one["stream"]] = text.get(one["stream"], "") + one["text"]
        elif "error" in one:
            rest.append(("error", one["error"]))
        else:
            ((kind, value),) = one.items()
            rest.append((kind, value.get("text/plain")))
    return text, rest


def test_values_go_behind_the_cell_with_the_tag(host):
    text = notebook("region = 'all'\nlimit = 1", "print(region, limit)", tags={0: "parameters"})
    ran = run(host, text, values={"limit": 5, "other": None})
    executed = ran.json("notebook.ipynb")
    assert executed["cells"][1]["source"] == "# Parameters\nlimit = 5\nother = None"
    assert executed["cells"][1]["metadata"] == {"tags": ["injected-parameters"]}
    assert executed["cells"][1]["id"] == "injected-parameters", "each cell of 4.5 has an id"
    assert streams(executed, 2) == "all 5\n"
    assert [line.message for line in ran.logs] == ["the cell with the tag `parameters` does not know: other"]
    assert run(host, text, values={"a b": 1}).failure.code == "InvalidParameters"


def test_a_failing_cell_ends_the_job_and_the_rest_is_kept(host):
    ran = run(host, notebook("print('before')", "x = 1\n1 / 0", "print('after')"))
    assert ran.failure.code == "CellFailed"
    assert ran.failure.message.startswith("cell 2, line 2: ZeroDivisionError: division by zero\n")
    cells = ran.json("notebook.json")["cells"]
    assert [cell["status"] for cell in cells] == ["completed", "failed", "notRun"]
    assert cells[1]["error"] == {"name": "ZeroDivisionError", "message": "division by zero", "line": 2}
    executed = ran.json("notebook.ipynb")
    assert streams(executed, 0) == "before\n" and json.loads(ran.checkpoint) == executed


def test_tags_say_what_is_skipped_and_what_may_fail(host):
    text = notebook("1 / 0", "print('no')", "print('yes')", tags={0: "raises-exception", 1: "skip-execution"})
    ran = run(host, text)
    assert ran.failure is None
    assert [cell["status"] for cell in ran.json("notebook.json")["cells"]] == ["raised", "skipped", "completed"]


def test_cells_tell_what_they_used(host):
    ran = run(host.usage(Usage(7, 9, 2.5)), notebook("1"))
    assert ran.failure is None
    (cell,) = ran.json("notebook.json")["cells"]
    assert (cell["seconds"], cell["fuel"], cell["memoryBytes"]) == (0.0, 0, 9)


def test_where_clocks_stand_nothing_is_timed(host):
    host.usage(Usage(7, 9, None))
    refused = run(host, notebook("1"), cellTimeoutSeconds=5).failure
    assert refused.code == "InvalidParameters" and "cellTimeoutSeconds" in refused.message
    failure = run(host, notebook("%timeit 1")).failure
    assert "clocks stand" in failure.message
    ran = run(host, notebook("1"))
    assert ran.json("notebook.json")["cells"][0]["seconds"] is None


def test_cancel_stops_between_two_cells(host):
    ran = run(host.cancel_after_polls(1), notebook("print(1)", "print(2)"))
    assert ran.failure.code == "Cancelled"
    assert [cell["status"] for cell in ran.json("notebook.json")["cells"]] == ["completed", "notRun"]


def test_what_kernels_do_is_done(host):
    ran = run(
        host,
        notebook(
            "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
            "%%capture kept\nprint('captured')",
            "kept.stdout",
            "from IPython.display import display, update_display, clear_output\nh = display('first', display_id='d')",
            "update_display('second', display_id='d')",
            "print('gone')\nclear_output()\nprint('left')",
            "_",
        ),
    )
    assert ran.failure is None, ran.failure
    cells = ran.json("notebook.ipynb")["cells"]
    plain = [[one.get("data", {}).get("text/plain") for one in cell["outputs"]] for cell in cells]
    assert plain[0] == ["'awaited'"] and plain[2] == ["'captured\\n'"] and plain[3] == ["'second'"]
    assert streams({"cells": cells}, 5) == "left\n"


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        ("!ls", "OSError", "runs no other programs"),
        ("input('?')", "StdinNotImplementedError", "nobody to ask"),
        ("%pip install requests", "UsageError", "nothing can be installed"),
        ("%uv add x", "UsageError", "nothing can be installed"),
        ("%%bash\nls", "UsageError", "runs no other programs"),
        ("%%script perl\nx", "UsageError", "runs no other programs"),
        ("%pdb", "UsageError", "nobody to ask"),
        ("import nothing_like_it", "ModuleNotFoundError", "%pip list"),
        ("%matplotlib inline", "UsageError", "matplotlib"),
        ("def f(:", "SyntaxError", "invalid syntax"),
    ],
)
def test_what_makes_no_sense_here_is_a_clear_error(host, source, name, text):
    failure = run(host, notebook(source)).failure
    assert failure.code == "CellFailed" and name in failure.message and text in failure.message


def test_scripts_in_the_percent_format_are_notebooks(host):
    text = "# ---\n# jupyter: x\n# ---\n# %% [markdown]\n# # A title\n# text\n\n# %% tags=[\"parameters\"]\nx = 1\n\n# %%\nprint(x)\n"
    ran = run(host, text, "n.py", values={"x": 2})
    executed = ran.json("notebook.ipynb")
    assert [cell["cell_type"] for cell in executed["cells"]] == ["markdown", "code", "code", "code"]
    assert executed["cells"][0]["source"] == "# A title\ntext" and streams(executed, 3) == "2\n"
    assert "<title>A title</title>" in ran.text("notebook.html")


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("{", "InvalidNotebook", "is not JSON"),
        ("[]", "InvalidNotebook", "no list of cells"),
        ('{"nbformat": 3, "worksheets": []}', "InvalidNotebook", "format 3"),
        ('{"nbformat": 4, "cells": [{}]}', "InvalidNotebook", "cell 1 has no cell_type"),
        ('{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1}]}', "InvalidNotebook", "the source is no text"),
        (notebook(kernelspec={"language": "R"}), "UnsupportedKernel", "the notebook is for R"),
        (notebook("x = 1", "from ipywidgets import interact"), "UnsupportedWidgets", "cell 2 imports ipywidgets"),
        ("\udcff".encode(errors="surrogateescape"), "InvalidNotebook", "is not UTF-8"),
    ],
)
def test_what_is_no_notebook_is_refused(host, text, code, told):
    failure = run(host, text).failure
    assert failure.code == code and told in failure.message, failure


def test_outputs_cannot_do_anything_in_the_page():
    hostile = (
        '<b onclick="x()">bold</b><script>alert(1)</script><iframe src="//x"></iframe><a href="java\tscript:x">a</a>'
        '<img src="https://x/y.png"><table></div><td style="background:url(//x)">cell</table><style>p{}</style>'
    )
    assert page.cleaned(hostile) == "<b>bold</b><a>a</a><img><table><td>cell</td></table>"
    cell = document.code_cell("</script><script>", [])
    svg = {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": "<svg onload='x()'/>"}}
    text = page.page("<title>", [{**cell, "outputs": [svg]}], ["completed"])
    assert "<script" not in text and "onload" not in text and "<title>&lt;title&gt;</title>" in text
