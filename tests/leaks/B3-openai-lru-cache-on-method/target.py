"""with_options() makes a copy of the client; asking it for its headers puts the copy in a cache."""

import itertools

import openai

CLIENT = openai.OpenAI(api_key="no key is needed: nothing is sent")
timeouts = itertools.count(1)


def call():
    return len(CLIENT.with_options(timeout=next(timeouts)).default_headers)
