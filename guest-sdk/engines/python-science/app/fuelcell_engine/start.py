"""What the engine does in each run."""

from __future__ import annotations

import sys

from fuelcell.end import Failure

from . import absent, cell, script

#: Where the libraries of the interpreter and those of the engine lie; scripts find them behind their own files.
LIBRARIES = ["/usr/local/lib/python315.zip", "/engine/packages.zip"]
ENVIRONMENT = {
    "HOME": "/tmp",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/.matplotlib",
    # Time zones come with the package tzdata.
    "PYTHONTZPATH": "",
    "TMPDIR": "/tmp",
}


def run() -> None:
    """Runs the script, and says how it ended."""
    host = cell.CellHost()
    absent.install()
    sys.dont_write_bytecode = True
    script.LIBRARIES[:] = LIBRARIES
    script.ENVIRONMENT.update(ENVIRONMENT)
    try:
        host.completed(script.run(host))
    except Failure as failure:
        host.failed(failure)
    except BaseException as error:
        # A mistake of the engine's own: what leaves here otherwise would have no reason.
        host.failed(Failure("EngineError", f"the engine failed: {error!r}"))
