"""Lets paramiko 2.1, of 2017, load into a Python of today: `async` was a name then, and MutableMapping in collections."""

import collections
import collections.abc
import importlib.machinery
import re
import sys
import warnings


class Renaming(importlib.machinery.SourceFileLoader):
    """Loads a source with `async` renamed, and from the source only."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return self.source_to_code(re.sub(rb"\basync\b", b"async_", self.get_data(path)), path)


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and name.partition(".")[0] == "paramiko":
            spec.loader = Renaming(spec.loader.name, spec.loader.path)
        return spec


collections.MutableMapping = collections.abc.MutableMapping
sys.meta_path.insert(0, Finder)
warnings.simplefilter("ignore")  # ciphers that cryptography is about to drop

import paramiko  # noqa: E402, F401
