"""From Python's types to JSON Schema, and from JSON values to what the types say."""

from __future__ import annotations

import dataclasses
import datetime
import inspect
import re
import types
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .end import Failure

#: How values that do not fit are told.
_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number", type(None): "null"}


class Misfit(Exception):
    """A value does not fit: where, and what is allowed."""

    def __init__(self, path: str, allowed: str, value: object = None) -> None:
        super().__init__(path, allowed)
        self.path = path
        self.allowed = allowed
        self.value = value

    def __str__(self) -> str:
        return f"{self.allowed}, and not {shown(self.value)}"


@dataclass(frozen=True)
class Shape:
    """A type: its schema, and how a JSON value becomes one of its values."""

    schema: dict[str, Any]
    #: Takes a JSON value and its path; raises `Misfit`.
    read: Callable[[Any, str], Any]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a value must be beside its type, as in `Annotated[int, Rule(minimum=1)]`. The words are JSON Schema's."""

    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    description: str | None = None

    def keywords(self) -> dict[str, Any]:
        """The keywords that are set."""
        return {camel_case(name): value for name, value in vars(self).items() if value is not None}

    def check(self, value: Any, path: str) -> None:
        """Raises `Misfit` for a value that breaks a rule."""
        for broken, allowed in self._broken(value):
            if broken:
                raise Misfit(path, allowed, value)

    def _broken(self, value: Any) -> list[tuple[bool, str]]:
        found: list[tuple[bool, str]] = []
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found += [
                (self.minimum is not None and value < self.minimum, f"at least {self.minimum}"),
                (self.maximum is not None and value > self.maximum, f"at most {self.maximum}"),
            ]
        if isinstance(value, str):
            found += [
                (self.min_length is not None and len(value) < self.min_length, f"at least {self.min_length} characters"),
                (self.max_length is not None and len(value) > self.max_length, f"at most {self.max_length} characters"),
                (self.pattern is not None and not re.search(self.pattern, value), f"a text that matches {self.pattern}"),
            ]
        if isinstance(value, (list, dict)):
            found += [
                (self.min_items is not None and len(value) < self.min_items, f"at least {self.min_items} items"),
                (self.max_items is not None and len(value) > self.max_items, f"at most {self.max_items} items"),
            ]
        return found


def camel_case(name: str) -> str:
    """`least_length` → `leastLength`: JSON's names of what Python calls otherwise."""
    first, *others = name.strip("_").split("_")
    return first + "".join(other[:1].upper() + other[1:] for other in others)


def shown(value: object) -> str:
    """As much of a value as a sentence bears."""
    text = repr(value)
    return text if len(text) <= 64 else f"{text[:63]}…"


def read_parameters(shape: Shape, parameters: object) -> Any:
    """The parameters as the job's types say.

    Raises `InvalidParameters`, with the path of the value that does not fit.
    """
    try:
        return shape.read(parameters, "")
    except Misfit as misfit:
        place = f"parameters at `{misfit.path}`" if misfit.path else "parameters"
        raise Failure("InvalidParameters", f"{place}: {misfit}") from None


def shape_of(annotation: Any, _open: tuple[type, ...] = ()) -> Shape:
    """The shape of a type. Raises `TypeError` for one that JSON cannot carry."""
    if isinstance(annotation, getattr(typing, "TypeAliasType", ())):
        return shape_of(annotation.__value__, _open)
    if hasattr(annotation, "__supertype__"):
        return shape_of(annotation.__supertype__, _open)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(shape_of(arguments[0], _open), arguments[1:])
    if annotation is Any or annotation is object:
        return Shape({}, lambda value, path: value)
    if origin in (Union, types.UnionType):
        return _union([shape_of(argument, _open) for argument in arguments])
    if origin is Literal:
        return _enumeration({value: value for value in arguments})
    if annotation is None or annotation is type(None):
        return _plain(type(None), "null")
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
        return _fixed([shape_of(argument, _open) for argument in arguments])
    if origin in _ARRAYS or annotation in _ARRAYS:
        return _array(shape_of(arguments[0] if arguments else Any, _open), _ARRAYS[origin or annotation])
    if origin in (dict, Mapping) or annotation in (dict, Mapping):
        if arguments and arguments[0] is not str:
            raise TypeError(f"the keys of a JSON object are texts: {annotation}")
        return _mapping(shape_of(arguments[1] if arguments else Any, _open))
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return _enumeration({member.value: member for member in annotation})
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _dataclass(annotation, _open)
    raise TypeError(f"{annotation!r} is no type of a parameter: JSON cannot carry it")


def _plain(kind: type, name: str) -> Shape:
    def read(value: Any, path: str) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if kind is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise Misfit(path, _NAMES[kind], value)
        return value

    return Shape({"type": name}, read)


def _moment(kind: type, form: str, allowed: str) -> Shape:
    def read(value: Any, path: str) -> Any:
        try:
            return kind.fromisoformat(value)  # type: ignore[attr-defined]
        except (TypeError, ValueError):
            raise Misfit(path, allowed, value) from None

    return Shape({"type": "string", "format": form}, read)


_PLAIN = {
    str: _plain(str, "string"),
    bool: _plain(bool, "boolean"),
    int: _plain(int, "integer"),
    float: _plain(float, "number"),
    datetime.date: _moment(datetime.date, "date", "a date such as 2026-03-01"),
    datetime.datetime: _moment(datetime.datetime, "date-time", "a time such as 2026-03-01T06:00:00Z"),
}
_ARRAYS: dict[Any, Callable[[list[Any]], Collection[Any]]] = {list: list, Sequence: list, tuple: tuple, set: set, frozenset: frozenset}


def _annotated(shape: Shape, notes: Sequence[Any]) -> Shape:
    schema = dict(shape.schema)
    rules = [note for note in notes if isinstance(note, Rule)]
    for note in notes:
        if isinstance(note, str):
            schema["description"] = note
    for rule in rules:
        schema |= rule.keywords()

    def read(value: Any, path: str) -> Any:
        for rule in rules:
            rule.check(value, path)
        return shape.read(value, path)

    return Shape(schema, read)


def _union(shapes: list[Shape]) -> Shape:
    kinds = [shape.schema.get("type") for shape in shapes]
    simple = all(set(shape.schema) == {"type"} for shape in shapes)
    schema = {"type": kinds} if simple else {"anyOf": [shape.schema for shape in shapes]}

    def read(value: Any, path: str) -> Any:
        misfits: list[Misfit] = []
        for shape in shapes:
            try:
                return shape.read(value, path)
            except Misfit as misfit:
                misfits.append(misfit)
        # What fits at this place and not further in is what was meant.
        deepest = max(misfits, key=lambda misfit: len(misfit.path))
        if len(deepest.path) > len(path):
            raise deepest
        raise Misfit(path, " or ".join(misfit.allowed for misfit in misfits), value)

    return Shape(schema, read)


def _enumeration(members: dict[Any, Any]) -> Shape:
    for value in members:
        if not isinstance(value, (str, int, float, bool, type(None))):
            raise TypeError(f"a choice is a JSON value, and not {value!r}")
    allowed = "one of " + ", ".join(repr(value) for value in members)

    def read(value: Any, path: str) -> Any:
        for known, member in members.items():
            if type(known) is type(value) and known == value:
                return member
        raise Misfit(path, allowed, value)

    return Shape({"enum": list(members)}, read)


def _array(item: Shape, make: Callable[[list[Any]], Collection[Any]]) -> Shape:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise Misfit(path, "a list", value)
        made = make([item.read(one, f"{path}[{index}]") for index, one in enumerate(value)])
        if len(made) < len(value):
            raise Misfit(path, "a list without repetitions", value)
        return made

    schema: dict[str, Any] = {"type": "array", "items": item.schema}
    return Shape(schema | ({"uniqueItems": True} if make in (set, frozenset) else {}), read)


def _fixed(items: list[Shape]) -> Shape:
    count = len(items)

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, list) or len(value) != count:
            raise Misfit(path, f"a list of {count}", value)
        return tuple(item.read(one, f"{path}[{index}]") for index, (item, one) in enumerate(zip(items, value)))

    schemas = [item.schema for item in items]
    return Shape({"type": "array", "prefixItems": schemas, "minItems": count, "maxItems": count}, read)


def _mapping(member: Shape) -> Shape:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise Misfit(path, "an object", value)
        return {name: member.read(one, joined(path, name)) for name, one in value.items()}

    return Shape({"type": "object", "additionalProperties": member.schema}, read)


def joined(path: str, name: str) -> str:
    """The path of a member."""
    return f"{path}.{name}" if path else name


@dataclass(frozen=True)
class Member:
    """A member of an object: a field of a dataclass, or a parameter of a function."""

    name: str
    shape: Shape
    required: bool
    default: Any = None
    description: str = ""

    @property
    def json_name(self) -> str:
        """Its name in JSON."""
        return camel_case(self.name)

    def schema(self) -> dict[str, Any]:
        """Its schema, with what is said of it."""
        schema = dict(self.shape.schema)
        if self.description:
            schema.setdefault("description", self.description)
        if not self.required:
            try:
                schema["default"] = plain(self.default)
            except TypeError:
                pass
        return schema


def object_of(members: list[Member], make: Callable[..., Any], ignored: frozenset[str] = frozenset()) -> Shape:
    """The shape of an object with these members; `ignored` are further ones that may be there."""
    names = {member.json_name: member for member in members}
    if len(names) < len(members):
        raise TypeError(f"two names are the same in JSON: {', '.join(member.name for member in members)}")
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: member.schema() for name, member in names.items()},
        "additionalProperties": False,
    }
    required = [name for name, member in names.items() if member.required]
    if required:
        schema["required"] = required

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise Misfit(path, "an object", value)
        for name in value:
            if name not in names and name not in ignored:
                raise Misfit(joined(path, name), f"one of the names {', '.join(names) or '(none)'}", name)
        for name in required:
            if name not in value:
                raise Misfit(joined(path, name), "a value, for it is required", None)
        given = {names[name].name: names[name].shape.read(one, joined(path, name))
                 for name, one in value.items() if name in names}
        return make(**given)

    return Shape(schema, read)


def _dataclass(kind: type, open_classes: tuple[type, ...]) -> Shape:
    if kind in open_classes:
        raise TypeError(f"{kind.__name__} contains itself: schemas of parameters are finite")
    hints = get_type_hints(kind, include_extras=True)
    told = descriptions(kind.__doc__)
    members = [
        Member(
            one.name,
            shape_of(hints[one.name], (*open_classes, kind)),
            one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING,
            one.default if one.default_factory is dataclasses.MISSING else one.default_factory(),
            told.get(one.name, ""),
        )
        for one in dataclasses.fields(kind)
        if one.init
    ]
    shape = object_of(members, kind)
    about = summary(kind.__doc__)
    # A dataclass without a docstring is given its signature as one.
    if about and not about.startswith(f"{kind.__name__}("):
        shape.schema["description"] = about
    return shape


def plain(value: Any) -> Any:
    """A value of the types above as JSON has it. Raises `TypeError` for others."""
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {camel_case(one.name): plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one) for one in value]
    raise TypeError(f"{value!r} is no JSON value")


def summary(doc: str | None) -> str:
    """The paragraphs of a docstring before the first section."""
    if not doc:
        return ""
    paragraphs: list[str] = []
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(doc)):
        if re.match(r"(?:\w+:\s*$|:\w+)", paragraph.splitlines()[0]):
            break
        paragraphs.append(" ".join(paragraph.split()))
    return "\n\n".join(paragraphs)


def descriptions(doc: str | None) -> dict[str, str]:
    """What a docstring says of arguments or attributes: `Args:` and `Attributes:` as Google writes them, or `:param name:`."""
    told: dict[str, str] = {}
    if not doc:
        return told
    text = inspect.cleandoc(doc)
    for name, about in re.findall(r"^:(?:param|ivar)(?:\s+[^:\s]+)*?\s+(\w+):\s*((?:.|\n(?!:|\n))*)", text, re.MULTILINE):
        told[name] = " ".join(about.split())
    sections = re.findall(r"^(?:Args|Arguments|Parameters|Attributes):\s*\n((?:[ \t]+.*\n?|\s*\n)+)", text, re.MULTILINE)
    for section in sections:
        current = None
        for line in inspect.cleandoc("\n" + section).splitlines():
            begun = re.match(r"(\w+)(?:\s*\([^)]*\))?:\s*(.*)", line)
            if begun and not line.startswith(" "):
                current = begun[1]
                told[current] = begun[2].strip()
            elif current and line.strip():
                told[current] = f"{told[current]} {line.strip()}".strip()
    return told
