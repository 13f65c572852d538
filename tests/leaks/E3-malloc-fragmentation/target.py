"""Resident memory that grows and stays while nothing is kept: small blocks that live on lie between
large ones that are freed, and glibc cannot give the pages back."""

import collections

survivors = collections.deque(maxlen=2000)


def call():
    buffers = []
    for _ in range(200):
        buffers.append(bytearray(b"x") * 100_000)  # under 128 KiB: from the heap, not from mmap
        survivors.append(bytes(1000))  # over 512 bytes: from malloc too
    del buffers
