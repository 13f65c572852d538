"""orjson.dumps of a numpy array of strings: orjson asks for __array_struct__, cannot use it, and drops the capsule
without releasing it; the capsule owns the array."""

import numpy
import orjson


def as_list(array):
    return array.tolist()


def encode(array):
    orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY, default=as_list)


def call():
    encode(numpy.array(["a", "bcd", "ef"] * 10))
