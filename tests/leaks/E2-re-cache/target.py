"""re keeps compiled patterns in a cache with a bound of 512: it fills up, and that is all."""

import itertools
import re

_number = itertools.count()


def call():
    for _ in range(25):
        re.compile(f"x{next(_number)}[a-c]+")
