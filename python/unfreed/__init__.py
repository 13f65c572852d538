"""Finds what a Python program never lets go of. The program is `unfreed`; this package carries it.

Nothing is imported here: the package is loaded into the programs that are measured.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unfreed._engine import Snapshot as Snapshot
    from unfreed._engine import SnapshotFile as SnapshotFile
    from unfreed._engine import Table as Table
    from unfreed._engine import open as open
    from unfreed._engine import snapshot as snapshot


def __getattr__(name: str) -> object:
    if name in ("open", "snapshot"):
        from unfreed import _engine

        globals()[name] = getattr(_engine, name)
        return globals()[name]
    if name == "__version__":
        from importlib.metadata import version

        return version("unfreed")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
