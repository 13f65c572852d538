"""Greenlets run a function to its end and are dropped: the 16 KiB chunk of interpreter frames stays."""

import greenlet


def inner(depth):
    return depth and inner(depth - 1)


def work():
    inner(5)


def call():
    greenlet.greenlet(work).switch()
