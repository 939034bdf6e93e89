"""Relay connections from the first address of a pair to the second.

    python relay.py tcp:8000=unix:/run/relay/8000 unix:/run/relay/9000=tcp:9000

A container without network reaches services outside through two relays and a shared folder, and nothing else. Standard
library only, because it runs on both sides. TCP means 127.0.0.1.
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
    """Listen on the first address of a pair."""
    here, _, there = pair.partition("=")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            far_reader, far_writer = await _open(there)
            with contextlib.closing(far_writer):
                copies = {
                    asyncio.create_task(_copy(reader, far_writer)),
                    asyncio.create_task(_copy(far_reader, writer)),
                }
                try:
                    # HTTP closes a connection in both directions at once.
                    await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for copy in copies:
                        copy.cancel()

    kind, _, place = here.partition(":")
    if kind == "unix":
        return await asyncio.start_unix_server(relay, place)
    return await asyncio.start_server(relay, "127.0.0.1", int(place))


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
