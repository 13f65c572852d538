"""numpy.add.reduce(array, out=...): the reduction takes a reference to `out` and does not give it back. Single floats:
numpy.empty() without a dtype loses a reference to the default one in all versions, which is another fault."""

import numpy

array = numpy.ones((2, 10000), "f4")


def added():
    numpy.add.reduce(array, out=numpy.empty(10000, "f4"))


def call():
    added()
