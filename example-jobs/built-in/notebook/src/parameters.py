"""A notebook's parameters: what the cell with the tag `parameters` says of them, and the values that a job gives them."""

from __future__ import annotations

import ast
import keyword
from dataclasses import dataclass, field
from typing import Any

from document import Cell, code_cell, tags_of
from IPython.core.inputtransformer2 import TransformerManager

from fuelcell import Failure

#: Types that values of JSON can be of.
_PLAIN = ("bool", "int", "float", "str", "list", "tuple", "dict", "None")


@dataclass(frozen=True)
class Parameter:
    """A name of the notebook that may be given a value."""

    name: str
    #: Types that a value may be of; none = any.
    types: tuple[str, ...] = ()
    #: The default as the cell writes it; none = the cell assigns the name in another way, or does not know it.
    default: str | None = None

    def fitting(self, value: Any) -> Any:
        """The value as the first type has it that takes it. Raises `InvalidParameters` where none does."""
        if not self.types:
            return value
        for kind in self.types:
            taken, made = _taken(kind, value)
            if taken:
                return made
        told = f"values: `{self.name}`, whose default is {self.default}, takes {' or '.join(self.types)}, and not {value!r}"
        raise Failure("InvalidParameters", told[:1_000])


@dataclass(frozen=True)
class Parameters:
    """Those of a notebook."""

    #: Where the cell with the tag is; none = there is none.
    place: int | None
    declared: dict[str, Parameter] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    def unknown(self) -> list[str]:
        """The names of values that the cell does not know."""
        return [name for name in self.given if name not in self.declared]

    def table(self) -> list[dict[str, Any]]:
        """What `notebook.json` says of them: those of the cell, then the unknown ones."""
        every = [*self.declared.values(), *(Parameter(name) for name in self.unknown())]
        return [
            {
                "name": one.name,
                "type": " or ".join(one.types) or None,
                "default": one.default,
                "known": one.name in self.declared,
                "given": one.name in self.given,
                "value": self.given.get(one.name),
            }
            for one in every
        ]


def inject(notebook: dict[str, Any], values: dict[str, Any]) -> Parameters:
    """Puts values behind the cell with the tag, as papermill does; at the top when there is none."""
    for name in values:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise Failure("InvalidParameters", f"values: {name!r} is no name in Python")
    cells = [cell for cell in notebook["cells"] if "injected-parameters" not in tags_of(cell)]
    place = next((index for index, cell in enumerate(cells) if "parameters" in tags_of(cell)), None)
    declared = {} if place is None else _declared(cells[place])
    given = {name: declared.get(name, Parameter(name)).fitting(value) for name, value in values.items()}
    if given:
        cells.insert(0 if place is None else place + 1, _injected(notebook, given))
    if given or place is not None:
        # Values of an earlier run would hide the defaults.
        notebook["cells"] = cells
    return Parameters(place, declared, given)


def _injected(notebook: dict[str, Any], given: dict[str, Any]) -> Cell:
    source = "# Parameters\n" + "\n".join(f"{name} = {value!r}" for name, value in given.items())
    cell = code_cell(source, ["injected-parameters"])
    minor = notebook["nbformat_minor"]
    if isinstance(minor, int) and minor >= 5:
        # From 4.5 on each cell has an id.
        cell["id"] = "injected-parameters"
    return cell


def _declared(cell: Cell) -> dict[str, Parameter]:
    """What the cell assigns, with type and default where they are written down in one place."""
    try:
        source = TransformerManager().transform_cell(cell["source"])
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RuntimeError):
        # The cell itself says what is wrong, when it is run.
        return {}
    names = (node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    found = {name: Parameter(name) for name in names}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = Parameter(name, _types_of_default(value), ast.get_source_segment(source, value))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
                found[name] = Parameter(name, _types_of_annotation(annotation), ast.get_source_segment(source, value))
    return found


def _types_of_default(value: ast.expr) -> tuple[str, ...]:
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ()
    kind = type(default).__name__
    if kind in ("int", "float"):
        # Whoever writes `limit = 1` may mean 0.5 as well; an annotation tells.
        return ("int", "float") if kind == "int" else ("float",)
    return (kind,) if kind in _PLAIN else ()


def _types_of_annotation(annotation: ast.expr) -> tuple[str, ...]:
    """Empty for what is not understood: then nothing is checked."""
    match annotation:
        case ast.Constant(value=None):
            return ("None",)
        case ast.Constant(value=str() as text):
            try:
                return _types_of_annotation(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return ()
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) if name.lower() in _PLAIN:
            return (name.lower(),)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            one, other = _types_of_annotation(left), _types_of_annotation(right)
            return one + other if one and other else ()
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            types = _types_of_annotation(inner)
            return (*types, "None") if types else ()
    return ()


def _taken(kind: str, value: Any) -> tuple[bool, Any]:
    """Whether a value of JSON can be of this type, and what it is then."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind:
        case "None":
            return value is None, None
        case "bool":
            return isinstance(value, bool), value
        case "int":
            whole = is_number and (isinstance(value, int) or value.is_integer())
            return whole, int(value) if whole else value
        case "float":
            return is_number, float(value) if is_number else value
        case "str":
            return isinstance(value, str), value
        case "dict":
            return isinstance(value, dict), value
        case "tuple":
            return isinstance(value, list), tuple(value) if isinstance(value, list) else value
    return isinstance(value, list), value
