"""Headers are made for a request inside a span: each time one more event processor is listed."""

import sentry_sdk
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from sentry_sdk.integrations.opentelemetry.propagator import SentryPropagator
from sentry_sdk.integrations.opentelemetry.span_processor import SentrySpanProcessor

sentry_sdk.init(instrumenter="otel")
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SentrySpanProcessor())
tracer = provider.get_tracer("shop")
propagator = SentryPropagator()


def call():
    span = tracer.start_span("order")
    propagator.inject({}, context=trace.set_span_in_context(span))
    span.end()
