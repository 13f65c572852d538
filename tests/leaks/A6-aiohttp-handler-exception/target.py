"""A web server whose client asks once over a connection that is kept alive, and goes away. The
client is nothing but a socket."""

import asyncio
import socket

from aiohttp import web


class Server:
    port = 0


async def handler(request):
    await request.read()
    return web.Response(text="done")


async def start():
    app = web.Application()
    app.router.add_post("/", handler)
    Server.runner = web.AppRunner(app, access_log=None)
    await Server.runner.setup()
    site = web.TCPSite(Server.runner, "127.0.0.1", 0)
    await site.start()
    Server.port = site._server.sockets[0].getsockname()[1]


async def call():
    if not Server.port:
        await start()
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", Server.port))
        request = (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
        )
        await loop.sock_sendall(client, request)
        answer = b""
        while not answer.endswith(b"done"):
            answer += await loop.sock_recv(client, 65536)
    while Server.runner.server.connections:
        await asyncio.sleep(0)
