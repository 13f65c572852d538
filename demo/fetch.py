"""The program of the demo: it fetches a page with requests and prints the status code."""

import os
import sys

import requests

# Many calls print many lines: the demo shows the report, not these.
OUT = open(os.devnull, "w", buffering=1) if "UNFREED_DEMO_QUIET" in os.environ else sys.stdout  # noqa: SIM115

RESPONSES = []


def fetch(url):
    response = requests.get(url, timeout=5)
    print(response.status_code, file=OUT)


def fetch_unanswered(url):
    """The server closes the connection without an answer."""
    try:
        requests.get(url, timeout=5)
    except requests.ConnectionError as error:
        print(type(error).__name__, file=OUT)


def fetch_and_keep(url):
    response = requests.get(url, timeout=5)
    print(response.status_code, file=OUT)
    RESPONSES.append(response)
