"""The files that a job may read."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from .end import Failure

if TYPE_CHECKING:
    from .host import HostReader

#: Bytes asked of the host at once: a crossing costs more than copying a small piece.
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Input:
    """One readable file."""

    #: The input's name in the manifest, such as `dataset`; with the submitter's name behind it, such as `lookups/zones`,
    #: where it is declared with `many`.
    name: str
    #: The file's own name, made safe.
    file_name: str
    #: What the uploader said it is, or `application/octet-stream`.
    media_type: str
    #: Size in bytes.
    size: int


class _Raw(io.RawIOBase):
    """An input, unbuffered."""

    def __init__(self, host: HostReader, size: int) -> None:
        self._host = host
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._host.read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("seek to a position before the start")
        self._position = base + offset
        self._host.seek(self._position)
        return self._position

    def tell(self) -> int:
        return self._position


class InputReader(io.BufferedReader):
    """Reads an input from its start, buffered. Open the input again to have a second reader."""

    def __init__(self, host: HostReader, described: Input) -> None:
        super().__init__(_Raw(host, described.size), _CHUNK_BYTES)
        #: What the reader reads.
        self.input = described

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return self.input.size

    def decompressed(self) -> BinaryIO:
        """The bytes; of a file whose name ends with `.gz`, those that are compressed in it."""
        if self.input.file_name.lower().endswith(".gz"):
            return cast(BinaryIO, gzip.GzipFile(fileobj=self, mode="rb"))
        return cast(BinaryIO, self)

    def text(self, encoding: str = "utf-8", *, newline: str | None = None) -> TextIO:
        """The file as a stream of text, without a byte order mark; a file whose name ends with `.gz` is decompressed."""
        source = self.decompressed()
        # The codec `utf-8-sig` does the same, and is written in Python: it takes twice the time.
        if encoding.lower() in ("utf-8", "utf8") and source.peek(3)[:3] == codecs.BOM_UTF8:  # type: ignore[attr-defined]
            source.read(3)
        stream = io.TextIOWrapper(source, encoding=encoding, newline=newline)
        stream._CHUNK_SIZE = _CHUNK_BYTES  # type: ignore[attr-defined]
        return stream

    def lines(self, encoding: str = "utf-8") -> Iterator[str]:
        """The lines of the file, without their ends."""
        with self._failures():
            for line in self.text(encoding):
                yield line.rstrip("\n")

    def rows(self, encoding: str = "utf-8", *, delimiter: str = ",") -> Iterator[dict[str, str]]:
        """The records of a delimited file, each by the names of its first line. Empty lines are left out.

        Raises `InvalidData` for a record that has not as many fields as the first line.
        """
        with self._failures():
            records = csv.reader(self.text(encoding, newline=""), delimiter=delimiter, strict=True)
            names = next(records, [])
            twice = {name for name in names if names.count(name) > 1}
            if twice:
                raise Failure("InvalidData", f"{self._shown}: the first line names {sorted(twice)[0]!r} twice")
            fields = len(names)
            for values in records:
                if len(values) == fields:
                    yield dict(zip(names, values))
                elif values:
                    raise Failure(
                        "InvalidData",
                        f"{self._shown}: line {records.line_num} has {len(values)} fields, the first line {fields}",
                    )

    @property
    def _shown(self) -> str:
        return self.input.file_name or self.input.name

    def _failures(self) -> _Decoding:
        return _Decoding(self._shown)


class _Decoding:
    """Turns what is wrong with the bytes of a file into a failure that names the file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnicodeDecodeError):
            byte = error.object[error.start] if error.start < len(error.object) else 0
            raise Failure(
                "InvalidData", f"{self._name} is not {error.encoding}: the byte 0x{byte:02x} does not fit"
            ) from error
        if isinstance(error, csv.Error):
            raise Failure("InvalidData", f"{self._name}: {error}") from error
        if isinstance(error, (gzip.BadGzipFile, EOFError)):
            raise Failure("InvalidData", f"{self._name} is not a whole gzip file: {error}") from error
