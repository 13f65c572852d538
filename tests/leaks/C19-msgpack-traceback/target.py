"""Iterating over an Unpacker to its end, which it notices by an exception of its own."""

import io

import msgpack

data = msgpack.packb([1, 2, 3]) * 3


def iterate():
    for _ in msgpack.Unpacker(io.BytesIO(data)):
        pass


def call():
    iterate()
