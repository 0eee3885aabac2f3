"""Reads the sources of a script that is to be checked: each is compiled, and nothing runs."""

from __future__ import annotations

import builtins
import json
import os
import sys
import warnings
from collections.abc import Iterator

from fuelcell import Cancellation
from fuelcell.end import Completion
from fuelcell.host import Host

from . import script

#: Where the report lies.
_REPORT = "/out/syntax.json"
#: Packages that travel in the archive: the script's own sources go before them.
_PACKAGES = "vendor/"
#: Faults that are told, and characters of what is said of one.
_MAX_FAULTS = 20
_MAX_MESSAGE = 200


def check(host: Host) -> Completion:
    """Reads the sources as long as there is time and memory, and leaves what was found."""
    warnings.simplefilter("ignore")
    # Codecs are the engine's: nothing of the script is imported.
    sys.path[:] = script.LIBRARIES
    sys.path_importer_cache.clear()
    faults = []
    waiting = sorted(_sources(script.CHECKED), key=lambda path: (path.startswith(_PACKAGES), path))
    left = len(waiting)
    for path in waiting:
        if host.poll() is not Cancellation.NONE:
            break
        try:
            fault = _fault(path)
        except (OSError, MemoryError):
            # There is no room for it; a job may have more.
            break
        left -= 1
        if fault and len(faults) < _MAX_FAULTS:
            faults.append(fault)
    with builtins.open(_REPORT, "w", encoding="utf-8") as report:
        json.dump({"faults": faults, "left": left}, report)
    return Completion.done()


def _sources(folder: str, prefix: str = "") -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _sources(entry.path, f"{prefix}{entry.name}/")
            elif entry.name.endswith(".py"):
                yield prefix + entry.name


def _fault(path: str) -> dict[str, object] | None:
    """Why a source cannot be compiled, if it cannot."""
    with builtins.open(f"{script.CHECKED}/{path}", "rb") as file:
        source = file.read()
    try:
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = _known(error.lineno)
        place = (line, _known(error.offset)) if line else (_unreadable_line(source), None)
        return _told(path, *place, f"{error.msg}")
    except (ValueError, OverflowError, RecursionError) as error:
        return _told(path, None, None, f"{error}")
    except MemoryError as error:
        if not error.args:
            raise
        # The parser's own stack is full, and not the memory.
        return _told(path, None, None, f"{error}")
    return None


def _known(number: int | None) -> int | None:
    return number if number and number > 0 else None


def _unreadable_line(source: bytes) -> int | None:
    """The line of a null byte, of which Python does not tell the place."""
    at = source.find(b"\0")
    return source.count(b"\n", 0, at) + 1 if at >= 0 else None


def _told(path: str, line: int | None, column: int | None, message: str) -> dict[str, object]:
    # A source may quote what is no text.
    shown = message[:_MAX_MESSAGE].encode(errors="replace").decode()
    return {"file": path, "line": line, "column": column, "message": shown}
