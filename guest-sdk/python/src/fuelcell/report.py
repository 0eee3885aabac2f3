"""The figures that clients see."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Finding:
    """A message with the number of records that it stands for."""

    #: A short stable word, such as `DataQuality`.
    kind: str
    #: A sentence for people.
    message: str
    #: How many records it concerns.
    count: int = 1


@dataclass
class DataValidation:
    """What validation found. The job promises that the total is the sum of the other three."""

    total: int = 0
    valid: int = 0
    duplicates_removed: int = 0
    invalid: int = 0


@dataclass
class Report:
    """Everything that results and metrics of a job show."""

    #: Records processed so far.
    records_processed: int = 0
    #: Records there are, once known.
    records_total: int | None = None
    #: Errors so far.
    errors: int = 0
    #: Warnings so far; each stands for `count` records.
    warnings: list[Finding] = field(default_factory=list)
    #: Errors in the data that did not end the job.
    processing_errors: list[Finding] = field(default_factory=list)
    #: 0 to 100, by a formula that the job documents.
    quality_score: float | None = None
    #: The figures of validation, when the job validates.
    validation: DataValidation | None = None

    def check(self) -> None:
        """Refuses what does not fit the interface: a figure that is no whole number, or is negative."""
        for name in ("records_processed", "records_total", "errors"):
            _check_count(f"report.{name}", getattr(self, name), optional=name == "records_total")
        for finding in [*self.warnings, *self.processing_errors]:
            _check_count(f"the count of a finding {finding.kind!r}", finding.count)
        if self.validation is not None:
            for name, value in vars(self.validation).items():
                _check_count(f"report.validation.{name}", value)


def _check_count(what: str, value: object, *, optional: bool = False) -> None:
    if optional and value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 64:
        raise ValueError(f"{what} is a whole number from 0 to 2^64 - 1, and not {value!r}")
