"""The seam between a context and what answers it: the real host in a cell, or `fuelcell.testing.TestHost` natively.

Authors of jobs need nothing from here but the errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .artifact import Artifact
    from .inputs import Input
    from .report import Report
    from .request import Request, Response


class HostError(Exception):
    """A host call that could not be served."""

    #: The code of the failure that it becomes when a job does not catch it.
    code = "Storage"
    #: Whether trying the job again can help.
    transient = False


class HostLimit(HostError):
    """A limit of this cell (disk, number of artifacts, bytes of a checkpoint …) is used up. The text names it."""

    code = "HostLimit"


class InvalidRequest(HostError):
    """The request itself was wrong: an unknown input, a bad name. The text says what is allowed."""

    code = "InvalidRequest"


class StorageError(HostError):
    """The host could not read or write. Trying the job again can help."""

    code = "Storage"
    transient = True


class HttpError(HostError):
    """A request over HTTP that brought no answer. `code` of it is `HttpError`; `reason` is the host's word."""

    code = "HttpError"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        #: The host's word, such as `HTTP-request-denied` or `connection-timeout`.
        self.reason = reason


def reason_of(name: str) -> str:
    """The host's word for an error that code names: `HTTP-request-denied` for `HttpRequestDenied`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    return re.sub(r"\b(dns|http|ip|tls|uri)\b", lambda word: word[0].upper(), words)


class Level(Enum):
    """How grave a log line is."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Cancellation(Enum):
    """Why the host wants the job to stop."""

    #: Nobody asked.
    NONE = "none"
    #: A person or client cancelled the job. Save a checkpoint and return: a forced stop follows after the grace time.
    USER = "user"
    #: The deadline of this attempt is near.
    DEADLINE = "deadline"


@dataclass(frozen=True)
class Usage:
    """What this attempt has used so far."""

    #: Units of fuel: what the job's code did, the same in every run of a deterministic job.
    fuel: int
    #: Bytes of memory that the job holds now.
    memory_bytes: int
    #: Seconds since the attempt began; none in a deterministic job.
    seconds: float | None


class HostReader(Protocol):
    """An input being read."""

    def read(self, most: int) -> bytes:
        """At most so many bytes; none at the end."""

    def seek(self, position: int) -> None:
        """Continues at this byte."""


class HostWriter(Protocol):
    """An artifact being written. Dropped without `finish`, it is thrown away."""

    def write(self, data: bytes) -> None:
        """Appends all of these bytes."""

    def finish(self) -> None:
        """Seals the artifact; nothing may be written after that."""

    def drop(self) -> None:
        """Throws the artifact away, unless it is finished."""


class Host(Protocol):
    """Everything a running job may ask for; mirrors the imports of the WIT world `fuelcell:job/job`."""

    def parameters(self) -> str:
        """The parameters as JSON text."""

    def inputs(self) -> list[Input]:
        """All inputs of this job."""

    def open(self, name: str) -> HostReader:
        """Opens an input by its name in the manifest."""

    def progress(self, done: int, total: int, stage: str) -> None:
        """`done` of `total` units."""

    def log(self, level: Level, stage: str, message: str) -> None:
        """Appends a log line."""

    def poll(self) -> Cancellation:
        """Whether to stop."""

    def usage(self) -> Usage:
        """What this attempt has used so far."""

    def report(self, report: Report) -> None:
        """Replaces the report of this attempt."""

    def create(self, artifact: Artifact) -> HostWriter:
        """Begins an artifact."""

    def save_checkpoint(self, data: bytes) -> None:
        """Replaces the checkpoint."""

    def load_checkpoint(self) -> bytes | None:
        """The checkpoint of an earlier attempt, or the latest of this one."""

    def seen(self, key: str) -> bool:
        """Whether an earlier job of the same pipeline has dealt with this key."""

    def mark(self, key: str) -> None:
        """Marks a key as dealt with, once this job completes."""

    def hmac(self, secret: str, texts: Sequence[bytes]) -> list[bytes]:
        """HMAC-SHA-256 of each text with a secret of the project as the key, which the job does not see."""

    def send(self, request: Request) -> Response:
        """Sends a request over HTTP."""
