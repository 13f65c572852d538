"""Each schema instance carries a large context; the last few stay in a cache of the class."""

from marshmallow import Schema, fields


class Person(Schema):
    name = fields.Str()


def call():
    schema = Person(context={"payload": bytearray(100_000)})
    return schema.dump({"name": "Ada"})
