"""What can go wrong, as exceptions that say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .types import FaultAnswer, StatusAnswer


class FuelcellError(Exception):
    """Whatever this package raises of its own."""


class ApiError(FuelcellError):
    """The server refused a request, in its own words."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FaultAnswer] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        places = "".join(f"\n  {fault['pointer'] or '(the body)'}: {fault['message']}" for fault in errors)
        super().__init__(f"{status} {code}: {detail}{places}")
        #: The status of HTTP.
        self.status = status
        #: A stable word, such as ``InvalidParameters``.
        self.code = code
        #: A sentence for people.
        self.detail = detail
        #: All that is wrong with the body: ``pointer`` says where, ``message`` what is allowed there.
        self.errors = list(errors)
        #: Stands in the server's log as well.
        self.request_id = request_id
        #: Seconds after which the server wants to be asked again.
        self.retry_after = retry_after


class NoAnswer(FuelcellError):
    """The server could not be reached, or the connection broke off, for longer than was to be waited."""


class WaitTimeout(FuelcellError, TimeoutError):
    """A job had not ended in the time for which it was waited. It goes on."""


class JobNotCompleted(FuelcellError):
    """A job that was waited for failed or was cancelled."""

    def __init__(self, job: StatusAnswer) -> None:
        error = job.get("error")
        why = f": {error['code']}: {error['message']}" if error else ""
        super().__init__(f"job {job['jobId']} ended as {job['status']}{why}")
        #: The job's last status document.
        self.job = job


class DigestMismatch(FuelcellError):
    """Bytes that were sent or received are not those that they should be."""
