"""Runs a script module: the archive below `/script`."""

from __future__ import annotations

import builtins
import io
import json
import os
import random
import sys
import traceback
import types
from pathlib import PurePosixPath
from typing import Any

from fuelcell.context import Context
from fuelcell.end import Completion, Failure, host_error
from fuelcell.host import Host
from fuelcell.job import Job, declared

from . import absent

#: Where the cell has the archive's files.
ROOT = "/script"
#: Where it has them when they are to be checked, and nothing is to run.
CHECKED = "/check"
#: Packages that travel in the archive.
VENDOR = f"{ROOT}/vendor"
#: The manifest, which names the entry.
MANIFEST = f"{ROOT}/fuelcell.json"
#: The file that is run when the manifest names none.
ENTRY = "main.py"
#: Where an engine has libraries that are not in its memory, and what of its environment they look at.
LIBRARIES: list[str] = []
ENVIRONMENT: dict[str, str] = {}
#: Most bytes of a failure's message; the host has a limit of its own.
_MAX_MESSAGE = 6 * 1024
#: A traceback with more frames is cut to its last ones.
_MAX_DEPTH = 1_200
_KEPT_DEPTH = 30


def is_checked() -> bool:
    """Whether the sources are to be checked, and nothing is to run. No script can make this folder."""
    return os.path.isdir(CHECKED)


def run(host: Host) -> Completion:
    """Runs the entry of the archive, and the job that it declares.

    Raises `Failure`, whatever the script raises.
    """
    try:
        _prepare(host)
        main = _execute(_entry())
        found = _job(main)
        return found.run(Context(host)) if found else Completion.done()
    except Failure as failure:
        raise failure.with_traceback(None)
    except SystemExit as left:
        return _left(left)
    except BaseException as error:
        raise failure_of(error) from None
    finally:
        _flush()


def _prepare(host: Host) -> None:
    """Makes a fresh process of a snapshot: nothing of what the builder had is left, and nothing is drawn twice."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    random.seed(os.urandom(32))
    sys.stdout = _stream(1)
    sys.stderr = _stream(2)
    sys.stdin = io.StringIO()
    sys.path[:] = [ROOT, VENDOR, *LIBRARIES]
    sys.path_importer_cache.clear()
    sys.argv = ["job", *_arguments(host)]


def _stream(descriptor: int) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw, 32 * 1024), encoding="utf-8", errors="backslashreplace", line_buffering=True
    )


def _arguments(host: Host) -> list[str]:
    """The parameters as plain programs get them: `--NAME=VALUE`."""
    parameters = json.loads(host.parameters() or "{}")
    given = ((name, value) for name, value in parameters.items() if value is not None)
    return [f"--{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in given]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # A script may have put anything here; what it said before is out already.
            pass


def _entry() -> str:
    try:
        with builtins.open(MANIFEST, encoding="utf-8") as file:
            manifest = json.load(file)
        entry = manifest.get("entry") or ENTRY
    except FileNotFoundError:
        entry = ENTRY
    except (ValueError, AttributeError) as error:
        raise Failure("InvalidScript", f"fuelcell.json is no manifest: {error}") from None
    parts = PurePosixPath(entry).parts if isinstance(entry, str) else ()
    if not parts or ".." in parts or parts[0] == "/":
        raise Failure("InvalidScript", f"the entry is a path of a file in the archive, and not {entry!r}")
    return entry


def _execute(entry: str) -> types.ModuleType:
    """Runs the entry as Python runs a program: as the module `__main__`."""
    path = f"{ROOT}/{entry}"
    try:
        with builtins.open(path, "rb") as file:
            source = file.read()
    except OSError:
        raise Failure("InvalidScript", f"the archive has no file {entry}, which is its entry") from None
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins  # type: ignore[attr-defined]
    sys.modules["__main__"] = main
    exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)
    return main


def _job(main: types.ModuleType) -> Job[..., Any] | None:
    """The job that the entry declares, or brings from a module of its own; none of a plain program."""
    jobs = declared()
    own = [one for one in jobs if one.function.__module__ == main.__name__]
    found = own or [one for one in jobs if one in main.__dict__.values()]
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        raise Failure("InvalidScript", f"the script declares more than one job: {names}")
    return found[0] if found else None


def _left(left: SystemExit) -> Completion:
    """`sys.exit` ends a job as it ends a program."""
    if left.code is None or left.code == 0:
        return Completion.done()
    if isinstance(left.code, int):
        raise Failure("Exit", f"the script left with the exit code {left.code}") from None
    raise Failure("Exit", str(left.code)) from None


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception becomes which the script does not catch: its name is the code."""
    if isinstance(error, MemoryError):
        # The frames hold what there was no room for.
        traceback.clear_frames(error.__traceback__)
    refused = host_error(error)
    if refused is not None:
        return Failure(refused.code, _told(str(refused), error), transient=refused.transient)
    inner = _inner_failure(error)
    if inner is not None:
        return inner
    text = _text(error)
    reason = absent.hint(error) if isinstance(error, ModuleNotFoundError) else None
    text = f"{text} ({reason})" if reason else text
    name = type(error).__name__
    return Failure(name, _told(f"{name}: {text}" if text else name, error))


def _inner_failure(error: BaseException) -> Failure | None:
    """Of a group of errors, as `asyncio.TaskGroup` raises it, the failure that is alone in it."""
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        only = error.exceptions[0]
        return only if isinstance(only, Failure) else _inner_failure(only)
    return None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:  # An author's `__str__` may fail, too.
        return f"<its text cannot be made: {type(second).__name__}>"


def _told(headline: str, error: BaseException) -> str:
    """The headline, where it was, and the traceback of the script."""
    trace = script_traceback(error)
    message = f"{headline}\n{trace}" if trace else headline
    if len(message.encode(errors="replace")) <= _MAX_MESSAGE:
        return message
    head = headline[: _MAX_MESSAGE // 4]
    return f"{head}\n…\n{trace[-_MAX_MESSAGE // 2 :]}"


def script_traceback(error: BaseException) -> str:
    """The traceback from the script's first line on, with its sources; of the engine's own files there are none."""
    _shorten(error)
    try:
        told = traceback.TracebackException.from_exception(error, compact=True)
    except Exception:
        return ""
    seen: set[int] = set()
    waiting = [told]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        _cut(one)
        waiting += [other for other in (one.__cause__, one.__context__, *(one.exceptions or ())) if other]
    return "".join(told.format()).rstrip("\n")


def _shorten(error: BaseException) -> None:
    """Leaves the end of a traceback that is too long to be told: that of a recursion as deep as memory allows."""
    depth, trace = 0, error.__traceback__
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    trace = error.__traceback__
    if depth > _MAX_DEPTH:
        for _ in range(depth - _KEPT_DEPTH):
            trace = trace.tb_next if trace else None
        error.__traceback__ = trace


def _cut(told: traceback.TracebackException) -> None:
    frames = list(told.stack)
    first = next((index for index, frame in enumerate(frames) if frame.filename.startswith(ROOT)), None)
    kept = frames[first:] if first is not None else []
    # A failure inside the SDK or a library of the engine: the line of the script is what helps.
    for frame in kept:
        frame.filename = frame.filename.removeprefix(f"{ROOT}/").removeprefix("/python/")
    told.stack = traceback.StackSummary.from_list(kept)
    # Of a syntax error: the place in the source.
    place = getattr(told, "filename", None)
    if place is not None:
        told.filename = place.removeprefix(f"{ROOT}/")
