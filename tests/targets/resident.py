"""Plants memory of known kinds and sizes; obeys one word a line and answers each with a line of JSON.

A word that plants answers how many bytes of which parts of resident memory it has made."""

import ctypes
import json
import mmap
import os
import sys
import tempfile
import threading

MIB = 1 << 20
KEPT = []
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.mallopt(-3, 128 << 10)  # M_MMAP_THRESHOLD: else it follows what was freed


class Slots:
    """64 bytes with the head of the collector: a block of exactly that size."""

    __slots__ = ("a", "b", "c", "d")


class OnStack(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_char * (4 * MIB))]


def chunk(bytes_asked):
    return (bytes_asked + 8 + 15) & ~15


def objects():
    """Objects of 64 bytes, and of 2,000: those come from malloc."""
    small, large = 100000, 4000
    KEPT.append([Slots() for _ in range(small)])
    KEPT.append([bytes(2000 - 33 - 8) + b"" for _ in range(large)])
    KEPT.append([b"%d" % i * 400 for i in range(1000, 1000 + large)])
    lists = sum(map(sys.getsizeof, KEPT[-3:]))
    return {"objects": small * 64 + large * (chunk(2000 - 8) + chunk(1600 + 33)) + lists}


def fragments():
    """Pools of which a few blocks are left."""
    many = [Slots() for _ in range(200000)]
    pool = 16384 if sys.version_info >= (3, 10) else 4096
    pools = len(many) // ((pool - 48) // 64)
    left = many[::50]
    many.clear()
    KEPT.append(left)
    return {
        "python_free": pools * pool - len(left) * 64,
        "objects": len(left) * 64 + sys.getsizeof(left),
    }


def touched(count, size):
    blocks = [libc.malloc(size) for _ in range(count)]
    for block in blocks:
        libc.memset(block, 1, size)
    return blocks


def native():
    KEPT.append(touched(4000, 3000) + touched(4, 2 * MIB))
    return {"native_used": 4000 * chunk(3000) + 4 * (2 * MIB + 4096)}


def native_free():
    blocks = touched(1600, 20000)
    for block in blocks[::2]:
        libc.free(block)
    KEPT.append(blocks[1::2])
    half = len(blocks) // 2 * chunk(20000)
    return {"native_free": half, "native_used": half}


def files():
    with tempfile.TemporaryFile() as file:
        file.truncate(12 * MIB)
        mapped = mmap.mmap(file.fileno(), 12 * MIB, prot=mmap.PROT_READ)
        private = mmap.mmap(file.fileno(), 12 * MIB, flags=mmap.MAP_PRIVATE)
    assert sum(mapped[i] for i in range(0, len(mapped), 4096)) == 0
    for i in range(0, 6 * MIB, 4096):
        private[i] = 1
    KEPT.append((mapped, private))
    return {"files": 12 * MIB, "files_data": 6 * MIB}


def shared():
    memory = mmap.mmap(-1, 8 * MIB)
    for i in range(0, len(memory), 4096):
        memory[i] = 1
    KEPT.append(memory)
    return {"shared": len(memory)}


def stacks():
    """Threads that pass a large structure by value: their stacks stay that large."""
    threading.stack_size(16 * MIB)
    used, done = threading.Barrier(5), threading.Event()

    def work():
        libc.getpid(OnStack())
        used.wait()
        done.wait()

    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    used.wait()
    return {"stacks": 4 * 2 * 4 * MIB}  # libffi lays it down twice


def unknown():
    """Memory that C code maps itself."""
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, *[ctypes.c_size_t] * 5]
    memory = libc.mmap(None, 4 * MIB, 3, 0x22, 2**64 - 1, 0)
    libc.memset(memory, 1, 4 * MIB)
    return {"remainder": 4 * MIB}


def without_brk():
    """Something stands behind the heap, so malloc has to map more."""
    libc.sbrk.restype = ctypes.c_void_p
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, *[ctypes.c_size_t] * 5]
    behind = (libc.sbrk(0) + 4095) & ~4095
    fixed_anonymous_private = 0x100032
    assert libc.mmap(behind, 4096, 0, fixed_anonymous_private, 2**64 - 1, 0) == behind
    KEPT.append(touched(16000, 1000))
    return {"native_used": 16000 * chunk(1000)}


def trim():
    return libc.malloc_trim(0)


def arenas():
    """Threads that allocate all at a time, and free almost all of it."""
    begun = threading.Barrier(5)

    def work():
        begun.wait()
        blocks = touched(500, 5000)
        begun.wait()
        for block in blocks[1:]:
            libc.free(block)
        begun.wait()
        threading.Event().wait()

    for _ in range(4):
        threading.Thread(target=work, daemon=True).start()
    for _ in range(3):
        begun.wait()
    return 4


def stats():
    """What Python's allocator says of itself goes to standard error."""
    sys._debugmallocstats()
    sys.stderr.flush()
    return sys.getallocatedblocks()


print(json.dumps({"pid": os.getpid()}), flush=True)
for line in sys.stdin:
    print(json.dumps(globals()[line.strip()]()), flush=True)
