"""The PyPI package websockets, as its documentation broadcasts: python broadcast.py <port>"""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve

connected = set()


async def handle(socket):
    connected.add(socket)
    try:
        async for message in socket:
            broadcast(connected - {socket}, message)
    finally:
        connected.discard(socket)


async def main():
    async with serve(handle, "127.0.0.1", int(sys.argv[1])) as server:
        await server.serve_forever()


asyncio.run(main())
