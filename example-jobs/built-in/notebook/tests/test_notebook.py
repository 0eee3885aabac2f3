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


DECLARED = """%config InlineBackend.figure_formats = ['svg']
import datetime
region = 'all'
limit = 1
share: float = 0.5
count: int = 3
days = ['Mo']
corner = (1, 2)
since = datetime.date(2026, 1, 1)
owner = None
label: 'str | None' = 'x'
if limit:
    inner = 2
"""


def test_parameters_are_shown_with_type_default_and_value(host):
    given = {"region": "north", "share": 1, "corner": [3, 4], "since": "2026-02-01", "label": None, "other": 7}
    ran = run(host, notebook("# A title", DECLARED, "print(region, share, corner, label)", tags={1: "parameters"}), values=given)
    assert ran.failure is None, ran.failure
    told = {one["name"]: one for one in ran.json("notebook.json")["parameters"]}
    shown = {name: (one["type"], one["default"], one["given"]) for name, one in told.items()}
    assert shown == {
        "region": ("str", "'all'", True),
        "limit": ("int or float", "1", False),
        "share": ("float", "0.5", True),
        "count": ("int", "3", False),
        "days": ("list", "['Mo']", False),
        "corner": ("tuple", "(1, 2)", True),
        "since": (None, "datetime.date(2026, 1, 1)", True),
        "owner": (None, "None", False),
        "label": ("str or None", "'x'", True),
        "inner": (None, None, False),
        "other": (None, None, True),
    }
    assert told["share"]["value"] == 1.0 and told["other"] | {"known": False} == told["other"]
    assert streams(ran.json("notebook.ipynb"), 3) == "north 1.0 (3, 4) None\n"
    page = ran.text("notebook.html")
    assert "<td>region</td><td>str</td><td>&#x27;all&#x27;</td><td>&#x27;north&#x27;</td>" in page
    assert "<td>limit</td><td>int or float</td><td>1</td><td>the default</td>" in page
    assert "<td>other</td><td>any</td><td>not in the notebook</td><td>7</td>" in page
    assert "<th>Parameter</th>" not in run(host, notebook("1")).text("notebook.html")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("limit", "5", "`limit`, whose default is 1, takes int or float, and not '5'"),
        ("limit", True, "and not True"),
        ("count", 0.5, "`count`, whose default is 3, takes int, and not 0.5"),
        ("region", 5, "takes str, and not 5"),
        ("region", None, "takes str, and not None"),
        ("days", "Mo", "takes list, and not 'Mo'"),
        ("label", 5, "takes str or None, and not 5"),
    ],
)
def test_a_value_is_of_the_type_of_its_default(host, name, value, told):
    failure = run(host, notebook(DECLARED, tags={0: "parameters"}), values={name: value}).failure
    assert failure.code == "InvalidParameters" and told in failure.message, failure


def test_values_without_a_cell_for_them_are_warned_about(host):
    ran = run(host, notebook("print(limit)"), values={"limit": 5})
    assert streams(ran.json("notebook.ipynb"), 1) == "5\n"
    assert [line.message for line in ran.logs] == ["the notebook has no cell with the tag `parameters`; set at its top were: limit"]


def test_values_of_an_earlier_run_do_not_stay(host):
    text = notebook("limit = 1", "print(limit)", tags={0: "parameters"})
    executed = run(host, text, values={"limit": 5}).text("notebook.ipynb")
    again = run(host, executed)
    assert streams(again.json("notebook.ipynb"), 1) == "1\n"
    assert "<td>limit</td><td>int or float</td><td>1</td><td>the default</td>" in again.text("notebook.html")


@pytest.mark.parametrize("source", ["if 1:\n        a = 1\n    b = 2", "a = ("])
def test_a_wrong_cell_of_parameters_fails_as_a_cell(host, source):
    text = notebook(source, "print('after')", tags={0: "parameters"})
    assert run(host, text).failure.code == "CellFailed"
    ran = run(host, text, allowErrors=True)
    assert ran.failure is None, ran.failure
    assert streams(ran.json("notebook.ipynb"), 1) == "after\n"


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


def test_magics_that_time_and_list_do_so(host):
    ran = run(
        host,
        notebook(
            "%time total = sum(range(10))",
            "%%time\nprint(total)",
            "%timeit -n 2 -r 3 sum(range(10))",
            "%%timeit -n 2 -r 3\ntotal = 0\ntotal += 1",
            "%pip list",
            "%who_ls",
        ),
    )
    assert ran.failure is None, ran.failure
    executed = ran.json("notebook.ipynb")
    for number, words in enumerate(["Wall time", "45\n", "3 runs, 2 loops each", "3 runs, 2 loops each", "ipython "]):
        assert words in streams(executed, number), (number, streams(executed, number))
    assert "Wall time" in streams(executed, 1)
    assert "'total'" in executed["cells"][5]["outputs"][0]["data"]["text/plain"]


def test_lines_of_streams_are_lines_of_the_log(host, capsys):
    ran = run(host, notebook("import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('half', end='')", "print(' line')"))
    assert ran.failure is None
    told = capsys.readouterr()
    # What a job prints is its log: a cell's host takes both streams line by line.
    assert (told.out, told.err) == ("out\nhalf line\n", "err\n")
    outputs = ran.json("notebook.ipynb")["cells"][0]["outputs"]
    assert [(one["name"], one["text"]) for one in outputs] == [("stdout", "out\n"), ("stderr", "err\n"), ("stdout", "half")]


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
    text = page.page("<title>", [], [{**cell, "outputs": [svg]}], ["completed"])
    assert "<script" not in text and "onload" not in text and "<title>&lt;title&gt;</title>" in text
