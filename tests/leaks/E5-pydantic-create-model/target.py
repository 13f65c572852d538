"""Classes made and dropped: a class is a cycle by nature (its __mro__ holds itself)."""

import pydantic


def call():
    model = pydantic.create_model("Model", name=(str, ...), number=(int, 0))
    model(name="x")
