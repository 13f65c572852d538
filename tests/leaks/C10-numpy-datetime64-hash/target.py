"""hash() of a numpy.datetime64: the descriptor made by PyArray_DescrFromScalar is not released."""

import numpy


def hashed(second):
    hash(numpy.datetime64(second, "s"))


def call():
    for second in range(10):
        hashed(second)
