"""A row of a result that is kept in a dict which is itself a value of the row."""

from sqlalchemy.cresultproxy import BaseRow
from sqlalchemy.engine.result import result_tuple

make_row = result_tuple(["a"])


def call():
    value = {}
    row = make_row([value])
    assert isinstance(row, BaseRow)
    value["row"] = row
