"""ujson.dumps of a dict with int keys: the encoder loses a reference to each key."""

import itertools

import ujson

numbers = itertools.count(10**6)


def encode():
    ujson.dumps({next(numbers): [1]})


def call():
    for _ in range(10):
        encode()
