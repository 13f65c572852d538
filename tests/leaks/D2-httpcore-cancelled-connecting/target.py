"""A request is cancelled after the pool has given it a new connection, and before it has opened that one: here, while
the pool still closes an expired connection. The new one can then be neither used nor reaped."""

import asyncio
import atexit
import contextlib
import subprocess
import sys

import httpcore

SERVER = """
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
def answer(peer):
    with peer:
        while peer.recv(4096):
            peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
def serve():
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
"""
server = subprocess.Popen(
    [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
atexit.register(server.stdin.close)
url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
pool = httpcore.AsyncConnectionPool(max_connections=None, keepalive_expiry=0.001)


async def call():
    await pool.request("GET", url)
    await asyncio.sleep(0.002)  # its connection expires
    task = asyncio.ensure_future(pool.request("GET", url))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
