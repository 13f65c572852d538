"""Heaps with known contents, as snapshot files, for the tests of exports."""

import json
import subprocess
import sys

# Every size is what sys.getsizeof says; with __slots__ an instance is one object on every version.
SHOP = """
import json, sys
import unfreed

class Session:
    __slots__ = ("user", "blob")
    def __init__(self, number):
        self.user = f"user {number}"
        self.blob = bytes(1000 + number)

class Store:
    __slots__ = ("_sessions",)

class Node:
    __slots__ = ("next",)

STORE = Store()
STORE._sessions = {f"key {number}": Session(number) for number in range(int(sys.argv[2]))}
HEAD = None
for _ in range(5000):
    node, HEAD = HEAD, Node()
    HEAD.next = node
del node, _
SHARED_A = SHARED_B = [b"x" * 5000]
ODD = {"quote ' \\" back \\\\ slash": 1, "line\\nbreak": 2, "\\ud800 lone": 3, "snow \\u2603": 4}

size = sys.getsizeof
sessions = [*STORE._sessions.values()]
facts = {
    "sessions": sum(size(s) for s in sessions),
    "blobs": sum(size(s.blob) for s in sessions),
    "users": sum(size(s.user) for s in sessions),
    "keys": sum(size(key) for key in STORE._sessions),
    "table": size(STORE._sessions),
    "store": size(STORE),
    "nodes": 5000 * size(HEAD),
    "address": hex(id(STORE)),
    "refcount": sys.getrefcount(STORE) - 1,
    "table_address": hex(id(STORE._sessions)),
    "head": hex(id(HEAD)),
    "odd": hex(id(ODD)),
    "shared": hex(id(SHARED_A)),
}
del sessions
unfreed.snapshot(sys.argv[1])
print(json.dumps(facts))
"""


def shop(folder, sessions, name="shop"):
    """(path of the snapshot, what is known about the heap in it)"""
    script = folder / "shop.py"
    script.write_text(SHOP)
    path = folder / f"{name}.snapshot"
    done = subprocess.run(
        [sys.executable, script, path, str(sessions)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    parts = ("sessions", "blobs", "users", "keys", "table", "store")
    facts["store_retains"] = sum(facts[part] for part in parts)
    return path, facts
