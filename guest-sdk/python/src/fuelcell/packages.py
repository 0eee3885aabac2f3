"""What the engines have, which scripts need not bring. The server's lists (`crates/domain/src/script.rs`) are the same."""

#: What the engines for Python have beside the standard library.
PYTHON = (
    "asttokens",
    "executing",
    "ipython",
    "ipython-pygments-lexers",
    "mistune",
    "pure-eval",
    "pygments",
    "stack-data",
    "traitlets",
    "tzdata",
)
#: What the engine `python-science` has beside these, by the names under which it is imported.
SCIENTIFIC = (
    "PIL",
    "formulaic",
    "lxml",
    "matplotlib",
    "mpl_toolkits",
    "networkx",
    "numpy",
    "openpyxl",
    "pandas",
    "patsy",
    "pylab",
    "scipy",
    "seaborn",
    "sklearn",
    "statsmodels",
    "sympy",
)


def there() -> str:
    """For whoever is refused what they brought."""
    return (
        f"without vendoring there are, beside the standard library, {', '.join(PYTHON)} on the engine python, and "
        f"{', '.join(SCIENTIFIC)} on the engine python-science"
    )
