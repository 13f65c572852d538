"""A DataFrame is made, written as JSON, and dropped: get_values() of the encoder loses the array that `.values` of each
index gives it."""

import pandas

column = [1.5, 2.5, 3.5] * 100


def call():
    pandas.DataFrame({"a": column, "b": column}).to_json()
