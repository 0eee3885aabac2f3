"""What the engine does in each run."""

from __future__ import annotations

import sys
import zipimport

from fuelcell.end import Completion, Failure

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


class Added:
    """Lets the package with data sets find those that the engine adds: the interpreter remembers what its archive held
    when it was made, and to read that anew takes a tenth of a second."""

    PACKAGE = "statsmodels.datasets"

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name == self.PACKAGE:
            sys.meta_path.remove(self)
            for importer in sys.path_importer_cache.values():
                if isinstance(importer, zipimport.zipimporter) and importer.archive == LIBRARIES[0]:
                    importer.invalidate_caches()


def _checked(host: cell.CellHost) -> Completion:
    # What runs need not read.
    from . import syntax

    return syntax.check(host)


def run() -> None:
    """Runs the script, or has its sources checked, and says how it ended."""
    host = cell.CellHost()
    absent.install()
    sys.meta_path.insert(0, Added())
    sys.dont_write_bytecode = True
    script.LIBRARIES[:] = LIBRARIES
    script.ENVIRONMENT.update(ENVIRONMENT)
    try:
        host.completed(_checked(host) if script.is_checked() else script.run(host))
    except Failure as failure:
        host.failed(failure)
    except BaseException as error:
        # A mistake of the engine's own: what leaves here otherwise would have no reason.
        host.failed(Failure("EngineError", f"the engine failed: {error!r}"))
