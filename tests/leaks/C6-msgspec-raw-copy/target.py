"""msgspec.Raw.copy() makes a bytes object and hands it to Raw_New, which takes a reference of its own; the first one
is never given back."""

import msgspec

payload = msgspec.msgpack.encode(b"x" * 65536)
decoder = msgspec.msgpack.Decoder(msgspec.Raw)


def copied():
    decoder.decode(payload).copy()


def call():
    copied()
