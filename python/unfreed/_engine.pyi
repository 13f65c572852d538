import os
from types import TracebackType
from typing import NamedTuple, NoReturn, final

class SnapshotFile(NamedTuple):
    """What `snapshot` wrote."""

    path: str
    bytes: int
    objects: int
    references: int
    pause_seconds: float
    seconds: float

def main() -> NoReturn:
    """Runs the check that the program `unfreed` asked for, and ends the process."""

def snapshot(path: str | bytes | os.PathLike[str], *, redact: bool = False) -> SnapshotFile:
    """Writes the heap of this process into a file, from a copy of the process.

    Returns when the file is whole; other threads go on meanwhile. A heap holds secrets: the
    file is for its owner only (mode 0600), and redact=True leaves all contents out.
    """

@final
class Table:
    """Rows of a heap, for whoever reads Arrow: pyarrow, polars, DuckDB, ... (docs/sql.md)."""

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def num_rows(self) -> int: ...
    def __len__(self) -> int: ...
    def select(self, *columns: str, batch_rows: int = 1048576) -> Table:
        """The table with only these columns, in this order; none: all of them.

        Only what they need is computed. A consumer gets batches of at most `batch_rows` rows.
        """

    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Snapshot:
    """A heap in a file, as tables."""

    @property
    def path(self) -> str | bytes: ...
    @property
    def closed(self) -> bool: ...
    @property
    def objects(self) -> Table: ...
    @property
    def references(self) -> Table: ...
    @property
    def types(self) -> Table: ...
    def close(self) -> None:
        """Lets go of the file; what consumers have stays valid until they let go of it."""

    def __enter__(self) -> Snapshot: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

def open(path: str | bytes | os.PathLike[str]) -> Snapshot:
    """Opens a snapshot file: OSError, or ValueError when it is none or is damaged."""

def run(signal: int, pattern: str, redact: bool, /) -> None:
    """Answers a signal with snapshots; for the program `unfreed`."""

def answer_signal(signal: int, frame: object, /) -> None:
    """The handler that `run` sets."""
