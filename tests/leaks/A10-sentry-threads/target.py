"""A thread that did its work, under sentry's integration for threads."""

import threading

import sentry_sdk
from sentry_sdk.integrations.threading import ThreadingIntegration

sentry_sdk.init(integrations=[ThreadingIntegration()], default_integrations=False)


def work(data):
    pass


def call():
    thread = threading.Thread(target=work, args=(bytearray(10_000),))
    thread.start()
    thread.join()
