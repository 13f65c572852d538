"""An application is instrumented and uninstrumented; the set of instrumented ones keeps it."""

import fastapi
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

# The default provider of meters keeps one for each application, which is another story.
PROVIDERS = {"tracer_provider": NoOpTracerProvider(), "meter_provider": NoOpMeterProvider()}


def call():
    app = fastapi.FastAPI()
    FastAPIInstrumentor.instrument_app(app, **PROVIDERS)
    FastAPIInstrumentor.uninstrument_app(app)
