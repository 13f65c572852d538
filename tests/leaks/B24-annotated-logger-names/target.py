"""A decorated function takes a logger with a new name at each call."""

from annotated_logger import AnnotatedLogger

annotate_logs = AnnotatedLogger(name="shop", log_level="ERROR").annotate_logs


@annotate_logs(_typing_requested=True, _typing_self=False)
def work(annotated_logger):
    annotated_logger.info("below the level: nothing is written")


def call():
    work()
