"""Each call runs an event loop of its own, in which a ClientSession is opened and closed; the session's connector made
a resolver. It stands in a WeakKeyDictionary under its loop, and refers to that loop."""

import asyncio

import aiohttp


async def session():
    async with aiohttp.ClientSession():
        pass


def call():
    asyncio.run(session())
