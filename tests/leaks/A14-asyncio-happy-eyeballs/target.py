"""A connection that is refused, tried with Happy Eyeballs."""

import asyncio
import socket

with socket.create_server(("127.0.0.1", 0)) as server:
    CLOSED_PORT = server.getsockname()[1]


async def call():
    try:
        await asyncio.open_connection("127.0.0.1", CLOSED_PORT, happy_eyeballs_delay=0.25)
    except OSError:
        pass
