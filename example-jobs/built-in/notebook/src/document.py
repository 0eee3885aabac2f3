"""Notebooks: `.ipynb` of format 4, and scripts in the percent format."""

from __future__ import annotations

import json
import re
from typing import Any

from fuelcell import Failure

#: A cell, as nbformat has it.
Cell = dict[str, Any]

_MARK = re.compile(r"^# %%+(?P<title>[^\[{\"=]*?)(?:\[(?P<kind>\w+)\])?\s*(?P<options>(?:\w+=.*)?)$")
_WIDGETS = re.compile(r"^[ \t]*(?:import|from)[ \t]+ipywidgets\b", re.MULTILINE)
_KINDS = {"code": "code", "markdown": "markdown", "md": "markdown", "raw": "raw"}


def read(text: str, file_name: str) -> dict[str, Any]:
    """A notebook by the ending of its file. Raises `InvalidNotebook`, which says what is wrong and where."""
    if file_name.lower().endswith(".py"):
        return _of_percent(text)
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise Failure("InvalidNotebook", f"{file_name} is not JSON: {error}") from None
    return _checked(notebook, file_name)


def _checked(notebook: Any, file_name: str) -> dict[str, Any]:
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        if isinstance(notebook, dict) and notebook.get("nbformat") in (1, 2, 3):
            raise Failure("InvalidNotebook", f"{file_name} has format {notebook['nbformat']}; Jupyter saves it as format 4")
        raise Failure("InvalidNotebook", f"{file_name} is no notebook: it has no list of cells")
    if notebook.get("nbformat") != 4:
        raise Failure("InvalidNotebook", f"{file_name} has format {notebook.get('nbformat')!r}; 4 is read")
    metadata = notebook.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise Failure("InvalidNotebook", f"{file_name}: the metadata is no object")
    _check_language(metadata)
    notebook.setdefault("nbformat_minor", 4)
    notebook["cells"] = [_cell(cell, f"{file_name}: cell {index + 1}") for index, cell in enumerate(notebook["cells"])]
    _check_widgets(notebook["cells"])
    return notebook


def _check_language(metadata: dict[str, Any]) -> None:
    spec = metadata.get("kernelspec")
    told = metadata.get("language_info")
    named = [
        spec.get("language") if isinstance(spec, dict) else None,
        told.get("name") if isinstance(told, dict) else None,
    ]
    language = next((one for one in named if isinstance(one, str) and one), "python")
    if not language.lower().startswith(("python", "ipython")):
        raise Failure("UnsupportedKernel", f"the notebook is for {language}; notebooks in Python are run")


def _check_widgets(cells: list[Cell]) -> None:
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "code" and _WIDGETS.search(cell["source"]):
            told = f"cell {index + 1} imports ipywidgets, and a notebook that runs by itself has nobody to use widgets"
            raise Failure("UnsupportedWidgets", f"{told}: take `values` in place of what they ask")


def _cell(cell: Any, place: str) -> Cell:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
        raise Failure("InvalidNotebook", f"{place} has no cell_type of code, markdown or raw")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise Failure("InvalidNotebook", f"{place}: the source is no text")
    made = {**cell, "source": source, "metadata": cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}}
    if made["cell_type"] == "code":
        made |= {"outputs": [], "execution_count": None}
    return made


def _of_percent(text: str) -> dict[str, Any]:
    cells: list[Cell] = []
    lines = _without_header(text.splitlines())
    current: list[str] = []
    kind, tags = "code", []

    def close() -> None:
        source = "\n".join(current).strip("\n")
        if source or cells:
            body = source if kind == "code" else re.sub(r"^# ?", "", source, flags=re.MULTILINE)
            cells.append(code_cell(body, tags) if kind == "code" else _text_cell(kind, body))

    for line in lines:
        mark = _MARK.match(line)
        if mark is None:
            current.append(line)
            continue
        if current and any(one.strip() for one in current):
            close()
        current, kind, tags = [], _KINDS.get(mark["kind"] or "code", "code"), _tags(mark["options"])
    if any(one.strip() for one in current):
        close()
    _check_widgets(cells)
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def _without_header(lines: list[str]) -> list[str]:
    """Jupytext's header is a comment between two lines `# ---`."""
    if not lines or lines[0].strip() != "# ---":
        return lines
    end = next((index for index, line in enumerate(lines[1:], 1) if line.strip() == "# ---"), 0)
    return lines[end + 1 :]


def _tags(options: str) -> list[str]:
    found = re.search(r"tags=(\[.*?\])", options or "")
    try:
        return [tag for tag in json.loads(found[1]) if isinstance(tag, str)] if found else []
    except ValueError:
        return []


def code_cell(source: str, tags: list[str]) -> Cell:
    """A cell that was not run."""
    metadata = {"tags": tags} if tags else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def _text_cell(kind: str, source: str) -> Cell:
    return {"cell_type": kind, "metadata": {}, "source": source}


def tags_of(cell: Cell) -> list[str]:
    """The tags of a cell."""
    tags = cell["metadata"].get("tags", [])
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
