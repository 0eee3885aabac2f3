"""The client."""

from __future__ import annotations

import hashlib
import os
import ssl
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, Unpack, cast
from urllib.parse import quote

from . import types as api
from ._files import CHUNK, Progress, Upload, begun
from ._transport import PASSING, Answer, Document, Transport
from .errors import ApiError, DigestMismatch, JobNotCompleted, NoAnswer, WaitTimeout
from .events import ENDS, Event, parts

#: How long a status request waits for a change.
WAIT = 30
#: A module is compiled before its upload is answered.
COMPILE = 900.0

ENDED = frozenset({"Completed", "Failed", "Cancelled"})

T = TypeVar("T")


class Client:
    """A project of a server, and what can be done in it.

    ``patience`` is for how many seconds requests are tried again while the server does not answer, or says that it cannot
    now; ``timeout`` is how long one answer may take; ``silence`` is how long a stream of events may be silent before it is
    taken for broken, which a server breaks every 15 seconds unless it is set otherwise. Threads may share a client.
    """

    def __init__(
        self,
        server: str,
        token: str,
        tenant: str,
        project: str,
        *,
        patience: float = 120.0,
        timeout: float = 90.0,
        silence: float = 45.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout = timeout
        self._silence = silence
        self._transport = Transport(server, token, patience=patience, timeout=timeout, tls=tls)
        self._tenant = f"/api/{_part(tenant)}"
        self._project = f"{self._tenant}/{_part(project)}"

    @classmethod
    def from_environment(
        cls,
        *,
        patience: float = 120.0,
        timeout: float = 90.0,
        silence: float = 45.0,
        tls: ssl.SSLContext | None = None,
    ) -> Client:
        """By the variables that the command line knows: ``FUELCELL_SERVER``, ``_TOKEN``, ``_TENANT`` and ``_PROJECT``."""
        names = ("FUELCELL_SERVER", "FUELCELL_TOKEN", "FUELCELL_TENANT", "FUELCELL_PROJECT")
        missing = [name for name in names if not os.environ.get(name)]
        if missing:
            raise ValueError(f"not set: {', '.join(missing)}")
        server, token, tenant, project = (os.environ[name] for name in names)
        return cls(server, token, tenant, project, patience=patience, timeout=timeout, silence=silence, tls=tls)

    def close(self) -> None:
        """Closes connections that are kept for later requests."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # Whatever the API has

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Any request with JSON. A path that begins with ``/`` is one of the server, any other one of the project.

        What cannot be sent twice without harm is not tried again: ``POST`` and ``PATCH`` without an idempotency key.
        """
        return self._transport.document(
            method.upper(),
            path if path.startswith("/") else f"{self._project}/{path}",
            query=query,
            headers={} if idempotency_key is None else {"Idempotency-Key": idempotency_key},
            body=None if body is None else Document(body),
        )

    # Jobs

    def submit(self, job: api.SubmitBody, *, idempotency_key: str | None = None) -> api.SubmitAnswer:
        """Queues a job; when it returns, the job is durable.

        The request has an idempotency key, so that it makes one job however often it is sent. Who gives the same key
        later is answered with the same job.
        """
        key = idempotency_key or str(uuid.uuid4())
        return cast(api.SubmitAnswer, self.request("POST", "execution/job", body=job, idempotency_key=key))

    def submit_many(self, jobs: Sequence[api.BatchJob], *, idempotency_key: str | None = None) -> api.BatchAnswer:
        """Queues up to 1,000 jobs in one commit. The answer says of each what became of it."""
        key = idempotency_key or str(uuid.uuid4())
        body = {"jobs": list(jobs)}
        return cast(api.BatchAnswer, self.request("POST", "execution/jobs", body=body, idempotency_key=key))

    def quote(self, job: api.SubmitBody) -> api.QuoteAnswer:
        """What a job would take. Nothing is queued."""
        document = self._transport.retry(
            lambda: self._transport.document(
                "POST", f"{self._project}/execution/job", query={"dryRun": "quote"}, body=Document(job)
            )
        )
        return cast(api.QuoteAnswer, document)

    def job(self, job_id: str, *, wait: int | None = None) -> api.StatusAnswer:
        """How a job stands; with ``wait`` (at most 60 seconds), once that changes."""
        return self._status(job_id, wait or 0, None)

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        check: bool = True,
        on_event: Callable[[Event], None] | None = None,
    ) -> api.StatusAnswer:
        """Waits until a job has ended, and says how.

        Raises ``JobNotCompleted`` when it failed or was cancelled, unless ``check`` is false, and ``WaitTimeout`` when it
        has not ended after ``timeout`` seconds. ``on_event`` is called with what happens to the job from its beginning on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            for event in self._events(f"execution/job/{_part(job_id)}/events", None, deadline, fallback=True):
                if on_event:
                    on_event(event)
        except _NoStream:
            # A proxy may hold streams back, and a server has so many of them only. A request that waits goes through.
            pass
        job = self._status(job_id, 0, deadline)
        while job["status"] not in ENDED:
            left = WAIT if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise WaitTimeout(f"job {job_id} has not ended after {timeout} s; it is {job['status']}")
            job = self._status(job_id, max(1, min(WAIT, int(left))), deadline)
        if check and job["status"] != "Completed":
            raise JobNotCompleted(job)
        return job

    def events(
        self, job_id: str | None = None, *, last_event_id: str | None = None, timeout: float | None = None
    ) -> Generator[Event, None, None]:
        """What happens to a job, from its beginning to its end; or to all jobs of the project, from now on, without end.

        Where the connection breaks off it is taken up again: no event is told twice, and none is left out without a
        ``reset``. ``last_event_id`` goes on behind an event that was heard before. It ends after ``timeout`` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        path = "execution/events" if job_id is None else f"execution/job/{_part(job_id)}/events"
        return self._events(path, last_event_id, deadline)

    def jobs(self, **filters: Unpack[api.ListJobsParametersQuery]) -> Iterator[api.ListedJob]:
        """Jobs, the newest first, page by page: each once, whatever comes and goes meanwhile."""
        return cast(Iterator[api.ListedJob], self._pages("execution/jobs", "jobs", dict(filters)))

    def queue(self) -> Iterator[api.QueuedJob]:
        """Jobs that wait, in the order in which they start."""
        return cast(Iterator[api.QueuedJob], self._pages("execution/queue", "jobs", {"pageSize": 100}))

    def logs(self, job_id: str, **filters: Unpack[api.JobLogsParametersQuery]) -> Iterator[api.LineDto]:
        """The lines of a job's log, as far as they are written."""
        query = {**filters}
        while True:
            page = cast(api.LogsAnswer, self.request("GET", f"execution/job/{_part(job_id)}/logs", query=query))
            yield from page["logs"]
            if not page["hasMore"]:
                return
            query["cursor"] = page["nextCursor"]

    def cancel(self, job_id: str, cancel: api.CancelBody | None = None) -> None:
        """Asks a job to end. One that runs is given time for it, which ``wait`` shows."""
        path = f"{self._project}/execution/job/{_part(job_id)}"

        def cancelled(refusal: ApiError) -> bool:
            return refusal.status == 409 and self.job(job_id)["cancelRequested"]

        self._transport.document("DELETE", path, body=Document(cancel or {}), done=cancelled)

    def retry(
        self, job_id: str, retry: api.RetryBody | None = None, *, idempotency_key: str | None = None
    ) -> api.RetryAnswer:
        """Queues a new job like one that failed or was cancelled."""
        key = idempotency_key or str(uuid.uuid4())
        path = f"execution/job/{_part(job_id)}/retry"
        return cast(api.RetryAnswer, self.request("POST", path, body=retry or {}, idempotency_key=key))

    def delete_job(self, job_id: str) -> None:
        """Forgets an ended job with its outputs and its log."""
        self._delete(f"execution/job/{_part(job_id)}/data")

    # Results

    def results(self, job_id: str) -> api.ResultsAnswer:
        """Figures of a job that has ended, and links to its outputs."""
        query = {"format": "detailed", "includeArtifacts": True}
        return cast(api.ResultsAnswer, self.request("GET", f"execution/job/{_part(job_id)}/results", query=query))

    def outputs(self, job_id: str) -> list[api.OutputDto]:
        """The outputs of a job, the primary one first."""
        outputs = self.results(job_id)["results"]
        primary = outputs["primaryOutput"]
        return [*([] if primary is None else [primary]), *outputs["additionalOutputs"]]

    def download(
        self, job_id: str, output: str, to: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Path:
        """Writes an output to a file, which is there when it is whole and has the right digest.

        What an earlier download left in ``FILE.part`` is not fetched again.
        """
        found = self._output(job_id, output)
        return self._save(lambda: self._output_link(job_id, output), found["sizeBytes"], found["digest"], to, progress)

    def read(self, job_id: str, output: str) -> bytes:
        """The bytes of an output, with the right digest."""
        found = self._output(job_id, output)
        digest = hashlib.sha256()
        pieces = []
        for piece in self.stream(job_id, output):
            digest.update(piece)
            pieces.append(piece)
        _compare(output, found["digest"], digest.hexdigest())
        return b"".join(pieces)

    def stream(
        self, job_id: str, output: str, *, start: int = 0, stop: int | None = None
    ) -> Generator[bytes, None, None]:
        """The bytes of an output as they come, or of a part of it. It goes on where the connection breaks off."""
        return self._bytes(lambda: self._output_link(job_id, output), start, stop)

    def download_archive(self, job_id: str, to: str | os.PathLike[str]) -> Path:
        """Writes all outputs to one zip file. An archive is made as it is sent: it is fetched anew when it breaks off."""
        path = f"{self._project}/execution/job/{_part(job_id)}/results"
        place = Path(to)
        part = _part_of(place)

        def attempt() -> None:
            with self._transport.send("GET", path, query={"format": "download"}) as answer, open(part, "wb") as file:
                while chunk := answer.read(CHUNK):
                    file.write(chunk)

        self._transport.retry(attempt)
        part.replace(place)
        return place

    # Datasets

    def upload(
        self,
        source: bytes | str | os.PathLike[str],
        *,
        name: str | None = None,
        dataset_id: str | None = None,
        progress: Progress | None = None,
    ) -> api.DatasetAnswer:
        """Stores a file, or bytes, as a dataset. The digest of the bytes goes with them, and the server compares it."""
        upload = Upload(source, progress)
        name = name or upload.name
        if not name:
            raise ValueError("bytes have no name of their own: say name=…")
        path = f"{self._project}/datasets/{_part(dataset_id or str(uuid.uuid4()))}"
        headers = {"Content-Digest": upload.content_digest}
        return cast(
            api.DatasetAnswer,
            self._transport.document("PUT", path, query={"name": name}, headers=headers, body=upload),
        )

    def dataset_of_output(
        self, job_id: str, output: str, *, name: str | None = None, dataset_id: str | None = None
    ) -> api.DatasetAnswer:
        """Makes a dataset of an output of a job. Its bytes stay where they are."""
        query = {"fromJob": job_id, "artifact": output, "name": name}
        path = f"datasets/{_part(dataset_id or str(uuid.uuid4()))}"
        return cast(api.DatasetAnswer, self.request("PUT", path, query=query))

    def datasets(self) -> Iterator[api.DatasetAnswer]:
        """All datasets."""
        return cast(Iterator[api.DatasetAnswer], self._pages("datasets", "datasets", {"pageSize": 100}))

    def dataset(self, dataset_id: str) -> api.DatasetAnswer:
        """What is known of a dataset."""
        return cast(api.DatasetAnswer, self.request("GET", f"datasets/{_part(dataset_id)}"))

    def download_dataset(
        self, dataset_id: str, to: str | os.PathLike[str], *, progress: Progress | None = None
    ) -> Path:
        """Writes a dataset to a file, as ``download`` does."""
        found = self.dataset(dataset_id)
        link = f"{self._project}/datasets/{_part(dataset_id)}/content"
        return self._save(lambda: link, found["size"], found["digest"], to, progress)

    def delete_dataset(self, dataset_id: str) -> None:
        """Deletes a dataset that nothing uses."""
        self._delete(f"datasets/{_part(dataset_id)}")

    # Pipelines, modules, the server

    def put_pipeline(self, pipeline: api.PipelineBody, *, pipeline_id: str | None = None) -> api.PipelineAnswer:
        """Makes a pipeline, or changes it."""
        path = f"pipelines/{_part(pipeline_id or str(uuid.uuid4()))}"
        return cast(api.PipelineAnswer, self.request("PUT", path, body=pipeline))

    def pipelines(self) -> Iterator[api.PipelineAnswer]:
        """All pipelines."""
        return cast(Iterator[api.PipelineAnswer], self._pages("pipelines", "pipelines", {"pageSize": 100}))

    def delete_pipeline(self, pipeline_id: str) -> None:
        """Deletes a pipeline."""
        self._delete(f"pipelines/{_part(pipeline_id)}")

    def upload_module(
        self, name: str, version: str, source: bytes | str | os.PathLike[str], *, progress: Progress | None = None
    ) -> api.VersionAnswer:
        """Stores a packed module, or an archive of scripts. It is compiled before this returns."""
        upload = Upload(source, progress)
        path = f"{self._project}/modules/{_part(name)}/versions/{_part(version)}"
        headers = {"Content-Digest": upload.content_digest}
        return cast(
            api.VersionAnswer,
            self._transport.document("PUT", path, headers=headers, body=upload, timeout=COMPILE),
        )

    def modules(self) -> Iterator[api.ModuleAnswer]:
        """All modules of the project."""
        return cast(Iterator[api.ModuleAnswer], self._pages("modules", "modules", {}))

    def job_types(self) -> list[api.JobTypeAnswer]:
        """The types of jobs, each with its parameters, inputs, outputs and an example."""
        return cast(api.JobTypeList, self.request("GET", "job-types"))["jobTypes"]

    def system(self) -> api.SystemAnswer:
        """Queue, figures and capacity of the server."""
        return cast(api.SystemAnswer, self.request("GET", f"{self._tenant}/execution/system/status"))

    # What these are made of

    def _delete(self, path: str) -> None:
        def gone(refusal: ApiError) -> bool:
            return refusal.status == 404

        self._transport.document("DELETE", f"{self._project}/{path}", done=gone)

    def _status(self, job_id: str, wait: int, deadline: float | None) -> api.StatusAnswer:
        path = f"{self._project}/execution/job/{_part(job_id)}"
        query = {"wait": f"{wait}s"} if wait else None
        return cast(api.StatusAnswer, self._transport.document("GET", path, query=query, deadline=deadline))

    def _pages(self, path: str, member: str, query: dict[str, Any]) -> Iterator[Any]:
        while True:
            page = self.request("GET", path, query=query)
            yield from page[member]
            if page["nextCursor"] is None:
                return
            query = {**query, "page": None, "cursor": page["nextCursor"]}

    def _output(self, job_id: str, name: str) -> api.OutputDto:
        outputs = self.outputs(job_id)
        for output in outputs:
            if output["name"] == name:
                return output
        names = ", ".join(output["name"] for output in outputs) or "none"
        raise KeyError(f"job {job_id} has no output {name!r}; it has: {names}")

    def _output_link(self, job_id: str, name: str) -> str:
        """A link from the server's address on: it may be reached by another one than it gives to the public."""
        link = self._output(job_id, name)["downloadUrl"]
        return link[link.index("/downloads/") :]

    def _bytes(self, link: Callable[[], str], start: int, stop: int | None) -> Generator[bytes, None, None]:
        """Bytes from one place to another, over as many connections as it takes."""
        if start < 0 or (stop is not None and stop < start):
            raise ValueError(f"a part goes from a place, from 0 on, to one that is not before it; not from {start} to {stop}")
        at = start
        target = link()
        tag: str | None = None
        alive = time.monotonic()
        while stop is None or at < stop:

            def attempt() -> Answer:
                nonlocal target
                headers = {}
                if at or stop is not None:
                    headers["Range"] = f"bytes={at}-{'' if stop is None else stop - 1}"
                    if tag:
                        headers["If-Range"] = tag
                try:
                    return self._transport.send("GET", target, headers=headers, authorized="/downloads/" not in target)
                except ApiError as refusal:
                    if refusal.status not in (403, 410) or "/downloads/" not in target:
                        raise
                    # A link is good for some time only.
                    target = link()
                    return self._transport.send("GET", target, headers=headers, authorized=False)

            try:
                answer = self._transport.retry(attempt)
            except ApiError as refusal:
                if refusal.status == 416 and at > start:
                    return
                raise
            begin = at
            with answer:
                if at and answer.status != 206:
                    raise DigestMismatch(f"what {target.partition('?')[0]} leads to has changed while it was read")
                tag = answer.header("ETag") or tag
                length = answer.header("Content-Length")
                end = None if length is None else at + int(length)
                broken: NoAnswer | None = None
                try:
                    while chunk := answer.read(CHUNK):
                        at += len(chunk)
                        yield chunk
                except NoAnswer as error:
                    broken = error
            if at == end or (end is None and broken is None):
                return
            if at > begin:
                alive = time.monotonic()
                continue
            if time.monotonic() - alive > self._transport.patience:
                raise broken or NoAnswer(f"{target.partition('?')[0]} breaks off again and again")
            time.sleep(1)

    def _save(
        self,
        link: Callable[[], str],
        size: int | None,
        expected: str | None,
        to: str | os.PathLike[str],
        progress: Progress | None,
    ) -> Path:
        place = Path(to)
        part = _part_of(place)
        with open(part, "a+b") as file:
            # Only what can be checked afterwards is taken up again.
            at, digest = begun(file, size if expected else None)
            if progress:
                progress(at, size or 0)
            if at != size:
                for chunk in self._bytes(link, at, None):
                    file.write(chunk)
                    digest.update(chunk)
                    at += len(chunk)
                    if progress:
                        progress(at, size or at)
        try:
            _compare(place.name, expected, digest.hexdigest())
        except DigestMismatch:
            part.unlink()
            raise
        part.replace(place)
        return place

    def _events(
        self, path: str, last_event_id: str | None, deadline: float | None, *, fallback: bool = False
    ) -> Generator[Event, None, None]:
        """Events over as many connections as it takes, the first of which is there when this returns. With ``fallback``,
        ``_NoStream`` tells that there are no streams to be had."""

        def connect(heard: str | None) -> Answer:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": heard} if heard else {})}
            limit = self._timeout if deadline is None else min(self._timeout, max(0.1, deadline - time.monotonic()))

            def attempt() -> Answer:
                try:
                    return self._transport.send("GET", f"{self._project}/{path}", headers=headers, timeout=limit)
                except ApiError as refusal:
                    if fallback and refusal.status in PASSING:
                        raise _NoStream from refusal
                    raise

            return self._transport.retry(attempt, deadline)

        return self._follow(connect(last_event_id), connect, last_event_id, deadline, "/job/" in path, fallback)

    def _left(self, deadline: float | None) -> float:
        """How long a stream may be silent."""
        return self._silence if deadline is None else min(self._silence, max(0.1, deadline - time.monotonic()))

    def _follow(
        self,
        answer: Answer,
        connect: Callable[[str | None], Answer],
        heard: str | None,
        deadline: float | None,
        of_job: bool,
        fallback: bool,
    ) -> Generator[Event, None, None]:
        alive = time.monotonic()
        pause = 1.0

        def touch() -> None:
            nonlocal alive
            alive = time.monotonic()
            answer.limit(self._left(deadline))

        while answer.status != 204:
            began = time.monotonic()
            progress = False
            with answer:
                answer.limit(self._left(deadline))
                try:
                    for part in parts(answer, touch):
                        if isinstance(part, float):
                            pause = part
                            continue
                        heard = part.id
                        progress = True
                        yield part
                        if (of_job and part.event in ENDS) or (deadline is not None and time.monotonic() >= deadline):
                            return
                except NoAnswer:
                    if fallback and not progress and time.monotonic() - began >= self._silence:
                        raise _NoStream from None
            if not progress:
                time.sleep(min(pause, self._left(deadline)))
            if deadline is not None and time.monotonic() >= deadline:
                return
            if time.monotonic() - alive > max(self._silence, self._transport.patience):
                raise NoAnswer("nothing was heard of the stream of events for too long")
            try:
                answer = connect(heard)
            except (ApiError, NoAnswer):
                if deadline is not None and time.monotonic() >= deadline:
                    return
                raise
            if heard is None and not of_job:
                # Nothing says what happened between the connections.
                yield Event("", "reset", {"reason": "the connection broke off before there was an event"})
        answer.close()


class _NoStream(Exception):
    """There are no streams to be had."""


def _part(text: str) -> str:
    """As a part of a path."""
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no name and no id")
    return quote(text, safe="")


def _part_of(place: Path) -> Path:
    return place.with_name(place.name + ".part")


def _compare(what: str, expected: str | None, found: str) -> None:
    if expected is not None and expected != found:
        raise DigestMismatch(f"the bytes of {what} have the digest {found}, and should have {expected}")
