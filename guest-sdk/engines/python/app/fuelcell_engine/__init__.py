"""The component: what it is when it is built, and what it does when it runs.

Everything on this level happens once, when the engine is built; the memory as it is then is what each run begins with.
"""

from __future__ import annotations

import sys

import wit_world
from fuelcell.end import Failure

from . import absent, cell, library, script, syntax

library.collect()
absent.install()
sys.dont_write_bytecode = True
library.settle()


class WitWorld(wit_world.WitWorld):
    """What the cell calls."""

    def run(self) -> object:
        try:
            host = cell.CellHost()
            return cell.completed(syntax.check(host) if script.is_checked() else script.run(host))
        except Failure as failure:
            raise cell.failed(failure) from None
        except BaseException as error:
            # A mistake of the engine's own: what leaves here otherwise would be a trap without a reason.
            raise cell.failed(Failure("EngineError", f"the engine failed: {error!r}")) from None

    def describe(self) -> str:
        return '{"interface": "0.1", "title": "Python 3.14", "description": "Runs scripts in Python.", "inputs": [], "outputs": []}'
