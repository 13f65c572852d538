"""A fuzzy search with the BESTMATCH flag."""

import regex

pattern = regex.compile("(hella){s<=1,i<=5,d<=0}", regex.BESTMATCH)


def call():
    for _ in range(10):
        pattern.search("helloworld")
