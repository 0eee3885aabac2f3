"""Jobs, their parameters and their manifests."""

import datetime
import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from fuelcell import Completion, Context, Failure, Http, Input, Output, Rule, job


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Column:
    """A column.

    Attributes:
        name: As it stands in the
            first line.
    """

    name: str
    is_key: bool = False


def parameters(schema_of: Any, given: dict) -> Any:
    """What a job with a parameter `value` of this type is given."""
    seen = {}

    @job
    def one(context: Context, value: schema_of) -> None:  # type: ignore[valid-type]
        seen["value"] = value

    from fuelcell.testing import TestHost

    run = TestHost().parameters({"value": given}).run(one)
    return run.failure.message if run.failure else seen["value"]


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        (int, 3, 3),
        (int, 3.0, 3),
        (float, 3, 3.0),
        (str, "a", "a"),
        (bool, True, True),
        (str | None, None, None),
        (list[int], [1, 2], [1, 2]),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[int, ...], [1, 2], (1, 2)),
        (set[str], ["a", "b"], {"a", "b"}),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (Colour, "blue", Colour.BLUE),
        (Literal["a", 1], 1, 1),
        (int | str, "a", "a"),
        (Column, {"name": "a", "isKey": True}, Column("a", True)),
        (list[Column], [{"name": "a"}], [Column("a")]),
        (datetime.date, "2026-03-01", datetime.date(2026, 3, 1)),
        (Any, {"a": [None]}, {"a": [None]}),
        (Annotated[int, Rule(minimum=1)], 1, 1),
    ],
)
def test_a_value_becomes_what_the_type_says(kind, given, read):
    assert parameters(kind, given) == read


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (int, True, "parameters at `value`: a whole number, and not True"),
        (int, 3.5, "parameters at `value`: a whole number, and not 3.5"),
        (str, 3, "parameters at `value`: text, and not 3"),
        (str | None, 3, "parameters at `value`: text or null, and not 3"),
        (list[int], [1, "a"], "parameters at `value[1]`: a whole number, and not 'a'"),
        (set[str], ["a", "a"], "parameters at `value`: a list without repetitions, and not ['a', 'a']"),
        (dict[str, int], {"a": None}, "parameters at `value.a`: a whole number, and not None"),
        (Colour, "green", "parameters at `value`: one of 'red', 'blue', and not 'green'"),
        (Column, {"isKey": True}, "parameters at `value.name`: a value, for it is required, and not None"),
        (Column, {"name": "a", "key": 1}, "parameters at `value.key`: one of the names name, isKey, and not 'key'"),
        (Column | None, {"name": 1}, "parameters at `value.name`: text, and not 1"),
        (datetime.date, "March", "parameters at `value`: a date such as 2026-03-01, and not 'March'"),
        (Annotated[int, Rule(minimum=1)], 0, "parameters at `value`: at least 1, and not 0"),
        (Annotated[str, Rule(pattern="^a")], "b", "parameters at `value`: a text that matches ^a, and not 'b'"),
        (str, "x" * 3, "xxx"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_what_is_allowed(kind, given, told):
    assert parameters(kind, given) == told


def test_the_manifest_follows_from_the_function():
    @job(
        inputs=[Input("dataset", formats=["csv"], required=True), Input("lookups", many=True)],
        outputs=[Output("count.csv", type_name="Counts")],
        timeout_seconds=60,
        deterministic=True,
        http=Http(["api.example.com"], ["TOKEN"]),
        hmac=["KEY"],
    )
    def count_things(
        context: Context, columns: list[Column], colour: Colour = Colour.RED, least_length: int = 2
    ) -> None:
        """Counts things.

        All of them.

        Args:
            least_length: Shorter ones are
                not counted.
        """

    manifest = count_things.manifest()
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["title"] == "Count things"
    assert manifest["description"] == "Counts things.\n\nAll of them."
    assert (manifest["engine"], manifest["entry"], manifest["interface"]) == ("python@3.14", "main.py", "0.1")
    assert manifest["inputs"] == [
        {"name": "dataset", "parameter": "datasetId", "formats": ["csv"], "required": True, "many": False},
        {"name": "lookups", "parameter": "lookups", "formats": [], "required": False, "many": True},
    ]
    assert manifest["outputs"] == [{"name": "count.csv", "kind": "data", "type": "Counts"}]
    assert (manifest["limits"], manifest["deterministic"]) == ({"timeoutSeconds": 60}, True)
    assert (manifest["http"], manifest["hmac"]) == ({"hosts": ["api.example.com"], "secrets": ["TOKEN"]}, ["KEY"])
    schema = manifest["parameters"]
    assert (schema["required"], schema["additionalProperties"]) == (["columns"], False)
    properties = schema["properties"]
    assert properties["leastLength"] == {"type": "integer", "description": "Shorter ones are not counted.", "default": 2}
    assert properties["colour"] == {"enum": ["red", "blue"], "default": "red"}
    column = properties["columns"]["items"]
    assert column["description"] == "A column."
    assert column["properties"]["name"] == {"type": "string", "description": "As it stands in the first line."}


def test_a_dataclass_takes_all_parameters(host):
    @dataclass
    class Parameters:
        names: list[str] = field(default_factory=list)

    @job(inputs=[Input("dataset")])
    def greet(context: Context, parameters: Parameters) -> Completion:
        with context.artifact("out.txt") as out:
            out.write(" ".join(parameters.names))
        return Completion.no_items()

    run = host.parameters({"names": ["a", "b"], "datasetId": "x"}).run(greet)
    assert (run.completion, run.text("out.txt")) == (Completion.no_items(), "a b")


def test_parameters_that_nobody_declares_are_refused(host):
    @job(inputs=[Input("dataset")])
    def nothing(context: Context, limit: int = 0) -> None:
        """Does nothing."""

    assert host.parameters({"datasetId": "x"}).run(nothing).failure is None
    failure = host.parameters({"limits": 1}).run(nothing).failure
    assert failure == Failure("InvalidParameters", "parameters at `limits`: one of the names limit, and not 'limits'")


@pytest.mark.parametrize(
    ("define", "told"),
    [
        (lambda: job(lambda: None), "a job is `def name"),
        (lambda: job(lambda context, x: None), "x has no type"),
        (lambda: job(job_type="A B")(lambda context: None), "a job type is a name"),
        (lambda: job(fuel=-1)(lambda context: None), "the limit fuel"),
    ],
)
def test_what_is_no_job_is_refused_when_it_is_declared(define, told):
    with pytest.raises(TypeError, match=told):
        define()


def test_a_type_that_json_cannot_carry_is_refused():
    with pytest.raises(TypeError, match="JSON cannot carry it"):

        @job
        def wrong(context: Context, value: bytes) -> None: ...


def test_a_type_that_contains_itself_is_refused():
    with pytest.raises(TypeError, match="contains itself"):

        @job
        def wrong(context: Context, value: "Tree") -> None: ...


@dataclass
class Tree:
    """A tree."""

    children: "list[Tree]"
