"""Where the interpreter begins: it runs the script, and tells the host how that ended."""

import sys

sys.path.append("/engine/packages.zip")

from fuelcell_engine import start  # noqa: E402

start.run()
