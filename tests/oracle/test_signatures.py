"""Groups by type and path against naive paths, on the heap of a real process."""

import pathlib
import subprocess
import sys

PROGRAM = """
import sys, json, sqlite3, email.mime.multipart, logging, decimal, collections
import unfreed

class Tree:
    def __init__(self, depth):
        self.depth = depth
        self.children = [Tree(depth - 1) for _ in range(2)] if depth else []
        self.by_name = {"left": self.children[:1], "right": self.children[1:]}
        for child in self.children:
            child.parent = self

TREE = Tree(8)
LINKS = None
for i in range(400):
    LINKS = (LINKS, {"value": i, ("a", i): {i, str(i)}})
ORDERED = collections.OrderedDict((str(i), collections.deque([i])) for i in range(100))
vars(TREE)["no identifier"] = {"x": frozenset(["a", "b"])}
GARBAGE = []
GARBAGE.append(GARBAGE)
del GARBAGE
unfreed.snapshot(sys.argv[1])
"""


def test_each_object_is_in_the_group_that_its_path_says(tmp_path):
    places = [pathlib.Path(folder) / "oracle_signatures" for folder in sys.path]
    rival = next(place for place in places if place.is_file())
    snapshot = tmp_path / "heap.snapshot"
    subprocess.run([sys.executable, "-c", PROGRAM, snapshot], check=True, timeout=120)
    done = subprocess.run([rival, snapshot], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    counted = next(line for line in done.stdout.splitlines() if " objects in " in line)
    assert int(counted.split()[1]) > 30_000
