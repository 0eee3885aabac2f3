"""What servers allow as names of outputs and inputs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

_MAX_OUTPUT_NAME = 1024
_MAX_FILE_NAME = 255
_SEPARATORS = set('\\:*?"<>|')
_RESERVED = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
_HIDDEN = {0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF}
_SECRET = re.compile(r"\{\{secret:([^{}]*)\}\}")


@dataclass(frozen=True)
class Refused:
    """Why a name is refused."""

    reason: str


def has_controls(text: str) -> bool:
    """Whether a text has control characters."""
    return any(unicodedata.category(character) == "Cc" for character in text)


def output_name(name: str) -> str | Refused:
    """The name of an output as it is kept, in Unicode's form NFC, or what was refused with the rule."""
    kept = unicodedata.normalize("NFC", name)
    rule = _broken_rule(kept)
    return kept if rule is None else Refused(f"{_shown(name)} cannot be the name of an output: {rule}")


def refused_input(name: str) -> str | None:
    """Why a name cannot be that of one input of several."""
    if "/" in name:
        rule: str | None = "it has no /"
    elif unicodedata.normalize("NFC", name) != name:
        rule = "it is in Unicode's form NFC"
    else:
        rule = "a name is not empty" if not name else _broken_rule_of_file(name)
    return None if rule is None else f"{_shown(name)} cannot be the name of an input: {rule}"


def secrets_in(headers: Mapping[str, str]) -> list[str]:
    """The secrets that headers name."""
    return [name for value in headers.values() for name in _SECRET.findall(value)]


def _shown(name: str) -> str:
    shown = name if len(name) <= 128 else f"{name[:128]}…"
    return '"' + shown.encode("unicode_escape").decode() + '"' if has_controls(shown) else f'"{shown}"'


def _broken_rule(name: str) -> str | None:
    if not name:
        return "a name is not empty"
    if len(name.encode()) > _MAX_OUTPUT_NAME:
        return "a name has at most 1024 bytes in UTF-8, folders included"
    return next((rule for part in name.split("/") if (rule := _broken_rule_of_file(part))), None)


def _broken_rule_of_file(name: str) -> str | None:
    if not name:
        return "no part between slashes is empty, and a slash is neither first nor last"
    if len(name.encode()) > _MAX_FILE_NAME:
        return "each part between slashes has at most 255 bytes in UTF-8"
    if name[0] in ". ":
        return "no part of it begins with a dot or a space"
    if name[-1] in ". ":
        return "no part of it ends with a dot or a space"
    if has_controls(name) or any(ord(character) in _HIDDEN for character in name):
        return "it has no control characters, line separators or marks of text direction"
    if _SEPARATORS & set(name):
        return 'it has none of \\ : * ? " < > |'
    if name.split(".")[0].strip().lower() in _RESERVED:
        return "no part of it is a device's name on Windows, such as CON, NUL or COM1"
    return None


class OutputNames:
    """The names that a job has given away: each is there once, and none is the folder of another."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def insert(self, name: str) -> str | None:
        """Takes a name, or says why it is not free."""
        reason = self._clash(name)
        if reason is not None:
            return f'"{name}" cannot be the name of an output: {reason}'
        self._names.add(name)
        return None

    def remove(self, name: str) -> None:
        """Gives a name back."""
        self._names.discard(name)

    def _clash(self, name: str) -> str | None:
        if name in self._names:
            return "there is an output of this name"
        parts = name.split("/")
        folders = ("/".join(parts[:count]) for count in range(1, len(parts)))
        file = next((folder for folder in folders if folder in self._names), None)
        if file is not None:
            return f'"{file}" is an output, and so no folder'
        if any(other.startswith(f"{name}/") for other in self._names):
            return "it is a folder of outputs"
        return None
