"""ujson.dumps of a dict with int keys: the encoder loses a reference to each key."""

import itertools

import ujson

numbers = itertools.count(10**6)


def call():
    for _ in range(10):
        ujson.dumps({next(numbers): [1]})
