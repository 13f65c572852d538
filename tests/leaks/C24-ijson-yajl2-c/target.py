"""Parsing a small document with the C backend."""

import io

import ijson.backends.yajl2_c as ijson

data = b'{"a": [1, 2.5, "x", {"b": null}], "c": true}'


def call():
    for _ in range(10):
        list(ijson.items(io.BytesIO(data), "a.item"))
