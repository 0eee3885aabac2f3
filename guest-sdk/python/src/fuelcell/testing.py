"""A host for tests: no WebAssembly is needed.

`TestHost` says what a job finds, `TestRun` what it left. The host refuses what a real one refuses, so that a job that passes
here is not surprised there; parameters are checked by the job's own types, from which the schema of servers follows. The fixture
`host` of pytest is one.

    from fuelcell.testing import TestHost

    run = TestHost().parameters({"name": "world"}).run(greet)
    assert run.text("greeting.txt") == "Hello, world!"
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import random
import time
import traceback
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import names
from .artifact import Artifact, Role
from .context import Context
from .end import Completion, Failure, host_error
from .host import Cancellation, HostLimit, HttpError, InvalidRequest, Level, Usage
from .inputs import Input
from .job import Job
from .report import Report
from .request import Request, Response

#: What a server allows beside the limits of a job.
MAX_ARTIFACTS = 1_000
MAX_NAMED_INPUTS = 64
MAX_HTTP_BYTES = 8 * 1024 * 1024
DEFAULT_CHECKPOINT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class LogLine:
    """A line of the job's log."""

    level: Level
    stage: str
    message: str


@dataclass(frozen=True)
class Progress:
    """How far the job was at some moment."""

    done: int
    total: int
    stage: str


@dataclass(frozen=True)
class TestArtifact:
    """A finished artifact."""

    __test__ = False

    #: What the job said about it.
    description: Artifact
    #: Its content.
    data: bytes


@dataclass
class TestRun:
    """What a job left behind when it ended."""

    __test__ = False

    #: How the job ended well; none when it failed.
    completion: Completion | None = None
    #: How it failed; none when it ended well.
    failure: Failure | None = None
    #: The exception that became the failure, with its traceback.
    exception: BaseException | None = None
    #: The finished artifacts by name. A host publishes them when the job ends well or partial results were asked for.
    artifacts: dict[str, TestArtifact] = field(default_factory=dict)
    #: Names of those that the job's manifest does not declare, where it declares any. A host publishes them, too, and marks
    #: them as such in the results.
    undeclared: set[str] = field(default_factory=set)
    #: Names of the artifacts that were begun and not finished: a host throws them away.
    unfinished: set[str] = field(default_factory=set)
    #: All log lines.
    logs: list[LogLine] = field(default_factory=list)
    #: All progress, oldest first.
    progress: list[Progress] = field(default_factory=list)
    #: The report that was set last.
    report: Report | None = None
    #: The checkpoint that was saved last, or the one that the job found.
    checkpoint: bytes | None = None
    #: The keys that now count as dealt with; none unless the job ended well.
    marks: set[str] = field(default_factory=set)
    #: How often the job asked whether to stop.
    polls: int = 0
    #: The requests that the host sent.
    requests: list[Request] = field(default_factory=list)
    _setup: TestHost | None = field(default=None, repr=False)

    def data(self, name: str) -> bytes:
        """The content of an artifact. Raises `KeyError`, with the names that there are."""
        if name not in self.artifacts:
            told = f"; the job failed: {self.failure}" if self.failure else ""
            raise KeyError(f"there is no artifact {name!r}, only {sorted(self.artifacts)}{told}")
        return self.artifacts[name].data

    def text(self, name: str) -> str:
        """The content of an artifact as text."""
        return self.data(name).decode()

    def json(self, name: str) -> Any:
        """The content of an artifact as a JSON value."""
        return json.loads(self.data(name))

    def next_attempt(self) -> TestHost:
        """A host for the next attempt of the same job: same parameters, inputs and limits, the checkpoint that this attempt
        left, the marks that took effect, and nobody who cancels."""
        host = copy.copy(self._setup) if self._setup is not None else TestHost()
        host._checkpoint = self.checkpoint
        host._processed = host._processed | self.marks
        host._stop = None
        return host


class TestHost:
    """What a job finds. Each method gives the host back, so that calls can be chained."""

    __test__ = False

    def __init__(self) -> None:
        self._parameters: str = "{}"
        self._inputs: dict[str, tuple[Input, bytes | Path]] = {}
        self._checkpoint: bytes | None = None
        self._processed: set[str] = set()
        self._secrets: dict[str, bytes] = {}
        self._responses: dict[tuple[str, str], Response | HttpError | Callable[[Request], Response]] = {}
        self._stop: tuple[int, Cancellation] | None = None
        self._usage: Usage | None = None
        self._disk_bytes: int | None = None
        self._checkpoint_bytes = DEFAULT_CHECKPOINT_BYTES

    def parameters(self, parameters: Mapping[str, Any]) -> TestHost:
        """The parameters as a submitter gives them: a JSON object."""
        try:
            self._parameters = json.dumps(dict(parameters), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"parameters are a JSON object: {error}") from None
        return self

    def input(
        self, name: str, content: str | bytes | Path, file_name: str = "", media_type: str = "application/octet-stream"
    ) -> TestHost:
        """An input by its name in the manifest, such as `lookups/zones` where it is declared with `many`: its text, its
        bytes, or the path of its file."""
        held = content.encode() if isinstance(content, str) else content
        size = held.stat().st_size if isinstance(held, Path) else len(held)
        own = held.name if isinstance(held, Path) else name.rpartition("/")[2]
        self._inputs[name] = (Input(name, file_name or own, media_type, size), held)
        return self

    def checkpoint(self, data: bytes) -> TestHost:
        """The checkpoint that an earlier attempt left."""
        self._checkpoint = data
        return self

    def processed(self, *keys: str) -> TestHost:
        """Keys that an earlier job of the pipeline has dealt with."""
        self._processed.update(keys)
        return self

    def secret(self, name: str, value: str | bytes) -> TestHost:
        """A secret that the job's project has and grants, to compute with or for headers."""
        self._secrets[name] = value.encode() if isinstance(value, str) else value
        return self

    def response(
        self, url: str, answer: Response | HttpError | Callable[[Request], Response], method: str = "GET"
    ) -> TestHost:
        """What a request brings: an answer, an error, or what a function makes of the request."""
        self._responses[(method.upper(), url)] = answer
        return self

    def cancel_after_polls(self, polls: int) -> TestHost:
        """Somebody cancels the job: the first `polls` questions are answered with no, all later ones with yes."""
        self._stop = (polls, Cancellation.USER)
        return self

    def deadline_after_polls(self, polls: int) -> TestHost:
        """The deadline comes near after this many polls."""
        self._stop = (polls, Cancellation.DEADLINE)
        return self

    def usage(self, usage: Usage) -> TestHost:
        """What the job is told of its usage. Natively nobody counts fuel and memory: without this they are 0."""
        self._usage = usage
        return self

    def disk_bytes(self, limit: int) -> TestHost:
        """Bytes that all artifacts together may have."""
        self._disk_bytes = limit
        return self

    def checkpoint_bytes(self, limit: int) -> TestHost:
        """Bytes that a checkpoint may have."""
        self._checkpoint_bytes = limit
        return self

    def run(self, job: Job[..., Any] | Callable[[Context], Any]) -> TestRun:
        """Runs a job, if a server would: an input that is missing or that its manifest does not know, or parameters that
        do not fit the types of its function, end the run before the function begins. A plain function gets the context alone,
        and nothing is checked before."""
        made = isinstance(job, Job)
        running = _Running(self, job.manifest() if isinstance(job, Job) else None)
        # What a job draws without a seed of its own differs from run to run in a cell, too.
        random.seed()
        try:
            if running.manifest is not None:
                self._check_inputs(running.manifest)
            ended = job.run(Context(running)) if made else job(Context(running))
            running.run.completion = ended or Completion.done()
        except Failure as failure:
            running.run.failure, running.run.exception = failure, failure
        except SystemExit as left:
            _leave(running.run, left)
        except Exception as error:
            running.run.failure, running.run.exception = _failure_of(error), error
        return running.ended()

    def _check_inputs(self, manifest: Mapping[str, Any]) -> None:
        declared = manifest["inputs"]
        for one in declared:
            if one["required"] and not any(_takes(one, name) for name in self._inputs):
                raise Failure("DatasetRequired", f"the job needs the input `{one['name']}`: give it with `TestHost.input`")
        by_name = [name.partition("/")[2] for name in self._inputs if "/" in name]
        if len(by_name) > MAX_NAMED_INPUTS:
            raise Failure("InvalidParameters", f"a job is given at most {MAX_NAMED_INPUTS} datasets by name")
        for name in by_name:
            refused = names.refused_input(name)
            if refused:
                raise Failure("InvalidParameters", refused)
        for name in self._inputs:
            if name != "failed-records" and not any(_takes(one, name) for one in declared):
                known = ", ".join(one["name"] for one in declared)
                raise Failure("UnknownInput", f"the manifest has no input `{name}`; it has: {known or 'none'}")


def _takes(declared: Mapping[str, Any], name: str) -> bool:
    if declared["many"]:
        return name.partition("/")[0] == declared["name"] and "/" in name
    return name == declared["name"]


def _leave(run: TestRun, left: SystemExit) -> None:
    if left.code in (None, 0):
        run.completion = Completion.done()
        return
    told = f"the script left with the exit code {left.code}" if isinstance(left.code, int) else str(left.code)
    run.failure, run.exception = Failure("Exit", told), left


def _failure_of(error: Exception) -> Failure:
    refused = host_error(error)
    if refused is not None:
        return Failure.of_host(refused)
    told = "".join(traceback.format_exception(error)).rstrip()
    return Failure(type(error).__name__, f"{type(error).__name__}: {error}\n{told}")


class _Running:
    """The host of one run."""

    def __init__(self, setup: TestHost, manifest: dict[str, Any] | None) -> None:
        self.setup = setup
        self.manifest = manifest
        self.run = TestRun(checkpoint=setup._checkpoint, _setup=setup)
        self.names = names.OutputNames()
        self.begun: dict[int, Artifact] = {}
        self.artifact_bytes = 0
        self.begun_at = time.monotonic()

    def ended(self) -> TestRun:
        self.run.unfinished = {artifact.name for artifact in self.begun.values()}
        self.run.undeclared = self._undeclared()
        if self.run.failure is not None:
            self.run.marks = set()
        return self.run

    def _undeclared(self) -> set[str]:
        """Every job may leave a list of failed records. Names are compared in the form in which they are kept."""
        declared = {unicodedata.normalize("NFC", one["name"]) for one in (self.manifest or {}).get("outputs", ())}
        made = {name for name, artifact in self.run.artifacts.items() if artifact.description.role == Role.OUTPUT}
        return made - declared if declared else set()

    def parameters(self) -> str:
        return self.setup._parameters

    def inputs(self) -> list[Input]:
        return [described for described, _ in self.setup._inputs.values()]

    def open(self, name: str) -> _Reader:
        if name not in self.setup._inputs:
            raise InvalidRequest(f"there is no input `{name}`")
        _, held = self.setup._inputs[name]
        return _Reader(held.read_bytes() if isinstance(held, Path) else held)

    def progress(self, done: int, total: int, stage: str) -> None:
        self.run.progress.append(Progress(done, total, stage))

    def log(self, level: Level, stage: str, message: str) -> None:
        self.run.logs.append(LogLine(level, stage, message))

    def poll(self) -> Cancellation:
        self.run.polls += 1
        if self.setup._stop is not None and self.run.polls > self.setup._stop[0]:
            return self.setup._stop[1]
        return Cancellation.NONE

    def usage(self) -> Usage:
        return self.setup._usage or Usage(0, 0, time.monotonic() - self.begun_at)

    def report(self, report: Report) -> None:
        self.run.report = report

    def create(self, artifact: Artifact) -> _Writer:
        name = names.output_name(artifact.name)
        if isinstance(name, names.Refused):
            raise InvalidRequest(name.reason)
        for field_name, text in (
            ("type", artifact.type_name),
            ("title", artifact.title),
            ("media type", artifact.media_type),
        ):
            if len(text.encode()) > 256 or names.has_controls(text):
                raise InvalidRequest(f'the {field_name} of output "{name}" is at most 256 bytes without control characters')
        if artifact.accuracy is not None and not 0 <= artifact.accuracy <= 1:
            raise InvalidRequest(f'the accuracy of output "{name}" is between 0 and 1')
        begun = [*self.begun.values(), *(one.description for one in self.run.artifacts.values())]
        if artifact.primary and any(one.primary for one in begun):
            raise InvalidRequest(f'"{name}" is the second primary output; a job has one')
        if len(begun) >= MAX_ARTIFACTS:
            raise HostLimit(f"artifacts: {MAX_ARTIFACTS}")
        clash = self.names.insert(name)
        if clash is not None:
            raise InvalidRequest(clash)
        described = Artifact(**{**vars(artifact), "name": name})
        return _Writer(self, described)

    def charge(self, size: int) -> None:
        limit = self.setup._disk_bytes
        if limit is not None and self.artifact_bytes + size > limit:
            raise HostLimit(f"disk: {limit} bytes")
        self.artifact_bytes += size

    def save_checkpoint(self, data: bytes) -> None:
        limit = self.setup._checkpoint_bytes
        if len(data) > limit:
            raise HostLimit(f"checkpoint: {limit} bytes")
        self.run.checkpoint = data

    def load_checkpoint(self) -> bytes | None:
        return self.run.checkpoint

    def seen(self, key: str) -> bool:
        _check_key(key)
        return key in self.setup._processed

    def mark(self, key: str) -> None:
        _check_key(key)
        self.run.marks.add(key)

    def hmac(self, secret: str, texts: Sequence[bytes]) -> list[bytes]:
        asked = self.manifest.get("hmac", []) if self.manifest is not None else ["*"]
        if secret not in asked and "*" not in asked:
            raise InvalidRequest(f'the manifest does not ask for the secret "{secret}": hmac=["{secret}"]')
        key = self.setup._secrets.get(secret)
        if key is None:
            raise InvalidRequest(f'the secret "{secret}" is none to compute with: give it with `TestHost.secret`')
        return [hmac.new(key, text, hashlib.sha256).digest() for text in texts]

    def send(self, request: Request) -> Response:
        self._check_request(request)
        answer = self.setup._responses.get((request.method, request.url))
        if answer is None:
            raise HttpError(
                "destination-not-found",
                f"the test has no answer for {request.method} {request.url}: give it with `TestHost.response`",
            )
        self.run.requests.append(request)
        if isinstance(answer, HttpError):
            raise answer
        return answer if isinstance(answer, Response) else answer(request)

    def _check_request(self, request: Request) -> None:
        if self.manifest is None:
            return
        if self.manifest.get("deterministic"):
            raise HttpError("HTTP-request-denied", "a deterministic run sends no requests")
        asked = self.manifest.get("http") or {"hosts": [], "secrets": []}
        if not any(_is_host(pattern, request.url) for pattern in asked["hosts"]):
            raise HttpError(
                "HTTP-request-denied",
                f"the manifest does not ask for the host of {request.url}: http=Http(hosts=[…])",
            )
        for name in names.secrets_in(request.headers):
            if name not in asked["secrets"] or name not in self.setup._secrets:
                raise HttpError(
                    "HTTP-request-denied",
                    f"the secret {name} is not there: http=Http(…, secrets=[…]) asks for it, `TestHost.secret` gives it",
                )
        if len(request.body or b"") > MAX_HTTP_BYTES:
            raise HttpError("HTTP-request-body-size", f"a body has at most {MAX_HTTP_BYTES} bytes")


def _is_host(pattern: str, url: str) -> bool:
    """Whether a host that a manifest asks for is that of a URL: https on port 443 unless it says otherwise."""
    scheme, _, rest = pattern.rpartition("://")
    wanted = urlsplit(f"{scheme or 'https'}://{rest}")
    asked = urlsplit(url)
    ports = {"https": 443, "http": 80}
    if wanted.scheme != asked.scheme:
        return False
    if (wanted.port or ports[wanted.scheme]) != (asked.port or ports[asked.scheme]):
        return False
    host, name = (asked.hostname or "").lower(), (wanted.hostname or "").lower()
    return host.endswith(name[1:]) and host != name[2:] if name.startswith("*.") else host == name


def _check_key(key: str) -> None:
    if not key:
        raise InvalidRequest("a key of a processed item is not empty")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def read(self, most: int) -> bytes:
        piece = self._data[self._position : self._position + most]
        self._position += len(piece)
        return piece

    def seek(self, position: int) -> None:
        self._position = position


class _Writer:
    def __init__(self, host: _Running, described: Artifact) -> None:
        self._host = host
        self._described = described
        self._data = bytearray()
        self._sealed = False
        host.begun[id(self)] = described

    def write(self, data: bytes) -> None:
        self._check_open()
        self._host.charge(len(data))
        self._data += data

    def finish(self) -> None:
        self._check_open()
        self._sealed = True
        self._host.begun.pop(id(self))
        self._host.run.artifacts[self._described.name] = TestArtifact(self._described, bytes(self._data))

    def drop(self) -> None:
        """A name that was not finished is free again."""
        if not self._sealed:
            self._host.names.remove(self._described.name)

    def _check_open(self) -> None:
        if self._sealed:
            raise InvalidRequest(f"artifact `{self._described.name}` is finished")
