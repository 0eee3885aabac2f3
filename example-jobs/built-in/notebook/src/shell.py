"""IPython's own shell in a cell of the server: what Jupyter's kernel does, without its sockets and threads."""

from __future__ import annotations

import base64
import builtins
import importlib.util
import io
import os
import sys
from importlib import metadata
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError, UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

try:
    from fuelcell_engine.absent import hint
except ModuleNotFoundError:  # Natively, in tests: what is there is the machine's matter.

    def hint(error: ModuleNotFoundError, more: str = "") -> str | None:
        return f"{error.name}: {more}"


Output = dict[str, Any]

#: What there is, and how a notebook gets more.
_PACKAGES = (
    "there are the standard library and what %pip list shows, and a wheel of pure Python can be given in `lookups` and "
    "found by sys.path.append('/in/lookups/NAME')"
)
_PROGRAMS = "a cell of the server runs no other programs"
_INSTALLED = f"nothing can be installed while a notebook runs: {_PACKAGES}"
_NOBODY = "a notebook that runs by itself has nobody to ask"
#: Magics that make no sense here, and why.
_REFUSED = {
    _PROGRAMS: "bash perl pypy python python2 python3 ruby script sh sx system killbgscripts sc",
    _INSTALLED: "conda mamba micromamba uv",
    _NOBODY: "debug pdb ed edit pastebin",
}


#: Whether the engine has matplotlib.
_FIGURES = importlib.util.find_spec("matplotlib") is not None


class Recorder:
    """The outputs of the notebook's cell that runs."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self._displays: dict[str, list[Output]] = {}
        self._clear_next = False

    def begin(self) -> None:
        """A new cell begins."""
        self.outputs, self._clear_next = [], False

    def add(self, output: Output, display: str | None = None) -> None:
        """Appends an output; of one with a display's id, all of this id can be changed later."""
        self._cleared()
        if display is not None:
            self._displays.setdefault(display, []).append(output)
        self.outputs.append(output)

    def stream(self, name: str, text: str) -> None:
        """Appends text to a stream."""
        if not text:
            return
        self._cleared()
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def update(self, display: str, data: dict[str, Any], about: dict[str, Any]) -> None:
        """Changes the outputs of a display."""
        for output in self._displays.get(display, []):
            output["data"], output["metadata"] = data, about

    def clear(self, wait: bool) -> None:
        """Empties the cell, at once or when the next output comes."""
        if wait:
            self._clear_next = True
        else:
            self.outputs.clear()

    def _cleared(self) -> None:
        if self._clear_next:
            self.outputs.clear()
            self._clear_next = False


class Stream(io.TextIOBase):
    """Standard output or error: into the notebook, and line by line into the job's log."""

    def __init__(self, name: str, recorder: Recorder, log: Any) -> None:
        self.name = name
        self._recorder = recorder
        self._log = log

    encoding = "utf-8"  # type: ignore[assignment]

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.stream(self.name, text)
        self._log.write(text)
        return len(text)

    def flush(self) -> None:
        self._log.flush()


class _Hook(DisplayHook):
    """What the last expression of a cell is."""

    recorder: Recorder

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self.recorder.add(
            {
                "output_type": "execute_result",
                "execution_count": self.prompt_count,
                "data": plain(format_dict),
                "metadata": plain(md_dict or {}),
            }
        )

    def finish_displayhook(self) -> None:
        sys.stdout.flush()
        self._is_active = False


class _Publisher(DisplayPublisher):
    """What a cell displays."""

    recorder: Recorder

    def publish(  # type: ignore[override]
        self, data: dict[str, Any], metadata: dict[str, Any] | None = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        display = (transient or {}).get("display_id")
        shown, about = plain(data), plain(metadata or {})
        if update and display is not None:
            self.recorder.update(display, shown, about)
        else:
            self.recorder.add({"output_type": "display_data", "data": shown, "metadata": about}, display)

    def clear_output(self, wait: bool = False) -> None:
        self.recorder.clear(wait)


def plain(value: Any) -> Any:
    """Data as JSON has them: pictures are base64, as nbformat wants them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


class Shell(InteractiveShell):
    """The shell, with its outputs in a recorder."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    recorder: Recorder

    def init_io(self) -> None:
        pass

    def init_sys_modules(self) -> None:
        self._main_mod_cache = {}
        sys.modules[self.user_module.__name__] = self.user_module

    def enable_gui(self, gui: Any = None) -> None:
        if gui is not None:
            raise UsageError("a cell of the server has no windows")

    def enable_matplotlib(self, gui: Any = None) -> Any:
        if not _FIGURES:
            raise UsageError(hint(ModuleNotFoundError(name="matplotlib")))
        if gui not in (None, "inline", "agg"):
            raise UsageError(f"a cell of the server has no windows for {gui}: %matplotlib inline")
        return super().enable_matplotlib("inline")

    def system(self, command: str) -> None:  # type: ignore[override]
        raise OSError(f"{_PROGRAMS}: {command.strip()[:80]}")

    system_raw = system_piped = system

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
        self.system(command)

    def _showtraceback(self, etype: Any, evalue: BaseException, stb: list[str]) -> None:
        name, text = str(getattr(etype, "__name__", etype)), str(evalue)
        reason = hint(evalue, _PACKAGES) if isinstance(evalue, ModuleNotFoundError) else None
        trace = [*stb, reason] if reason else list(stb)
        self.recorder.add({"output_type": "error", "ename": name, "evalue": text, "traceback": trace})


def start(recorder: Recorder, clocks_run: bool = True) -> Shell:
    """Makes the shell. What it would keep between sessions it does not keep. Where clocks do not run, nothing is timed."""
    home = "/tmp/.ipython" if os.path.isdir("/tmp") else "."
    os.environ.update({"IPYTHONDIR": home, "HOME": "/tmp", "TERM": "dumb"})
    if _FIGURES:
        # Figures are shown behind their cell, as in Jupyter, without a magic that asks for it.
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    if os.path.isdir("/out"):
        # What a notebook saves beside itself is an output.
        os.chdir("/out")
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.autoawait = True
    config.InteractiveShell.history_load_length = 0
    config.InteractiveShell.ipython_dir = home
    _Hook.recorder = _Publisher.recorder = Shell.recorder = recorder
    # One of its own for each notebook: tests run several.
    Shell.clear_instance()
    shell = Shell.instance(config=config)
    shell.register_magic_function(_pip, "line", "pip")
    for reason, names in _REFUSED.items():
        for name in names.split():
            _refuse(shell, name, reason)
    if not clocks_run:
        _refuse(shell, "timeit", "clocks stand in a deterministic job, so that nothing can be timed")
    builtins.input = _no_input  # type: ignore[assignment]
    return shell


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError(f"{_NOBODY}: use parameters")


def _refuse(shell: Shell, name: str, reason: str) -> None:
    def refused(line: str, cell: str | None = None) -> None:
        raise UsageError(f"%{name}: {reason}")

    shell.register_magic_function(refused, "line_cell", name)


def _pip(line: str) -> None:
    """`%pip list` shows what there is; nothing can be installed."""
    if line.split()[:1] != ["list"]:
        raise UsageError(_INSTALLED)
    found = sorted({(one.metadata["Name"], one.version) for one in metadata.distributions() if one.metadata["Name"]})
    for name, version in found:
        print(f"{name:<24} {version}")
