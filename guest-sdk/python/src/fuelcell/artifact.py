"""Named outputs of a job."""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .host import HostWriter

#: Bytes that are collected before they cross into the host: a crossing costs more than copying a small piece.
_BUFFER_BYTES = 64 * 1024
#: The most that crosses at once, so that one large write needs no equally large copy in the host.
_MAX_WRITE_BYTES = 1024 * 1024


class Kind(str, Enum):
    """What sort of output an artifact is."""

    REPORT = "report"
    DATA = "data"
    MODEL = "model"
    VISUALIZATION = "visualization"


class Role(Enum):
    """Whom an artifact is for."""

    #: An output for people and clients.
    OUTPUT = "output"
    #: The records that failed, with line and reason. A retry of this job can read it as an input.
    FAILED_RECORDS = "failedRecords"


@dataclass
class Artifact:
    """What an artifact is. Size and digest are the host's to find out."""

    #: File name, unique in the job, such as `report.html`.
    name: str
    #: What sort of output it is.
    kind: Kind = Kind.DATA
    #: The job's word for this output, such as `ProcessMiningReport`; the name if not set.
    type_name: str = ""
    #: A title for people; the name if not set.
    title: str = ""
    #: A media type such as `text/html`.
    media_type: str = "application/octet-stream"
    #: True for the one output that clients show first.
    primary: bool = False
    #: Whom it is for.
    role: Role = Role.OUTPUT
    #: Records inside, when it holds records.
    record_count: int | None = None
    #: 0 to 1, only when measured on data that the model had not seen.
    accuracy: float | None = None

    def __post_init__(self) -> None:
        self.kind = Kind(self.kind)
        self.role = Role(self.role)
        self.type_name = self.type_name or self.name
        self.title = self.title or self.name


class ArtifactWriter(io.BufferedIOBase):
    """Writes an artifact, buffered: bytes, or text as UTF-8.

    As a context manager it finishes the artifact at the end of the block, and throws it away when the block fails. Closed
    or dropped without `finish`, the artifact is thrown away, too.
    """

    def __init__(self, host: HostWriter) -> None:
        self._host: HostWriter | None = host
        self._buffer = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: str | bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Appends bytes, or a text as UTF-8."""
        self._open_host()
        self._buffer += data.encode() if isinstance(data, str) else data
        if len(self._buffer) >= _BUFFER_BYTES:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hands the host what is collected."""
        if self._host is None:
            return
        for start in range(0, len(self._buffer), _MAX_WRITE_BYTES):
            self._host.write(bytes(self._buffer[start : start + _MAX_WRITE_BYTES]))
        self._buffer.clear()

    def finish(self) -> None:
        """Seals the artifact. It is published when the job ends well (or partial results were asked for)."""
        host = self._open_host()
        self.flush()
        host.finish()
        self._host = None
        super().close()

    def close(self) -> None:
        """Throws the artifact away, unless it is finished."""
        self._buffer.clear()
        host, self._host = self._host, None
        if host is not None:
            host.drop()
        super().close()

    def _open_host(self) -> HostWriter:
        if self._host is None:
            raise ValueError("the artifact is finished or thrown away")
        return self._host

    def __enter__(self) -> ArtifactWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.close()
        elif self._host is not None:
            self.finish()
