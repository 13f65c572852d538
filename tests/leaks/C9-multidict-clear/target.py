"""A MultiDict is filled, emptied key by key, and dropped: md_clear() returns early when nothing is in use, without
freeing the table."""

import multidict

names = [f"key{i}" for i in range(100)]


def call():
    table = multidict.MultiDict()
    for name in names:
        table[name] = name
    for name in names:
        del table[name]
