"""How a job ends: well (`Completion`) or not (`Failure`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .host import HostError


class End(Enum):
    """How a job ended well."""

    DONE = "done"
    NO_ITEMS = "noItems"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Completion:
    """What a job's function returns; `None` stands for `Completion.done()`."""

    end: End = End.DONE
    reason: str = ""

    @classmethod
    def done(cls) -> Completion:
        """The work is done."""
        return cls()

    @classmethod
    def no_items(cls) -> Completion:
        """There was nothing new to process."""
        return cls(End.NO_ITEMS)

    @classmethod
    def skipped(cls, reason: str) -> Completion:
        """The job decided not to run. The text says why."""
        return cls(End.SKIPPED, reason)


class Failure(Exception):
    """How a job fails: raise it."""

    def __init__(self, code: str, message: str, *, transient: bool = False) -> None:
        super().__init__(code, message)
        #: A short stable word of the job's own, such as `MissingColumn`.
        self.code = code
        #: A sentence for people: what was wrong, where, what is allowed.
        self.message = message
        #: True when trying again later can help. The host queues another attempt, a few times at most.
        self.transient = transient

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Failure):
            return NotImplemented
        return (self.code, self.message, self.transient) == (other.code, other.message, other.transient)

    def __hash__(self) -> int:
        return hash((self.code, self.message, self.transient))

    @classmethod
    def of_host(cls, error: HostError) -> Failure:
        """`HostLimit`, `InvalidRequest`, `HttpError`, or `Storage` (which is transient)."""
        return cls(error.code, str(error), transient=error.transient)


def host_error(error: BaseException | None) -> HostError | None:
    """The host's error in an error and its causes: a parser that says "cannot read" must not hide a quota."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, HostError):
            return error
        seen.add(id(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None
