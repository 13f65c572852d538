"""Each text that is warned of is noted in the registry of the module, whether it is shown or not."""

import itertools
import warnings

numbers = itertools.count()


def call():
    warnings.warn(f"order {next(numbers)} has no address", stacklevel=1)
