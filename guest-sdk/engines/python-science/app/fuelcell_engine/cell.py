"""The host behind the interpreter's door, for the SDK's context: `bridge/src/frame.rs` says what goes through it."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import _host
from fuelcell import Artifact, Cancellation, HostError, HostLimit, HttpError, InvalidRequest, Level, Report, StorageError, Usage
from fuelcell.artifact import Role
from fuelcell.end import Completion, End, Failure
from fuelcell.host import reason_of
from fuelcell.inputs import Input
from fuelcell.request import Request, Response

_LENGTH = struct.Struct("<I")
_ERRORS: dict[str, type[HostError]] = {"limit": HostLimit, "invalid": InvalidRequest, "storage": StorageError}
_ENDS = {End.DONE: "done", End.NO_ITEMS: "no-items", End.SKIPPED: "skipped"}


def _ask(call: str, payload: bytes = b"", **arguments: Any) -> tuple[Any, bytes]:
    """Sends a frame through the door; the answer is a value and bytes."""
    text = json.dumps({"call": call} | arguments).encode()
    answer = _host.call(b"".join((_LENGTH.pack(len(text)), text, payload)))
    start = _LENGTH.size + _LENGTH.unpack_from(answer)[0]
    told = json.loads(answer[_LENGTH.size : start])
    if "error" not in told:
        return told["ok"], bytes(answer[start:])
    if told["error"] == "http":
        raise _http_error(told["message"])
    raise _ERRORS.get(told["error"], StorageError)(told["message"])


class _Handle:
    """Something that the host holds for the script."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number

    def _use(self, call: str, payload: bytes = b"", **arguments: Any) -> bytes:
        return _ask(call, payload, handle=self._number, **arguments)[1]

    def drop(self) -> None:
        if self._number is not None:
            self._use("drop")
            self._number = None

    __del__ = drop


class _Reader(_Handle):
    def read(self, most: int) -> bytes:
        return self._use("read", most=most)

    def seek(self, position: int) -> None:
        self._use("seek", position=position)


class _Writer(_Handle):
    def write(self, data: bytes) -> None:
        self._use("write", bytes(data))

    def finish(self) -> None:
        self._use("finish")
        self.drop()


class CellHost:
    """What the cell's host answers, in the words of the SDK."""

    def parameters(self) -> str:
        return _ask("parameters")[1].decode()

    def inputs(self) -> list[Input]:
        return [Input(one["name"], one["fileName"], one["mediaType"], one["size"]) for one in _ask("inputs")[0]]

    def open(self, name: str) -> _Reader:
        return _Reader(_ask("open", name=name)[0])

    def progress(self, done: int, total: int, stage: str) -> None:
        _ask("progress", done=done, total=total, stage=stage)

    def log(self, level: Level, stage: str, message: str) -> None:
        _ask("log", level=level.value, stage=stage, message=message)

    def poll(self) -> Cancellation:
        return Cancellation(_ask("poll")[0])

    def usage(self) -> Usage:
        told, _ = _ask("usage")
        elapsed = told["elapsedMilliseconds"]
        return Usage(told["fuel"], told["memoryBytes"], None if elapsed is None else elapsed / 1_000)

    def report(self, report: Report) -> None:
        def findings(found: list) -> list[tuple[str, str, int]]:
            return [(one.kind, one.message, one.count) for one in found]

        checked = report.validation
        _ask(
            "report",
            recordsProcessed=report.records_processed,
            recordsTotal=report.records_total,
            errors=report.errors,
            warnings=findings(report.warnings),
            processingErrors=findings(report.processing_errors),
            qualityScore=report.quality_score,
            validation=checked and (checked.total, checked.valid, checked.duplicates_removed, checked.invalid),
        )

    def create(self, artifact: Artifact) -> _Writer:
        number, _ = _ask(
            "create",
            name=artifact.name,
            kind=artifact.kind.value,
            typeName=artifact.type_name,
            title=artifact.title,
            mediaType=artifact.media_type,
            primary=artifact.primary,
            failedRecords=artifact.role is Role.FAILED_RECORDS,
            recordCount=artifact.record_count,
            accuracy=artifact.accuracy,
        )
        return _Writer(number)

    def save_checkpoint(self, data: bytes) -> None:
        _ask("save-checkpoint", data)

    def load_checkpoint(self) -> bytes | None:
        kept, data = _ask("load-checkpoint")
        return data if kept else None

    def seen(self, key: str) -> bool:
        return _ask("seen", key=key)[0]

    def mark(self, key: str) -> None:
        _ask("mark", key=key)

    def hmac(self, secret: str, texts: Sequence[bytes]) -> list[bytes]:
        _, macs = _ask("hmac", b"".join(texts), secret=secret, sizes=[len(text) for text in texts])
        return [macs[start : start + 32] for start in range(0, len(macs), 32)]

    def send(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        told, body = _ask(
            "send",
            request.body or b"",
            method=request.method,
            scheme=parts.scheme,
            authority=parts.netloc,
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            headers=list(request.headers.items()),
            timeout=request.timeout,
        )
        headers: dict[str, str] = {}
        for name, value in told["headers"]:
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return Response(told["status"], headers, body)

    def completed(self, completion: Completion) -> None:
        """The script ended well."""
        more = {"reason": completion.reason} if completion.end is End.SKIPPED else {}
        _ask("end", how=_ENDS[completion.end], **more)

    def failed(self, failure: Failure) -> None:
        """The script failed."""
        _ask("end", how="failed", code=failure.code, message=failure.message, transient=failure.transient)


def _http_error(reason: str) -> HttpError:
    """The host's word for what went wrong is a name of Rust's: `ErrorCode::HttpRequestDenied`."""
    word = reason_of(reason.partition("::")[2].partition("(")[0]) or "internal-error"
    return HttpError(word, f"the host sent no request or has no answer: {word}")
