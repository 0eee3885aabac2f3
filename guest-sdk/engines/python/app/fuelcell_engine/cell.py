"""The host behind the imports of the component, for the SDK's context."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from fuelcell import Artifact, Cancellation, HostError, HostLimit, HttpError, InvalidRequest, Level, Report, StorageError, Usage
from fuelcell.end import Completion, End, Failure
from fuelcell.host import reason_of
from fuelcell.inputs import Input
from fuelcell.request import Request, Response
from wit_world.imports import (
    artifacts,
    cancel,
    checkpoint,
    inputs,
    log,
    outgoing_handler,
    parameters,
    processed,
    progress,
    reporting,
    secrets,
    usage,
)
from wit_world.imports import fuelcell_job_types as types
from wit_world.imports import streams
from wit_world.imports import wasi_http_types as http

# Bytes that one write of a body carries at most, as the interface has it.
_HTTP_CHUNK = 4096
_LEVELS = {level: getattr(types.Level, level.name) for level in Level}
_CANCELLATIONS = {
    types.Cancellation.NONE: Cancellation.NONE,
    types.Cancellation.USER: Cancellation.USER,
    types.Cancellation.DEADLINE: Cancellation.DEADLINE,
}
_ERRORS: dict[type, type[HostError]] = {
    types.HostError_Limit: HostLimit,
    types.HostError_Invalid: InvalidRequest,
    types.HostError_Storage: StorageError,
}


@contextmanager
def _host_errors() -> Iterator[None]:
    try:
        yield
    except Err as refused:
        error = _ERRORS.get(type(refused.value))
        if error is None:
            raise
        raise error(refused.value.value) from None


class _Reader:
    def __init__(self, reader: inputs.Reader) -> None:
        self._reader = reader

    def read(self, most: int) -> bytes:
        with _host_errors():
            return self._reader.read(most)

    def seek(self, position: int) -> None:
        with _host_errors():
            self._reader.seek(position)


class _Writer:
    def __init__(self, writer: artifacts.Writer) -> None:
        self._writer = writer
        self._open = True

    def write(self, data: bytes) -> None:
        with _host_errors():
            self._writer.write(data)

    def finish(self) -> None:
        with _host_errors():
            self._writer.finish()
        self.drop()

    def drop(self) -> None:
        if self._open:
            self._open = False
            self._writer.__exit__(None, None, None)


class CellHost:
    """What the cell's host answers, in the words of the SDK."""

    def parameters(self) -> str:
        return parameters.get()

    def inputs(self) -> list[Input]:
        return [Input(one.name, one.file_name, one.media_type, one.size) for one in inputs.list()]

    def open(self, name: str) -> _Reader:
        with _host_errors():
            return _Reader(inputs.open(name))

    def progress(self, done: int, total: int, stage: str) -> None:
        progress.report(done, total, stage)

    def log(self, level: Level, stage: str, message: str) -> None:
        log.line(_LEVELS[level], stage, message)

    def poll(self) -> Cancellation:
        return _CANCELLATIONS[cancel.poll()]

    def usage(self) -> Usage:
        told = usage.so_far()
        elapsed = told.elapsed_milliseconds
        return Usage(told.fuel, told.memory_bytes, None if elapsed is None else elapsed / 1_000)

    def report(self, report: Report) -> None:
        def findings(found: list) -> list[types.Finding]:
            return [types.Finding(one.kind, one.message, one.count) for one in found]

        validation = report.validation
        reporting.set(
            types.Report(
                records_processed=report.records_processed,
                records_total=report.records_total,
                errors=report.errors,
                warnings=findings(report.warnings),
                processing_errors=findings(report.processing_errors),
                quality_score=None if report.quality_score is None else float(report.quality_score),
                validation=validation
                and types.DataValidation(
                    validation.total, validation.valid, validation.duplicates_removed, validation.invalid
                ),
            )
        )

    def create(self, artifact: Artifact) -> _Writer:
        described = artifacts.Description(
            name=artifact.name,
            kind=getattr(artifacts.Kind, artifact.kind.name),
            type_name=artifact.type_name,
            title=artifact.title,
            media_type=artifact.media_type,
            primary=artifact.primary,
            role=getattr(artifacts.Role, artifact.role.name),
            record_count=artifact.record_count,
            accuracy=None if artifact.accuracy is None else float(artifact.accuracy),
        )
        with _host_errors():
            return _Writer(artifacts.create(described))

    def save_checkpoint(self, data: bytes) -> None:
        with _host_errors():
            checkpoint.save(data)

    def load_checkpoint(self) -> bytes | None:
        with _host_errors():
            return checkpoint.load()

    def seen(self, key: str) -> bool:
        with _host_errors():
            return processed.seen(key)

    def mark(self, key: str) -> None:
        with _host_errors():
            processed.mark(key)

    def hmac(self, secret: str, texts: Sequence[bytes]) -> list[bytes]:
        with _host_errors():
            macs = secrets.hmac_sha256(secret, list(texts))
        return [macs[start : start + 32] for start in range(0, len(macs), 32)]

    def send(self, request: Request) -> Response:
        try:
            return _send(request)
        except Err as refused:
            raise _http_error(refused.value) from None


def _send(request: Request) -> Response:
    outgoing = _outgoing(request)
    body = outgoing.body()
    options = _options(request)
    pending = outgoing_handler.handle(outgoing, options)
    try:
        if request.body:
            with body.write() as stream:
                for start in range(0, len(request.body), _HTTP_CHUNK):
                    stream.blocking_write_and_flush(request.body[start : start + _HTTP_CHUNK])
        http.OutgoingBody.finish(body, None)
    except Err:
        # A refusal closes the stream; the response says why.
        pass
    with pending.subscribe() as answered:
        answered.block()
    match pending.get():
        case Ok(Ok(response)):
            return _received(response)
        case Ok(Err(error)):
            raise Err(error)
    raise HttpError("internal-error", "there is no response")


def _outgoing(request: Request) -> http.OutgoingRequest:
    parts = urlsplit(request.url)
    headers = http.Fields.from_list([(name, value.encode("latin-1")) for name, value in request.headers.items()])
    outgoing = http.OutgoingRequest(headers)
    outgoing.set_method(http.Method_Other(request.method))
    outgoing.set_scheme(http.Scheme_Https() if parts.scheme == "https" else http.Scheme_Http())
    outgoing.set_authority(parts.netloc)
    outgoing.set_path_with_query((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    return outgoing


def _options(request: Request) -> http.RequestOptions | None:
    if request.timeout is None:
        return None
    options = http.RequestOptions()
    options.set_first_byte_timeout(int(request.timeout * 1_000_000_000))
    return options


def _received(response: http.IncomingResponse) -> Response:
    status = response.status()
    headers: dict[str, str] = {}
    with response.headers() as fields:
        for name, value in fields.entries():
            text = value.decode("latin-1")
            headers[name.lower()] = f"{headers[name.lower()]}, {text}" if name.lower() in headers else text
    pieces: list[bytes] = []
    with response, response.consume() as body, body.stream() as stream:
        while True:
            try:
                pieces.append(stream.blocking_read(1 << 16))
            except Err as ended:
                if isinstance(ended.value, streams.StreamError_Closed):
                    break
                raise HttpError("connection-terminated", "the answer broke off") from None
    return Response(status, headers, b"".join(pieces))


def _http_error(error: object) -> HttpError:
    reason = reason_of(type(error).__name__.rpartition("_")[2])
    detail = getattr(error, "value", None)
    told = f"{reason}: {detail}" if detail else reason
    return HttpError(reason, f"the host sent no request or has no answer: {told}")


def completed(completion: Completion) -> types.Completion:
    """How a job ended well, as the host takes it."""
    match completion.end:
        case End.NO_ITEMS:
            return types.Completion_NoItems()
        case End.SKIPPED:
            return types.Completion_Skipped(completion.reason)
    return types.Completion_Done()


def failed(failure: Failure) -> Err:
    """How a job failed, as the host takes it."""
    return Err(types.Failure(failure.code, failure.message, failure.transient))
