"""Every serialize() defines functions that refer to each other through their closures."""

from sentry_sdk.serializer import serialize

EVENT = {"message": "hello", "extra": {"numbers": [1, 2, 3]}}


def call():
    serialize(EVENT)
