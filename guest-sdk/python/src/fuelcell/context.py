"""What a running job may ask for."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .artifact import Artifact, ArtifactWriter, Kind, Role
from .end import Failure
from .host import Cancellation, Host, InvalidRequest, Level, StorageError, Usage
from .inputs import Input, InputReader
from .report import Report
from .request import Request, Response

#: Bytes of texts that one call hands to the host: enough to make the call cheap, and far from the most.
_CALL_BYTES = 1024 * 1024
#: What a text takes beside its bytes.
_TEXT_BYTES = 8


class Context:
    """Everything a running job may ask for. One is made for each attempt and passed to the job's function."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._inputs: list[Input] | None = None

    # Parameters and inputs

    def parameters_json(self) -> str:
        """The parameters as JSON text, as the submitter gave them."""
        return self._host.parameters()

    def parameters(self) -> dict[str, Any]:
        """The parameters as a JSON object, as the submitter gave them."""
        return dict(json.loads(self._host.parameters() or "{}"))

    @property
    def inputs(self) -> list[Input]:
        """All inputs of this job."""
        if self._inputs is None:
            self._inputs = list(self._host.inputs())
        return self._inputs

    def input(self, name: str) -> Input | None:
        """The input of this name in the manifest, if the submitter gave one."""
        return next((one for one in self.inputs if one.name == name), None)

    def inputs_of(self, name: str) -> dict[str, Input]:
        """The files of an input that is declared with `many`, by the names that the submitter gave them.

        Each is opened by the input's whole name, such as `lookups/zones`.
        """
        parts = ((one.name.partition("/"), one) for one in self.inputs)
        return {own: one for (declared, slash, own), one in parts if declared == name and slash}

    def open(self, name: str) -> InputReader:
        """Opens an input by its name in the manifest. An input can be opened as often as needed."""
        reader = self._host.open(name)
        described = self.input(name) or Input(name, name, "application/octet-stream", 0)
        return InputReader(reader, described)

    # What the host is told

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Tells how far the job is: `done` of `total` units of `stage`. The host passes on only the latest."""
        for figure in (done, total):
            if isinstance(figure, bool) or not isinstance(figure, (int, float)) or not 0 <= figure < 1 << 64:
                raise ValueError(f"progress is told in numbers from 0 to 2^64 - 1, and not {figure!r}")
        self._host.progress(int(done), int(total), stage)

    def debug(self, stage: str, message: object) -> None:
        """Logs for whoever debugs the job."""
        self.log(Level.DEBUG, stage, message)

    def info(self, stage: str, message: object) -> None:
        """Logs what a normal run tells."""
        self.log(Level.INFO, stage, message)

    def warn(self, stage: str, message: object) -> None:
        """Logs that something is odd, while the run goes on."""
        self.log(Level.WARN, stage, message)

    def error(self, stage: str, message: object) -> None:
        """Logs that something went wrong."""
        self.log(Level.ERROR, stage, message)

    def log(self, level: Level, stage: str, message: object) -> None:
        """Appends a log line. The host keeps lines up to a quota of bytes and counts what it dropped."""
        self._host.log(Level(level), stage, str(message))

    def cancellation(self) -> Cancellation:
        """Whether to stop. Cheap enough to ask once per batch of records."""
        return self._host.poll()

    def check_cancelled(self) -> None:
        """Ends the job when the host wants it to stop; for jobs that have nothing to save."""
        match self.cancellation():
            case Cancellation.USER:
                raise Failure("Cancelled", "Stopped because the job was cancelled.")
            case Cancellation.DEADLINE:
                raise Failure("DeadlineNear", "Stopped because the deadline is near.")

    def usage(self) -> Usage:
        """What this attempt has used so far: its fuel, its memory, and how long it runs. Asked before and behind a piece of
        work, it says what the piece took."""
        return self._host.usage()

    def report(self, report: Report) -> None:
        """Replaces the figures that clients see."""
        report.check()
        self._host.report(report)

    # Outputs

    def artifact(
        self,
        artifact: Artifact | str,
        kind: Kind | str = Kind.DATA,
        *,
        type_name: str = "",
        title: str = "",
        media_type: str = "application/octet-stream",
        primary: bool = False,
        role: Role | str = Role.OUTPUT,
        record_count: int | None = None,
        accuracy: float | None = None,
    ) -> ArtifactWriter:
        """Begins an artifact, by its description or its file name. Write to it, then call `finish`, or use `with`.

        Raises `InvalidRequest` for a name that is taken or no file name, `HostLimit` when there may be no more.
        """
        if isinstance(artifact, str):
            artifact = Artifact(
                artifact, Kind(kind), type_name, title, media_type, primary, Role(role), record_count, accuracy
            )
        if artifact.accuracy is not None and not math.isfinite(artifact.accuracy):
            raise InvalidRequest(f'the accuracy of output "{artifact.name}" is between 0 and 1')
        return ArtifactWriter(self._host.create(artifact))

    def temp_dir(self) -> Path:
        """The folder for temporary files. They count against the disk limit and are gone with the attempt."""
        return Path(tempfile.gettempdir())

    # What outlives an attempt

    def save_checkpoint(self, data: bytes) -> None:
        """Replaces the checkpoint: the one value that survives hard stops, is there for the next attempt, and is the
        partial result."""
        self._host.save_checkpoint(bytes(data))

    def load_checkpoint(self) -> bytes | None:
        """The checkpoint that this or an earlier attempt saved last."""
        return self._host.load_checkpoint()

    def seen(self, key: str) -> bool:
        """Whether an earlier job of the same pipeline has dealt with this key."""
        return self._host.seen(key)

    def mark(self, key: str) -> None:
        """Marks a key as dealt with. Marks take effect when this job completes, and only then."""
        self._host.mark(key)

    # Secrets and other hosts

    def hmac(self, secret: str, text: str | bytes) -> bytes:
        """HMAC-SHA-256 of a text with a secret of the project as the key: a pseudonym that only who has the secret can
        make again. The job never sees the secret. Its manifest asks for it (`hmac=["NAME"]`), the project grants it."""
        return self.hmac_all(secret, [text])[0]

    def hmac_all(self, secret: str, texts: Iterable[str | bytes]) -> list[bytes]:
        """The same for many texts at once, which is faster than one by one."""
        waiting = [text.encode() if isinstance(text, str) else bytes(text) for text in texts]
        macs: list[bytes] = []
        call: list[bytes] = []
        size = 0
        for text in waiting:
            if call and size + len(text) + _TEXT_BYTES > _CALL_BYTES:
                macs += self._host.hmac(secret, call)
                call, size = [], 0
            call.append(text)
            size += len(text) + _TEXT_BYTES
        if call:
            macs += self._host.hmac(secret, call)
        if len(macs) != len(waiting):
            raise StorageError("the host did not answer for each text")
        return macs

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
        json_body: Any = None,
        timeout: float | None = None,
    ) -> Response:
        """Sends a request over HTTP, if the project grants its host to the module, and waits for the answer.

        A header may name a secret of the project, as in `Bearer {{secret:CRM_TOKEN}}`: the host puts the value in.
        Raises `HttpError` when there is no answer; an answer of any status is one.
        """
        sent = dict(headers or {})
        if json_body is not None:
            if body is not None:
                raise ValueError("a request has a body or a json_body, not both")
            body = json.dumps(json_body, allow_nan=False)
            sent.setdefault("content-type", "application/json")
        data = body.encode() if isinstance(body, str) else body
        return self._host.send(Request(method.upper(), url, sent, data, timeout))
