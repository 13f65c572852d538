"""A request that fails: the exception that the program caught and dropped stays in a cycle."""

import pathlib
import subprocess
import sys

import requests

_server = subprocess.Popen(
    [sys.executable, str(pathlib.Path(__file__).with_name("server.py"))],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
URL = f"http://127.0.0.1:{int(_server.stdout.readline())}/"


def call():
    try:
        requests.get(URL, timeout=10)
    except requests.ConnectionError:
        pass
