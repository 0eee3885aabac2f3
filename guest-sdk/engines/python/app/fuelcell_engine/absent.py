"""What a cell has not: clear errors in place of odd ones."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from fuelcell.packages import SCIENTIFIC

_PROGRAMS = "a cell runs no other programs"
_NATIVE = "the engine has no part in C of it"
#: Deepest recursion of functions in Python. Deeper ones run, but what their tracebacks hold cannot be let go of within the
#: stack of a cell.
MAX_RECURSION = 5_000
#: Why a module is not there.
REASONS = {
    "_ctypes": "a cell loads no native libraries",
    "ctypes": "a cell loads no native libraries",
    "_multiprocessing": _PROGRAMS,
    "_posixsubprocess": _PROGRAMS,
    "_ssl": "the host speaks TLS; use Context.request",
    "ssl": "the host speaks TLS; use Context.request",
    "_bz2": _NATIVE,
    "_lzma": _NATIVE,
    "_zstd": _NATIVE,
    "_curses": "a cell has no terminal",
    "curses": "a cell has no terminal",
    "_tkinter": "a cell has no screen",
    "tkinter": "a cell has no screen",
    "fcntl": "a cell has no descriptors of its own",
    "mmap": "a cell maps no files",
    "multiprocessing": _PROGRAMS,
    "readline": "a cell has no terminal",
    "resource": "a cell's limits are the host's",
    "termios": "a cell has no terminal",
}
#: Packages with parts in C that people ask for first.
NATIVE_PACKAGES = ("polars", "pyarrow", "duckdb", "cryptography", "psycopg2")
#: Those packages of `python-science` that are pure Python, or a part of another one.
_PURE = ("formulaic", "mpl_toolkits", "networkx", "openpyxl", "patsy", "pylab", "seaborn", "sympy")
_SCIENCE = (
    "the engine python-science has it: a server's operator installs it with `fuelcell engine install python-science`, and notebooks "
    "that import it choose this engine by themselves"
)


#: How a script gets a package that the engine has not.
VENDORED = "a package that is pure Python travels in the archive below vendor/"


def hint(error: ModuleNotFoundError, more: str = VENDORED) -> str | None:
    """Why the module is not there, if that is known, and how to get `more`."""
    root = (error.name or "").partition(".")[0]
    if root in REASONS:
        return REASONS[root]
    if root in _PURE:
        return f"{_SCIENCE}; {more}"
    if root in SCIENTIFIC:
        return f"{root} has parts in C, which this engine cannot load; {_SCIENCE}; {more}"
    if root in NATIVE_PACKAGES:
        return f"{root} has parts in C, which this engine cannot load; {more}"
    return more if root else None


def _refused(reason: str) -> Any:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOTSUP, reason)

    return refuse


def _no_socket(*_: Any, **__: Any) -> NoReturn:
    raise PermissionError(errno.EACCES, "a cell has no sockets: use Context.request")


def _no_thread(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError("a cell has one thread: start no others, use asyncio or a loop")


def _bounded_recursion(limit: int, _set: Callable[[int], None] = sys.setrecursionlimit) -> None:
    _set(min(limit, MAX_RECURSION))


class _Waiting:
    """What an event loop waits with: there are no sockets, so that only time passes."""

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("the loop waits for nothing that could come: a cell has no sockets and threads")
        if timeout > 0:
            time.sleep(timeout)
        return []

    def close(self) -> None:
        pass


class CellLoop(asyncio.BaseEventLoop):
    """An event loop without sockets."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Waiting()

    def _process_events(self, events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class _Policy(asyncio.events._BaseDefaultEventLoopPolicy):  # type: ignore[name-defined,misc]
    _loop_factory = CellLoop


def install() -> None:
    """Puts the refusals in place, once, when the engine is built."""
    for name in ("system", "popen", "fork", "forkpty", "execv", "execve", "posix_spawn", "posix_spawnp", "kill", "spawnv"):
        setattr(os, name, _refused(_PROGRAMS))
    subprocess.Popen.__init__ = _refused(_PROGRAMS)  # type: ignore[method-assign]
    socket.socket.__init__ = _no_socket  # type: ignore[method-assign]
    socket.getaddrinfo = _no_socket
    threading._start_joinable_thread = _no_thread  # type: ignore[attr-defined]
    threading._start_new_thread = _no_thread  # type: ignore[attr-defined]
    sys.setrecursionlimit = _bounded_recursion
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(_Policy())
