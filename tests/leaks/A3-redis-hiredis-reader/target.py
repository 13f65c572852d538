"""Connects to a server and disconnects."""

import pathlib
import subprocess
import sys

from redis.asyncio.connection import Connection, HiredisParser

_server = subprocess.Popen(
    [sys.executable, str(pathlib.Path(__file__).with_name("server.py"))],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
PORT = int(_server.stdout.readline())


async def call():
    connection = Connection(host="127.0.0.1", port=PORT, parser_class=HiredisParser)
    await connection.connect()
    await connection.send_command("PING")
    await connection.read_response()
    await connection.disconnect()
