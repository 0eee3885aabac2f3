"""Runs the code of a notebook's cells, one after the other, as plain Python does. Prints its version and the processor time
of the cells."""

import json
import platform
import sys
import time

with open(sys.argv[1], encoding="utf-8") as file:
    notebook = json.load(file)
sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
names = {"__name__": "__main__"}
begun = time.process_time()
for source in sources:
    exec(compile(source, "cell", "exec"), names)
print(f"cpuSeconds {time.process_time() - begun:.6f}")
print(f"version {platform.python_version()}")
