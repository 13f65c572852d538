"""A task fails in a worker of this process; what the failure leaves behind is looked at."""

import logging

from celery import Celery
from celery.contrib.testing.worker import start_worker

logging.disable(logging.CRITICAL)
app = Celery("shop", broker="memory://", backend="cache+memory://")
app.conf.broker_transport_options = {"polling_interval": 0.001}
app.conf.worker_hijack_root_logger = False


@app.task
def fail():
    payload = bytearray(10_000)
    raise ValueError(len(payload))


worker = start_worker(app, pool="solo", perform_ping_check=False, loglevel="CRITICAL")
worker.__enter__()


def call():
    result = fail.delay()
    try:
        result.get(timeout=10, interval=0.001)
    except ValueError:
        result.forget()
