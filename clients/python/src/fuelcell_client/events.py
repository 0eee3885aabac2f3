"""Streams of events: what happens to jobs, as it happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypedDict, cast

from ._transport import Answer
from .errors import NoAnswer
from .types import LineDto

#: What one event may have; a log's lines come in events, too.
LONGEST = 16 * 1024 * 1024

EventName = Literal[
    "queued", "started", "progress", "log", "cancelRequested", "requeued", "completed", "failed", "cancelled", "reset"
]
#: After one of these nothing happens to a job any more.
ENDS = frozenset({"completed", "failed", "cancelled"})


class EventData(TypedDict, total=False):
    """What belongs to an event: all but ``reset`` have ``jobId``, ``attempt`` and ``timestamp``."""

    jobId: str
    attempt: int
    timestamp: str
    percentage: int
    currentStage: str
    lines: list[LineDto]
    errorCode: str
    reason: str


@dataclass(frozen=True)
class Event:
    """Something that happened to a job. After ``reset`` some events are not known: the present state is to be read."""

    #: For ``last_event_id`` of a later listener.
    id: str
    event: EventName
    data: EventData


def parts(answer: Answer, heard: Callable[[], None]) -> Iterator[Event | float]:
    """Events as they come, and seconds after which to come back. ``heard`` is called for whatever arrives."""
    id = event = ""
    data: list[str] = []
    size = 0
    while line := answer.readline(LONGEST):
        heard()
        size += len(line)
        if size > LONGEST:
            raise NoAnswer(f"an event has more than {LONGEST} bytes")
        if not line.endswith(b"\n"):
            return
        text = line.decode().rstrip("\r\n")
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if not text:
            if data:
                yield Event(id, cast(EventName, event), cast(EventData, json.loads("\n".join(data))))
            event, data, size = "", [], 0
        elif field == "id":
            id = value
        elif field == "event":
            event = value
        elif field == "data":
            data.append(value)
        elif field == "retry" and value.isdecimal():
            yield int(value) / 1000
