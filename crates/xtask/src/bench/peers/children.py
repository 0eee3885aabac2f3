"""Runs a command, and prints the processor time of it with all that it started, and the largest memory of one of these
processes."""

import resource
import subprocess
import sys

subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"cpuSeconds {used.ru_utime + used.ru_stime:.6f}")
print(f"peakMemoryBytes {used.ru_maxrss * 1024}")
