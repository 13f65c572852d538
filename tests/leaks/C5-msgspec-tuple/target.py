"""msgspec decodes an array of more than 16 items into a tuple by way of a list, whose count is one too high."""

import msgspec

data = msgspec.msgpack.encode(list(range(20)))
decoder = msgspec.msgpack.Decoder(tuple)


def decode():
    decoder.decode(data)


def call():
    for _ in range(10):
        decode()
