"""Requests over HTTP, which the host sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .host import InvalidRequest


@dataclass(frozen=True)
class Request:
    """A request. A header may name a secret of the project, as in `Bearer {{secret:CRM_TOKEN}}`."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    #: Seconds until the answer must have begun; the host has limits of its own.
    timeout: float | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InvalidRequest(f"a URL is https://host/… or http://host/…, and not {self.url!r}")


@dataclass(frozen=True)
class Response:
    """An answer, whatever its status."""

    status: int
    #: Names are in lower case; of a header that is there several times, the values are joined with commas.
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def text(self, encoding: str = "utf-8") -> str:
        """The body as text."""
        return self.body.decode(encoding)

    def json(self) -> Any:
        """The body as a JSON value."""
        return json.loads(self.body)
