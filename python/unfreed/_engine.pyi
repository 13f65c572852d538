import os
from typing import NamedTuple, NoReturn

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
