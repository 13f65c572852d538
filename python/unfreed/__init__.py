"""Finds what a Python program never lets go of. The program is `unfreed`; this package carries it.

Nothing is imported here: the package is loaded into the programs that are measured.
"""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("unfreed")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
