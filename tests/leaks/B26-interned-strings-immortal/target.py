"""Keys of unpacked maps are interned, each only once."""

import itertools

import msgpack

numbers = itertools.count()


def call():
    return len(msgpack.unpackb(msgpack.packb({f"key {next(numbers)}": None})))
