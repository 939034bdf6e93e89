"""Joins sockets: whoever connects to the first address of a pair talks to the second.

    python relay.py tcp:8000=unix:/run/relay/8000 unix:/run/relay/9000=tcp:9000

A container without a network reaches what runs outside through two of these and a folder that both see:
nothing else. Standard library only, for it runs on either side. TCP means 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


async def serve(pair: str) -> asyncio.Server:
    """Listen at the first address of a pair."""
    here, _, there = pair.partition("=")

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            far_reader, far_writer = await _open(there)
            with contextlib.closing(far_writer):
                ways = {asyncio.create_task(_copy(reader, far_writer)), asyncio.create_task(_copy(far_reader, writer))}
                try:
                    # HTTP ends a connection in both directions at once.
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()

    kind, _, place = here.partition(":")
    if kind == "unix":
        return await asyncio.start_unix_server(joined, place)
    return await asyncio.start_server(joined, "127.0.0.1", int(place))


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, place = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(place)
    return await asyncio.open_connection("127.0.0.1", int(place))


async def main(pairs: list[str]) -> None:
    servers = [await serve(pair) for pair in pairs]
    print("listening", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
