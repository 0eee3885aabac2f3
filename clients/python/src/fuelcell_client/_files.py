"""Files and bytes on this side: sent with their digest, received until they are whole."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import DigestMismatch

CHUNK = 256 * 1024

#: Is told how many bytes are done, and of how many.
Progress = Callable[[int, int], None]


class Upload:
    """Bytes, or a file, to be sent as often as it takes."""

    def __init__(self, source: bytes | str | os.PathLike[str], progress: Progress | None) -> None:
        self._source = source
        self._progress = progress
        if isinstance(source, bytes):
            self.name: str | None = None
            self.size = len(source)
            digest = hashlib.sha256(source)
        else:
            self.name = Path(source).name
            with open(source, "rb") as file:
                digest = hashlib.file_digest(file, "sha256")
                self.size = file.tell()
        self.digest = digest.hexdigest()
        #: As the header Content-Digest has it: the server compares it with what arrived.
        self.content_digest = f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"

    def chunks(self) -> Iterator[bytes]:
        sent = 0
        if self._progress:
            self._progress(0, self.size)
        for chunk in self._pieces():
            yield chunk
            # What is asked for once more has been taken by the connection.
            sent += len(chunk)
            if self._progress:
                self._progress(sent, self.size)

    def _pieces(self) -> Iterator[bytes]:
        if isinstance(self._source, bytes):
            for begin in range(0, len(self._source), CHUNK):
                yield self._source[begin : begin + CHUNK]
            return
        left = self.size
        with open(self._source, "rb") as file:
            # A file that grew meanwhile is sent as it was when its digest was taken.
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
        if left:
            raise DigestMismatch(f"{self._source!s} became shorter while it was sent")


def begun(file: BinaryIO, size: int | None) -> tuple[int, hashlib._Hash]:
    """How much an earlier download left in a file, and the digest of it."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    if size is None or file.tell() > size:
        file.truncate(0)
        file.seek(0)
        return 0, hashlib.sha256()
    return file.tell(), digest
