"""The decorator that makes a job of a function, and the manifest that follows from it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar, get_type_hints, overload

from .artifact import Kind
from .context import Context
from .end import Completion
from .schema import Member, Shape, camel_case, descriptions, object_of, read_parameters, shape_of, summary

#: The version of the guest interface that this SDK is built for.
INTERFACE = "0.1"
#: The engine that scripts of this SDK run on.
ENGINE = "python@3.14"

_SIGNATURE = "a job is `def name(context: Context, …)`, with a type for each further parameter"
_JOB_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]*")

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Input:
    """An input that a job reads."""

    #: The name to open it by; with `many`, what stands before the slash.
    name: str
    #: The parameter that names the file, such as `datasetId`; with `many`, the object whose members name the files.
    parameter: str = ""
    #: File name endings that the job reads, such as `csv.gz`; empty for any.
    formats: Sequence[str] = ()
    #: Whether the job cannot run without it.
    required: bool = False
    #: Whether it stands for several files: each is opened by `NAME/…`, see `Context.inputs_of`.
    many: bool = False

    def manifest(self) -> dict[str, Any]:
        """As manifests have it."""
        parameter = self.parameter or (self.name if self.many else f"{camel_case(self.name)}Id")
        return {
            "name": self.name,
            "parameter": parameter,
            "formats": list(self.formats),
            "required": self.required,
            "many": self.many,
        }


@dataclass(frozen=True)
class Output:
    """An output that a job may write; it may write others too."""

    #: The artifact's file name.
    name: str
    #: What sort of output it is.
    kind: Kind | str = Kind.DATA
    #: The job's word for this output; the name if not set.
    type_name: str = ""

    def manifest(self) -> dict[str, Any]:
        """As manifests have it."""
        return {"name": self.name, "kind": Kind(self.kind).value, "type": self.type_name or self.name}


@dataclass(frozen=True)
class Http:
    """What a job that sends requests over HTTP asks its project for."""

    #: Hosts, such as `api.example.com`, `*.example.org:8443` or `http://192.0.2.7`.
    hosts: Sequence[str]
    #: Names of the project's secrets that its headers carry.
    secrets: Sequence[str] = ()

    def manifest(self) -> dict[str, Any]:
        """As manifests have it."""
        return {"hosts": list(self.hosts), "secrets": list(self.secrets)}


@dataclass(frozen=True)
class Declaration:
    """What the decorator says of a job."""

    title: str = ""
    description: str = ""
    job_type: str | None = None
    inputs: Sequence[Input] = ()
    outputs: Sequence[Output] = ()
    memory_bytes: int | None = None
    timeout_seconds: int | None = None
    fuel: int | None = None
    disk_bytes: int | None = None
    deterministic: bool = False
    http: Http | None = None
    hmac: Sequence[str] = ()

    def limits(self) -> dict[str, int]:
        """The limits that are set, as manifests have them."""
        names = ("memory_bytes", "timeout_seconds", "fuel", "disk_bytes")
        values = {camel_case(name): getattr(self, name) for name in names}
        for name, value in values.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value <= 0):
                raise TypeError(f"the limit {name} is a positive whole number, and not {value!r}")
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Job(Generic[P, R]):
    """A job as the decorator makes it: a function with a manifest. Called, it is the function."""

    function: Callable[P, R]
    declaration: Declaration
    #: Reads the arguments of the function from the parameters.
    shape: Shape = field(repr=False)
    __wrapped__: Callable[P, R] = field(repr=False)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    def manifest(self, *, entry: str = "main.py") -> dict[str, Any]:
        """What a host may know about the job before it runs it: `fuelcell.json`."""
        declared = self.declaration
        manifest: dict[str, Any] = {
            "interface": INTERFACE,
            "engine": ENGINE,
            "entry": entry,
            "jobType": declared.job_type,
            "title": declared.title or self.name.replace("_", " ").capitalize(),
            "description": declared.description or summary(self.function.__doc__),
            "parameters": {"$schema": "https://json-schema.org/draft/2020-12/schema", **self.shape.schema},
            "inputs": [one.manifest() for one in declared.inputs],
            "outputs": [one.manifest() for one in declared.outputs],
            "limits": declared.limits(),
            "deterministic": declared.deterministic,
        }
        if declared.http is not None:
            manifest["http"] = declared.http.manifest()
        if declared.hmac:
            manifest["hmac"] = list(declared.hmac)
        return manifest

    def run(self, context: Context) -> Completion:
        """Reads the parameters and runs the job once.

        Raises the job's own failures, and `InvalidParameters`.
        """
        arguments = read_parameters(self.shape, context.parameters())
        ended: Any = self.function(context, **arguments)  # type: ignore[arg-type]
        if ended is None:
            return Completion.done()
        if not isinstance(ended, Completion):
            raise TypeError(f"a job returns None or a Completion, and {self.name} returned {type(ended).__name__}")
        return ended


#: The jobs that were declared, oldest first.
_declared: list[Job[..., Any]] = []


def declared() -> list[Job[..., Any]]:
    """The jobs that were declared since the last call, oldest first."""
    jobs, _declared[:] = list(_declared), []
    return jobs


@overload
def job(function: Callable[P, R], /) -> Job[P, R]: ...


@overload
def job(
    *,
    title: str = "",
    description: str = "",
    job_type: str | None = None,
    inputs: Sequence[Input] = (),
    outputs: Sequence[Output] = (),
    memory_bytes: int | None = None,
    timeout_seconds: int | None = None,
    fuel: int | None = None,
    disk_bytes: int | None = None,
    deterministic: bool = False,
    http: Http | None = None,
    hmac: Sequence[str] = (),
) -> Callable[[Callable[P, R]], Job[P, R]]: ...


def job(function: Callable[..., Any] | None = None, /, **declaration: Any) -> Any:
    """Makes a job of a function: `@job` or `@job(title=…)`.

    The function gets a `Context`, and its further parameters from the job's parameters: `least_length: int = 0` is the
    parameter `leastLength`. One parameter of the name `parameters`, whose type is a dataclass, gets all of them. Parameters
    that nobody declares are refused, but for those that name inputs.
    """
    declared = Declaration(**declaration)

    def decorate(function: Callable[..., Any]) -> Job[..., Any]:
        made = Job(function, declared, _parameters_of(function, declared), function)
        if declared.job_type is not None and not _JOB_TYPE.fullmatch(declared.job_type):
            raise TypeError(f"a job type is a name of letters and digits, and not {declared.job_type!r}")
        made.manifest()
        _declared.append(made)
        return made

    return decorate if function is None else decorate(function)


def _parameters_of(function: Callable[..., Any], declared: Declaration) -> Shape:
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"{function.__name__}: a job is a plain function; it may call asyncio.run")
    context, *others = inspect.signature(function).parameters.values() or (None,)
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    if context is None or any(one.kind in kinds for one in others):
        raise TypeError(f"{function.__name__}: {_SIGNATURE}")
    hints = get_type_hints(function, include_extras=True)
    untyped = [one.name for one in others if one.name not in hints]
    if untyped:
        raise TypeError(f"{function.__name__}: {untyped[0]} has no type; {_SIGNATURE}")
    ignored = frozenset(one.manifest()["parameter"] for one in declared.inputs)
    if [one.name for one in others] == ["parameters"]:
        whole = shape_of(hints["parameters"])
        if whole.schema.get("type") != "object":
            raise TypeError(f"{function.__name__}: the type of `parameters` is a dataclass or a dict")
        return Shape(whole.schema, lambda value, path: {"parameters": whole.read(_without(value, ignored, whole), path)})
    told = descriptions(function.__doc__)
    members = [
        Member(
            one.name,
            shape_of(hints[one.name]),
            one.default is inspect.Parameter.empty,
            one.default,
            told.get(one.name, ""),
        )
        for one in others
    ]
    return object_of(members, dict, ignored)


def _without(value: Any, ignored: frozenset[str], whole: Shape) -> Any:
    """The parameters without those that only name inputs, where the type does not speak of them."""
    if not isinstance(value, dict):
        return value
    return {name: one for name, one in value.items() if name not in ignored or name in whole.schema.get("properties", {})}
