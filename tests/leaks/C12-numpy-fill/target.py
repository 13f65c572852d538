"""ndarray.fill(number) on an array of objects: the scalar's count is one too high afterwards."""

import itertools

import numpy

array = numpy.zeros(10, object)
numbers = itertools.count()


def fill():
    array.fill(float(next(numbers)))


def call():
    for _ in range(10):
        fill()
