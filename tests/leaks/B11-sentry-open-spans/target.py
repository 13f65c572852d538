"""Spans are started and never ended; their start lies so far back that they may be given up."""

import time

import sentry_sdk
from opentelemetry.sdk.trace import TracerProvider
from sentry_sdk.integrations.opentelemetry import SentrySpanProcessor

HOUR_NS = 3600 * 10**9


def drop(envelope):
    """Stands for the connection to the server."""


sentry_sdk.init("http://key@127.0.0.1:9/1", instrumenter="otel", transport=drop)
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SentrySpanProcessor())
tracer = provider.get_tracer("shop")


def call():
    tracer.start_span("order", start_time=time.time_ns() - HOUR_NS)
