"""A secure aio channel is opened and closed, each time with credentials of its own."""

import grpc
from grpc import aio


async def call():
    channel = aio.secure_channel("127.0.0.1:1", grpc.ssl_channel_credentials())
    await channel.close()
