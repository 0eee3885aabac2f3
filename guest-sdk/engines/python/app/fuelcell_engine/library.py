"""What scripts can import: all of the standard library that works without the parts in C that WASI lacks, and the packages of
`requirements.txt`.

What scripts commonly use is imported when the engine is built, so that it is there at once. The rest is in the archive.
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import sys

from .archive import Archive

#: Imported at build.
COMMON = """
abc argparse array ast asyncio base64 binascii bisect calendar cmath codecs collections collections.abc concurrent.futures
configparser contextlib contextvars copy csv dataclasses datetime decimal difflib email email.message email.parser email.policy
encodings.ascii encodings.cp1252 encodings.cp437 encodings.idna encodings.latin_1 encodings.utf_16 encodings.utf_8_sig enum
fnmatch fractions functools gc getpass glob graphlib gzip hashlib heapq hmac html html.entities html.parser http inspect
importlib importlib.metadata importlib.resources importlib.util io ipaddress itertools json keyword linecache locale logging
marshal math mimetypes numbers operator os pathlib pickle pkgutil platform pprint queue random re secrets shlex shutil signal
socket sqlite3 stat statistics string struct subprocess sys tempfile textwrap threading time timeit token tokenize traceback types
typing unicodedata urllib.parse uuid warnings weakref xml.etree.ElementTree zipfile zlib zoneinfo
""".split()

#: IPython's shell and what renders notebooks, imported at build: they make some two hundred modules.
NOTEBOOKS = """
IPython IPython.core.interactiveshell IPython.core.magics IPython.display IPython.lib.display IPython.lib.pretty
IPython.utils.timing ipython_pygments_lexers mistune pygments pygments.formatters.html pygments.lexers.python
pygments.styles.default stack_data traitlets.config
""".split()

#: Of no use in a cell: windows, terminals, other programs, other systems, tests, the library's own tools.
LEFT_OUT = (
    "__hello__",
    "__phello__",
    "IPython.external",
    "IPython.sphinxext",
    "IPython.terminal",
    "_aix_support",
    "_android_support",
    "_apple_support",
    "_ios_support",
    "_osx_support",
    "_pyrepl",
    "antigravity",
    "asyncio.windows_events",
    "asyncio.windows_utils",
    "concurrent.interpreters",
    "ctypes",
    "curses",
    "encodings.mbcs",
    "encodings.oem",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "multiprocessing",
    "pydoc_data",
    "pygments.lexers",
    "pygments.styles",
    "site",
    "ssl",
    "test",
    "this",
    "tkinter",
    "turtle",
    "turtledemo",
    "venv",
)


def _wanted(name: str) -> bool:
    if any(part in ("test", "tests", "__main__") for part in name.split(".")):
        return False
    return not any(name == left or name.startswith(f"{left}.") for left in LEFT_OUT)


def collect() -> None:
    """Imports what is common, and puts the rest into an archive that is asked last."""
    for name in [*COMMON, *NOTEBOOKS]:
        importlib.import_module(name)
    for magics in pkgutil.iter_modules(sys.modules["IPython.core.magics"].__path__, "IPython.core.magics."):
        importlib.import_module(magics.name)
    # Read now, for its file is gone later: what tracebacks of notebooks look like.
    sys.modules["IPython.utils.PyColorize"].theme_table["nocolor"]
    archive = Archive()
    archive.fill("/python", _wanted)
    packages = next(folder for folder in sys.path if os.path.isdir(os.path.join(folder, "tzdata")))
    archive.fill(packages, _wanted)
    archive.keep_data(packages, ["tzdata", *(name for name in os.listdir(packages) if name.endswith(".dist-info"))])
    sys.meta_path.append(archive)


def settle() -> None:
    """What is imported now stays: collecting garbage does not look at it, so that its pages stay shared."""
    gc.collect()
    gc.freeze()
