"""Packs what the science engine is beside its interpreter: `python pack.py PACKAGES DATA COMPONENT PLACEHOLDER OUT`, where PACKAGES
and DATA are folders with the packages of `requirements.txt` and `data.txt`. The same files give the same archive.

An entry `DIRECTORY//PATH` of the archive is a file that scripts find at this path below the directory. An entry
`libraries/PATH` comes into the archive of the interpreter's libraries, where that has no such file.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
#: The archive with the packages.
PACKAGES = "packages.zip"
#: Folders with data that packages open as files.
DATA = ("IPython/utils/themes",)
#: Tables that libraries open beside their own modules.
TABLES = "statsmodels/datasets/*/*.csv"
#: Of no use in a cell.
LEFT_OUT = ("__pycache__", "bin", "share", "tests", "test", "sphinxext")
#: The folders whose files come into the archive, by where they stand in it.
SOURCES = {
    "fuelcell": HERE.parent.parent / "python/src/fuelcell",
    "fuelcell_engine": HERE / "app/fuelcell_engine",
}
#: What both engines for Python run scripts with.
SHARED = HERE.parent / "python/app/fuelcell_engine"


def files(packages: Path) -> Iterator[tuple[str, Path]]:
    for name, folder in {**SOURCES, "": packages}.items():
        for path in folder.rglob("*"):
            place = Path(name) / path.relative_to(folder)
            if path.is_file() and not any(part in LEFT_OUT for part in place.parts):
                yield place.as_posix(), path
    for module in ("absent.py", "script.py", "syntax.py"):
        yield f"fuelcell_engine/{module}", SHARED / module


def packed(entries: Iterator[tuple[str, bytes]]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for place, data in sorted(entries):
            archive.writestr(zipfile.ZipInfo(place), data, zipfile.ZIP_DEFLATED, compresslevel=9)
    return memory.getvalue()


def main(packages: str, data: str, component: str, placeholder: str, out: str) -> None:
    library = Path(packages)
    entries = {
        "component.wasm": Path(component).read_bytes(),
        "placeholder.wasm": Path(placeholder).read_bytes(),
        "engine//main.py": (HERE / "app/main.py").read_bytes(),
        f"engine//{PACKAGES}": packed((place, path.read_bytes()) for place, path in files(library)),
    }
    for folder in DATA:
        # Opened as a file, as if the archive were a folder.
        for path in (library / folder).iterdir():
            entries[f"engine/{PACKAGES}/{folder}//{path.name}"] = path.read_bytes()
    for path in Path(data).glob(TABLES):
        entries[f"libraries/{path.relative_to(data).as_posix()}"] = path.read_bytes()
    Path(out).write_bytes(packed(iter(entries.items())))


if __name__ == "__main__":
    main(*sys.argv[1:])
