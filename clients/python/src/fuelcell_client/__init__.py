"""A typed client of Fuelcell's Execution API.

The types of requests and answers (``fuelcell_client.types``) are generated from the server's description. The rest is
written by hand, with the standard library alone.
"""

from . import types
from ._files import Progress
from .client import Client
from .errors import ApiError, DigestMismatch, FuelcellError, JobNotCompleted, NoAnswer, WaitTimeout
from .events import Event, EventData

__all__ = [
    "ApiError",
    "Client",
    "DigestMismatch",
    "Event",
    "EventData",
    "FuelcellError",
    "JobNotCompleted",
    "NoAnswer",
    "Progress",
    "WaitTimeout",
    "types",
]
