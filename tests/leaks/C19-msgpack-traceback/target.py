"""Iterating over an Unpacker to its end."""

import io

import msgpack

data = msgpack.packb([1, 2, 3]) * 3


def call():
    for _ in msgpack.Unpacker(io.BytesIO(data)):
        pass
