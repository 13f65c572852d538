"""An object with a hiredis.Reader that calls the object's own method."""

import hiredis


class Parser:
    def __init__(self):
        self.reader = hiredis.Reader(replyError=self.error)

    def error(self, text):
        return ValueError(text)


def call():
    Parser()
