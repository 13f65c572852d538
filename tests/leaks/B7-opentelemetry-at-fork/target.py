"""A span processor is made, used by nobody, shut down and forgotten; the at-fork list keeps it."""

from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter


def call():
    processor = BatchSpanProcessor(ConsoleSpanExporter())
    processor.shutdown()
