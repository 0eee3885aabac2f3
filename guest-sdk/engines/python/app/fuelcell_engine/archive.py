"""Modules that few scripts import, kept compressed in the engine's memory, and the data files of packages.

A module that is neither imported nor here when the engine is built does not exist when it runs: the builder's files are gone.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import io
import marshal
import os
import sys
import types
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources.abc import TraversableResources


class Archive(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads the modules that were put into it."""

    def __init__(self) -> None:
        #: By the module's name: whether it is a package, its file, and its compressed code.
        self._modules: dict[str, tuple[bool, str, bytes]] = {}
        self._data = io.BytesIO()

    def fill(self, folder: str, wanted: Callable[[str], bool]) -> None:
        """Takes the modules below a folder that are not imported and `wanted` by their names."""
        for name, path, package in _modules(folder):
            if name not in sys.modules and wanted(name):
                with open(path, "rb") as file:
                    code = compile(file.read(), path, "exec", dont_inherit=True)
                self._modules[name] = (package, path, zlib.compress(marshal.dumps(code), 9))

    def keep_data(self, folder: str, packages: Sequence[str]) -> None:
        """Takes the data files of packages below a folder."""
        with zipfile.ZipFile(self._data, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for package in packages:
                for path in _files(os.path.join(folder, package)):
                    if not path.endswith((".py", ".pyc")):
                        with open(path, "rb") as file:
                            # Without the builder's time: equal files give an equal archive.
                            archive.writestr(zipfile.ZipInfo(os.path.relpath(path, folder)), file.read(), zipfile.ZIP_DEFLATED)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        found = self._modules.get(fullname)
        if found is None:
            return None
        package, origin, _ = found
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=origin, is_package=package)
        spec.has_location = True
        return spec

    def exec_module(self, module: types.ModuleType) -> None:
        _, _, compressed = self._modules[module.__name__]
        exec(marshal.loads(zlib.decompress(compressed)), module.__dict__)

    def get_resource_reader(self, fullname: str) -> TraversableResources:
        """The data files of a package."""
        return _Resources(self._data, fullname.replace(".", "/") + "/")

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context = importlib.metadata.DistributionFinder.Context()
    ) -> Iterator[importlib.metadata.Distribution]:
        """What the packages say of themselves."""
        root = zipfile.Path(zipfile.ZipFile(self._data))
        for folder in root.iterdir():
            if folder.name.endswith(".dist-info"):
                found = importlib.metadata.PathDistribution(folder)  # type: ignore[arg-type]
                if context.name in (None, found.name):
                    yield found


class _Resources(TraversableResources):
    def __init__(self, data: io.BytesIO, folder: str) -> None:
        self._data = data
        self._folder = folder

    def files(self) -> zipfile.Path:
        return zipfile.Path(zipfile.ZipFile(self._data), self._folder)


def _modules(folder: str, prefix: str = "") -> Iterator[tuple[str, str, bool]]:
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        name = prefix + entry.removesuffix(".py")
        inside = os.path.join(path, "__init__.py")
        if entry.endswith(".py") and entry != "__init__.py" and name.replace(".", "").isidentifier():
            yield name, path, False
        elif os.path.isfile(inside) and entry.isidentifier():
            yield name, inside, True
            yield from _modules(path, f"{name}.")


def _files(folder: str) -> Iterator[str]:
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        if os.path.isdir(path):
            if entry != "__pycache__":
                yield from _files(path)
        else:
            yield path
