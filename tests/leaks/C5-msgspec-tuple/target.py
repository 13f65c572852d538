"""msgspec decodes an array of more than 16 items into a tuple: its count is one too high."""

import msgspec

data = msgspec.msgpack.encode(list(range(20)))
decoder = msgspec.msgpack.Decoder(tuple)


def call():
    for _ in range(10):
        decoder.decode(data)
