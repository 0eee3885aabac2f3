"""Packs a script as a module: a zip archive of its sources with `fuelcell.json`, its manifest, at the root."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import packages
from .job import ENGINE, INTERFACE, Job, declared

MANIFEST = "fuelcell.json"
#: What a server takes.
MAX_BYTES = 32 * 1024 * 1024
MAX_FILES = 5_000

#: Folders that are no part of a script.
_LEFT_OUT = {"__pycache__", "node_modules", "venv", "env", "build", "dist", "tests", "htmlcov"}
#: Endings of native code, or of packages that may hold some, which an engine cannot load.
_NATIVE = {".so", ".pyd", ".dylib", ".dll", ".whl", ".egg"}


class PackError(Exception):
    """What cannot be packed, and why."""


def pack(folder: Path, out: Path, *, entry: str = "main.py", manifest: Path | None = None) -> dict[str, Any]:
    """Writes the archive of a folder and returns its manifest.

    The manifest is that of the one job which the entry declares; a plain program has one in a file, such as `fuelcell.json`
    in its folder.
    """
    if not (folder / entry).is_file():
        raise PackError(f"{folder / entry} is not there: --entry names the file that is run")
    _check_syntax(folder)
    made = _manifest(folder, entry, manifest)
    files = sorted(_files(folder), key=lambda path: path.relative_to(folder).as_posix())
    if len(files) >= MAX_FILES:
        raise PackError(f"{folder} has {len(files)} files; an archive has at most {MAX_FILES}")
    native = next((path for path in files if path.suffix in _NATIVE), None)
    if native is not None:
        raise PackError(
            f"{native.relative_to(folder).as_posix()} is native code or may hold some, which the engine cannot load: "
            "pip install --target vendor --only-binary=:all: --platform any PACKAGE takes packages that are pure; "
            + packages.there()
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, MANIFEST, json.dumps(made, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        for path in files:
            _add(archive, path.relative_to(folder).as_posix(), path.read_bytes())
    if out.stat().st_size > MAX_BYTES:
        raise PackError(f"{out} has {out.stat().st_size} bytes; a module has at most {MAX_BYTES}")
    return made


def _check_syntax(folder: Path) -> None:
    """Compiles the script's own sources; of packages below vendor/ some are not meant for this Python."""
    for path in sorted(_files(folder)):
        own = path.relative_to(folder)
        if path.suffix != ".py" or own.parts[0] == "vendor":
            continue
        try:
            compile(path.read_bytes(), own.as_posix(), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            place = f"{own.as_posix()}, line {error.lineno}" if isinstance(error, SyntaxError) else own.as_posix()
            told = error.msg if isinstance(error, SyntaxError) else str(error)
            here = ".".join(map(str, sys.version_info[:2]))
            raise PackError(f"{place}: {told} (by Python {here}; the engine is {ENGINE})") from None


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    # Always of the same time and mode: equal sources give equal archives.
    described = zipfile.ZipInfo(name)
    described.external_attr = 0o644 << 16
    archive.writestr(described, data, zipfile.ZIP_DEFLATED)


def _manifest(folder: Path, entry: str, given: Path | None) -> dict[str, Any]:
    own = folder / MANIFEST
    given = given or (own if own.is_file() else None)
    if given is not None:
        try:
            manifest = json.loads(given.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PackError(f"{given} holds no manifest: {error}") from None
        if not isinstance(manifest, dict):
            raise PackError(f"{given} holds no manifest: it is no JSON object")
        return {"interface": INTERFACE, "engine": ENGINE, "entry": entry, **manifest}
    return job_of(folder, entry).manifest(entry=entry)


def job_of(folder: Path, entry: str) -> Job[..., Any]:
    """The one job that a script declares. The entry is imported for it, but is not `__main__`."""
    before = list(sys.path)
    known = set(sys.modules)
    sys.path[:0] = [str(folder), str(folder / "vendor")]
    importlib.invalidate_caches()
    declared()
    try:
        members = runpy.run_path(str(folder / entry), run_name="__job__")
    finally:
        sys.path[:] = before
        for name in set(sys.modules) - known:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).is_relative_to(folder):
                del sys.modules[name]
    jobs = declared()
    own = [one for one in jobs if one.function.__module__ == "__job__"]
    found = own or [one for one in jobs if any(one is member for member in members.values())]
    if len(found) != 1:
        told = ", ".join(one.name for one in found) or "none"
        raise PackError(f"{entry} declares one job with @job, and it declares: {told}. A plain program needs --manifest FILE")
    return found[0]


def _is_test(name: str) -> bool:
    return name == "conftest.py" or (name.startswith("test_") and name.endswith(".py"))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in _LEFT_OUT or path.name == MANIFEST:
            continue
        if path.is_symlink():
            raise PackError(f"{path} is a symbolic link: an archive has files only")
        if path.is_dir():
            yield from _files(path)
        elif path.suffix not in (".pyc", ".zip") and not _is_test(path.name):
            yield path
