"""`python -m fuelcell pack`: what an author needs of a command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .pack import PackError, pack


def main(arguments: list[str] | None = None) -> int:
    """Runs the command. 0 when it did what was asked."""
    parser = argparse.ArgumentParser(prog="python -m fuelcell", description="Jobs in Python for Fuelcell.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    packing = commands.add_parser("pack", help="make an archive of a script: a module that a server takes")
    packing.add_argument("folder", type=Path, nargs="?", default=Path(), help="the folder of the script (default: here)")
    packing.add_argument("--entry", default="main.py", help="the file that is run (default: main.py)")
    packing.add_argument("--out", type=Path, help="the archive (default: NAME.zip here, by the folder's name)")
    packing.add_argument("--manifest", type=Path, help="a manifest in place of what the script declares with @job")
    chosen = parser.parse_args(arguments)
    folder = chosen.folder.resolve()
    out = chosen.out or Path(f"{folder.name or 'script'}.zip")
    try:
        manifest = pack(folder, out, entry=chosen.entry, manifest=chosen.manifest)
    except PackError as error:
        print(f"fuelcell: {error}", file=sys.stderr)
        return 1
    print(f"{out}: {manifest.get('title', '')}, {out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
