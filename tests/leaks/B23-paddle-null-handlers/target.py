"""A client without a logger adds one more handler to a logger that all clients share."""

from paddle_billing import Client


def call():
    Client("no key is needed: nothing is sent")
