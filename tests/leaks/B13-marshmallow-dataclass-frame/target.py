"""A schema is asked for in a function that has a large local: the cache keeps the whole frame."""

from dataclasses import dataclass

import marshmallow
from marshmallow_dataclass import class_schema


@dataclass
class Person:
    name: str


class Base(marshmallow.Schema):
    pass


def call():
    report = bytearray(100_000)
    schema = class_schema(Person, base_schema=Base)
    return schema, len(report)
