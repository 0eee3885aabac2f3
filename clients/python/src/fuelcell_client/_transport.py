"""Requests over HTTP: connections that are used again, retries, refusals as exceptions."""

from __future__ import annotations

import json
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode, urlsplit

from .errors import ApiError, NoAnswer

#: A server that has never answered is not waited for any longer, so that a wrong address is told soon.
UNKNOWN_SERVER = 5.0
CONNECT = 10.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
#: A connection that rested for longer is not used again: the server, or a proxy, may have closed it.
IDLE = 10.0
IDLE_CONNECTIONS = 8
#: Statuses that a later request may not meet.
PASSING = frozenset({429, 502, 503, 504})
#: Methods that come to the same however often they are sent.
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
#: An error answer of the server has at most 8 KiB.
LONGEST_REFUSAL = 64 * 1024

T = TypeVar("T")


class Body(Protocol):
    """What is sent. It can be read again, so that it can be sent again."""

    @property
    def size(self) -> int: ...

    def chunks(self) -> Iterable[bytes]: ...


class Document:
    """A document as it is sent."""

    def __init__(self, value: object) -> None:
        self._text = json.dumps(value, allow_nan=False).encode()
        self.size = len(self._text)

    def chunks(self) -> Iterable[bytes]:
        return (self._text,)


class _Stale(NoAnswer):
    """A connection that had rested was closed by the server meanwhile: that says nothing of the server."""


class Answer:
    """An answer that succeeded, to be read as it comes."""

    def __init__(
        self, response: HTTPResponse, connection: HTTPConnection, sock: socket.socket, keep: Callable[[HTTPConnection], None]
    ) -> None:
        self._response = response
        self._connection = connection
        self._sock = sock
        self._keep = keep
        self.status = response.status

    def limit(self, timeout: float) -> None:
        """How long the next bytes may be waited for."""
        # One that was read to its end has no socket any more.
        with suppress(OSError):
            self._sock.settimeout(timeout)

    def header(self, name: str) -> str | None:
        return self._response.headers.get(name)

    def read(self, amount: int | None = None) -> bytes:
        try:
            return self._response.read(amount)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(f"the answer broke off: {error or type(error).__name__}") from error

    def readline(self, limit: int) -> bytes:
        try:
            return self._response.readline(limit)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswer(f"the answer broke off: {error or type(error).__name__}") from error

    def close(self) -> None:
        """Keeps the connection when everything was read, else closes it."""
        if self._response.isclosed() and not self._response.will_close:
            self._keep(self._connection)
        else:
            self._connection.close()

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Transport:
    """A server and the token that is shown to it. Threads may share one."""

    def __init__(
        self, url: str, token: str | None, *, patience: float, timeout: float, tls: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url!r} is no address of a server; one is such as https://fuelcell.example")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._tls = tls
        self._patience = patience
        self._timeout = timeout
        self._url = url
        self._known = False
        self._idle: list[tuple[float, HTTPConnection]] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    @property
    def patience(self) -> float:
        """For how long to go on while there is no answer."""
        return self._patience if self._known else min(self._patience, UNKNOWN_SERVER)

    def document(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
        done: Callable[[ApiError], bool] = lambda _: False,
    ) -> Any:
        """The document that answers, ``None`` where there is none. ``done`` says which refusals of a request that is sent
        once more, because the answer to it was lost, mean that it had been carried out."""
        lost = False

        def attempt() -> Any:
            nonlocal lost
            try:
                with self.send(method, path, query=query, headers=headers, body=body, timeout=timeout) as answer:
                    text = answer.read()
            except NoAnswer:
                lost = True
                raise
            except ApiError as refusal:
                if lost and done(refusal):
                    return None
                raise
            try:
                return json.loads(text) if text else None
            except ValueError as error:
                raise ApiError(answer.status, "Unknown", "the answer is no JSON") from error

        return self.retry(attempt, deadline) if _repeatable(method, headers) else attempt()

    def retry(self, attempt: Callable[[], T], deadline: float | None = None) -> T:
        """Tries until there is an answer, or patience is at its end."""
        began = time.monotonic()
        pause = FIRST_PAUSE
        while True:
            try:
                return attempt()
            except ApiError as refusal:
                if refusal.status not in PASSING:
                    raise
                failure: ApiError | NoAnswer = refusal
                # Who asks again sooner than it was told is disconnected.
                wait = refusal.retry_after or 0.0
                # Some later than all others who were told the same.
                wait += pause * random.random()
            except _Stale:
                continue
            except NoAnswer as broken:
                if isinstance(broken.__cause__, ssl.SSLCertVerificationError):
                    raise
                failure = broken
                wait = pause * (0.5 + random.random() / 2)
            end = began + self.patience
            if deadline is not None:
                end = min(end, deadline)
            if time.monotonic() + wait > end:
                raise failure
            time.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeout: float | None = None,
        authorized: bool = True,
    ) -> Answer:
        """The answer to one request; a refusal is raised."""
        wanted = {"Accept-Encoding": "identity", "User-Agent": "fuelcell-client-python"}
        if authorized and self._token:
            wanted["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            wanted["Content-Length"] = str(body.size)
            wanted["Content-Type"] = "application/json" if isinstance(body, Document) else "application/octet-stream"
        wanted.update(headers or {})
        target = self._prefix + path + _written(query)
        rested = self._rested() if _repeatable(method, headers) else None
        if rested is not None:
            try:
                return self._exchange(rested, method, target, wanted, body, timeout)
            except NoAnswer as error:
                raise _Stale(*error.args) from error.__cause__
        return self._exchange(self._connect(), method, target, wanted, body, timeout)

    def _rested(self) -> HTTPConnection | None:
        with self._lock:
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE:
                    return connection
                connection.close()
        return None

    def _keep(self, connection: HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()

    def _connect(self) -> HTTPConnection:
        timeout = CONNECT if self._known else UNKNOWN_SERVER
        if self._secure:
            connection: HTTPConnection = HTTPSConnection(self._host, self._port, timeout=timeout, context=self._tls)
        else:
            connection = HTTPConnection(self._host, self._port, timeout=timeout)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, HTTPException) as error:
            connection.close()
            raise NoAnswer(f"{self._url} cannot be reached: {error or type(error).__name__}") from error
        return connection

    def _exchange(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body | None,
        timeout: float | None,
    ) -> Answer:
        # The connection forgets it when it is not to be used again.
        sock: socket.socket = connection.sock
        try:
            sock.settimeout(self._timeout if timeout is None else timeout)
            try:
                connection.request(method, target, None if body is None else body.chunks(), dict(headers))
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                # It may have been refused before all of it was sent. Then there is an answer.
                if body is None:
                    raise
            response = connection.getresponse()
            self._known = True
            if response.status < 300:
                return Answer(response, connection, sock, self._keep)
            text = response.read(LONGEST_REFUSAL)
        except (OSError, HTTPException) as error:
            connection.close()
            raise NoAnswer(f"{self._url} gave no answer: {error or type(error).__name__}") from error
        except BaseException:
            connection.close()
            raise
        connection.close()
        raise refusal(response, text)


def refusal(response: HTTPResponse, text: bytes) -> ApiError:
    """What the server, or somebody before it, said no with."""
    try:
        problem = json.loads(text)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    return ApiError(
        response.status,
        str(problem.get("code", "Unknown")),
        str(problem.get("detail", response.reason)),
        errors=problem.get("errors", ()),
        request_id=problem.get("requestId") or response.headers.get("X-Request-Id"),
        retry_after=_seconds(response.headers.get("Retry-After", "")),
    )


def _repeatable(method: str, headers: Mapping[str, str] | None) -> bool:
    return method in IDEMPOTENT or "Idempotency-Key" in (headers or {})


def _seconds(wait: str) -> float | None:
    """The server says seconds; a proxy may say a date."""
    if wait.isdecimal():
        return float(wait)
    try:
        return max(0.0, parsedate_to_datetime(wait).timestamp() - time.time())
    except ValueError:
        return None


def _written(query: Mapping[str, Any] | None) -> str:
    def text(value: object) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    given = {name: text(value) for name, value in (query or {}).items() if value is not None}
    return f"?{urlencode(given)}" if given else ""
