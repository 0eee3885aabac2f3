"""What the job DataEnrichment does in the benchmark, by xan: six steps on the generated table of orders, the result as CSV, and a
profile before and after. It has no title case, and its profile has neither patterns of texts nor quantiles beyond quartiles.
Prints the processor time of all its processes, and the largest peak of memory of one."""

import resource
import subprocess
import sys

SPELLINGS = {
    "de": "DE", "Germany": "DE", "fr": "FR", "France": "FR", "gb": "GB", "United Kingdom": "GB",
    "se": "SE", "Sweden": "SE", "es": "ES", "Spain": "ES",
}


def main():
    source, xan, result = sys.argv[1:4]
    spellings = "{" + ", ".join(f'"{said}": "{meant}"' for said, meant in SPELLINGS.items()) + "}"
    clean = ", ".join([
        "try(int(quantity)) as quantity",
        r'name.replace(/\s+/, " ").trim().lower() as name',
        f"get({spellings}, country, country) as country",
        'email.slice(0, -4).replace(/./, "*") ++ email.slice(-4) as email',
    ])
    amount = 'quantity * unit_price * (1 - (discount || 0)) as amount'
    with open(result, "wb") as out:
        steps = [
            ["filter", 'status ne "cancelled" && try(int(quantity))', source],
            ["map", "-O", clean],
            ["map", amount],
        ]
        processes, before = [], None
        for number, step in enumerate(steps):
            into = out if number == len(steps) - 1 else subprocess.PIPE
            process = subprocess.Popen([xan, *step], stdin=before, stdout=into)
            if before is not None:
                before.close()
            before = process.stdout
            processes.append(process)
        ended = [process.wait() for process in processes]
        if any(ended):
            sys.exit(f"xan ended with {ended}")
    for table in (source, result):
        for profile in (["stats", "--approx"], ["frequency", "--limit", "10"]):
            subprocess.run([xan, *profile, table], check=True, stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"cpuSeconds {used.ru_utime + used.ru_stime:.6f}")
    print(f"peakMemoryBytes {used.ru_maxrss * 1024}")


main()
