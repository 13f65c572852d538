"""A progress bar of a notebook over an array, done and closed. All widgets are closed as well:
tqdm closes its box but not the parts of it, which ipywidgets would keep in a registry."""

import contextlib
import io

import numpy
from ipywidgets import Widget
from tqdm.notebook import tqdm_notebook


def call():
    with contextlib.redirect_stdout(io.StringIO()):
        for _ in tqdm_notebook(numpy.ones((3, 10_000))):
            pass
        Widget.close_all()
