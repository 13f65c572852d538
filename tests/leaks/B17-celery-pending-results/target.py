"""A result is waited for by a callback and then forgotten; the backend's map keeps it."""

import itertools
import pathlib
import subprocess
import sys

from celery import Celery

server = subprocess.Popen(
    [sys.executable, pathlib.Path(__file__).with_name("redis_server.py")],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
url = f"redis://127.0.0.1:{int(server.stdout.readline())}/0"
app = Celery("shop", backend=url, broker="memory://")
numbers = itertools.count()


def done(result):
    """Never called: no worker is there."""


app.AsyncResult("kept").then(done)


def call():
    result = app.AsyncResult(f"task {next(numbers)}")
    result.then(done)
    result.forget()
    consumer = app.backend.result_consumer
    channels = consumer._pubsub
    while channels.pending_unsubscribe_channels or channels.connection.can_read(timeout=0):
        consumer.drain_events(timeout=0.1)  # the server's answers to subscribe and unsubscribe
