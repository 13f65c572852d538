"""Native memory, descriptors and threads that pile up, and twins that give everything back."""
import ctypes
import hashlib
import mmap
import os
import socket
import subprocess
import threading

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.calloc.restype = libc.realloc.restype = ctypes.c_void_p
libc.strdup.restype = libc.mmap.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.strdup.argtypes = [ctypes.c_char_p]
libc.free.argtypes = [ctypes.c_void_p]
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]

KEPT = []
HELD = []
STOP = threading.Event()


def take(size):
    return libc.malloc(size)


def lost_malloc():
    take(104)


def given_back_malloc():
    libc.free(take(104))


def lost_calloc():
    libc.calloc(3, 40)


def lost_realloc():
    libc.realloc(libc.malloc(40), 400)


def given_back_realloc():
    libc.free(libc.realloc(libc.malloc(40), 400))


def lost_strdup():
    libc.strdup(b"some text that nobody frees")


def two_places():
    libc.malloc(1000)
    lost_strdup()


def lost_structure():
    outer, inner = libc.malloc(64), libc.malloc(128)
    ctypes.c_void_p.from_address(outer).value = inner


def lost_mmap():
    libc.mmap(None, 12288, 3, 0x22, -1, 0)


def given_back_mmap():
    libc.munmap(libc.mmap(None, 12288, 3, 0x22, -1, 0), 12288)


def lost_in_a_thread():
    thread = threading.Thread(target=take, args=(120,))
    thread.start()
    thread.join()


class Sized:
    calls = 0
    buffer = None


def grown_buffer():
    Sized.calls += 1
    Sized.buffer = libc.realloc(Sized.buffer, 700 * Sized.calls)


def buffer_of_changing_size():
    Sized.calls += 1
    Sized.buffer = libc.realloc(Sized.buffer, 700 * (Sized.calls % 10 + 1))


def every_third():
    Sized.calls += 1
    if Sized.calls % 3 == 0:
        take(200)


def kept_hashes():
    """Each object owns a block of OpenSSL's: it is the object that leaks."""
    KEPT.append(hashlib.sha256(b"x"))


def kept_maps():
    KEPT.append(mmap.mmap(-1, 8192))


def kept_buffers():
    KEPT.append(ctypes.create_string_buffer(3000))


def kept_lists():
    KEPT.append([object() for _ in range(200)])


def last_result():
    """One block is always there: that of the last call."""
    if HELD:
        libc.free(HELD.pop())
    HELD.append(libc.malloc(5000))


def lost_descriptor():
    open_it()


def open_it():
    os.open("/dev/null", os.O_RDONLY)


def lost_socket_descriptor():
    socket.socket(socket.AF_UNIX).detach()


def lost_pipe():
    os.pipe()


def two_sorts_of_descriptors():
    lost_pipe()
    open_it()


def given_back_descriptors():
    os.close(os.open("/dev/null", os.O_RDONLY))
    for end in socket.socketpair():
        end.close()
    os.close(os.dup(0))


def lost_thread():
    start_it()


def start_it():
    threading.Thread(target=STOP.wait, daemon=True).start()


def forked_children():
    """What a child leaves is not of this process."""
    pid = os.fork()
    if pid == 0:
        libc.malloc(10000)
        os.open("/dev/null", os.O_RDONLY)
        os._exit(0)
    os.waitpid(pid, 0)
    take(300)


def sees_no_preload():
    assert "LD_PRELOAD" not in os.environ
    assert "UNFREED_PRELOAD" not in os.environ
    seen = subprocess.run(["env"], capture_output=True, text=True).stdout
    assert "PRELOAD=" not in seen, seen


def sees_own_preload():
    wanted = os.environ["WANTED"]
    assert os.environ["LD_PRELOAD"] == wanted
    seen = subprocess.run(["env"], capture_output=True, text=True).stdout.splitlines()
    assert f"LD_PRELOAD={wanted}" in seen
    assert not [line for line in seen if line.startswith("UNFREED_PRELOAD")]
