"""Ends a cell that runs too long, or whose job is to stop.

There are no threads and signals: only the code itself can be stopped where it is. The interpreter tells of each jump and each
call, and once in some thousands the clock is looked at. Loops take about three times as long that way, and calls five, so that
it is done only when a time is set.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from fuelcell import Cancellation, Context

#: Jumps and calls between two looks: some milliseconds.
_EVERY = 2_000
#: Where the event loop lies.
_LOOP = "/asyncio/"
#: Least seconds that a cell has for its own end, once it was told of it.
_RESPITE = 1.0


class CellTimeout(BaseException):
    """The cell ran longer than it may. It is no `Exception`, so that a cell does not catch it with its own errors."""


class CellStopped(BaseException):
    """The job is to stop."""


@contextmanager
def watched(context: Context, seconds: float | None) -> Iterator[None]:
    """Runs a cell for so many seconds at most; none = without looking."""
    if seconds is None:
        yield
        return
    monitoring = sys.monitoring
    tool, events = monitoring.DEBUGGER_ID, monitoring.events
    until, left = time.monotonic() + seconds, _EVERY

    def look(code: CodeType, *_: object) -> None:
        nonlocal until, left
        left -= 1
        if left:
            return
        if _LOOP in code.co_filename:
            # What runs coroutines is not to break: the next step of the cell's own code is.
            left = 1
            return
        left = _EVERY
        if context.cancellation() != Cancellation.NONE:
            # There is only a moment for what is to be kept.
            monitoring.set_events(tool, 0)
            raise CellStopped("the job is to stop")
        if time.monotonic() > until:
            # A cell that catches everything is told again.
            until = time.monotonic() + max(seconds, _RESPITE)
            raise CellTimeout(f"the cell ran longer than {seconds:g} s")

    monitoring.use_tool_id(tool, "fuelcell")
    try:
        monitoring.register_callback(tool, events.JUMP, look)
        monitoring.register_callback(tool, events.PY_START, look)
        monitoring.set_events(tool, events.JUMP | events.PY_START)
        yield
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
