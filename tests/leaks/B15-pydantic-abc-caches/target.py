"""Classes of a plug-in are asked whether they are models: each subclass of BaseModel notes it."""

import itertools

from pydantic import BaseModel

MODELS = [type(f"Model{i}", (BaseModel,), {}) for i in range(20)]
PLUGINS = [type(f"Plugin{i}", (), {}) for i in range(10_000)]
numbers = itertools.count()


def call():
    return issubclass(PLUGINS[next(numbers) % len(PLUGINS)], BaseModel)
