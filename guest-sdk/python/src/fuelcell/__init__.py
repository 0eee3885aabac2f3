"""Write a Fuelcell job in Python.

A job is a typed function with the decorator `job`. It gets a `Context` and its parameters, and returns how it ended:

    from fuelcell import Context, job

    @job(title="Greeting")
    def greet(context: Context, name: str) -> None:
        \"\"\"Writes a greeting.\"\"\"
        with context.artifact("greeting.txt", media_type="text/plain") as out:
            out.write(f"Hello, {name}!")

In a cell the engine calls it; in tests `fuelcell.testing.TestHost` does, or the fixture `host` of pytest.
"""

from .artifact import Artifact, ArtifactWriter, Kind, Role
from .context import Context
from .end import Completion, Failure
from .host import Cancellation, HostError, HostLimit, HttpError, InvalidRequest, Level, StorageError, Usage
from .inputs import InputReader
from .job import ENGINE, INTERFACE, Http, Input, Job, Output, job
from .report import DataValidation, Finding, Report
from .request import Request, Response
from .schema import Rule

__all__ = [
    "ENGINE",
    "INTERFACE",
    "Artifact",
    "ArtifactWriter",
    "Cancellation",
    "Completion",
    "Context",
    "DataValidation",
    "Failure",
    "Finding",
    "HostError",
    "HostLimit",
    "Http",
    "HttpError",
    "Input",
    "InputReader",
    "InvalidRequest",
    "Job",
    "Kind",
    "Level",
    "Output",
    "Report",
    "Request",
    "Response",
    "Role",
    "Rule",
    "StorageError",
    "Usage",
    "job",
]
