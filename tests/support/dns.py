"""A DNS server on loopback with wrong, changing or missing answers, and a resolver that uses it."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from dnslib import AAAA, CNAME, QTYPE, RCODE, RR, A, DNSError, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, TCPServer, UDPServer

_MAX_CHAIN = 16
"""Aliases that a recursive server follows before it stops."""
_MAX_UDP_BYTES = 512
"""Maximum size of an answer over UDP. Resolvers repeat a longer one over TCP."""
_SECONDS = 1.0


@dataclass
class Dns(BaseResolver):  # type: ignore[misc]
    """A DNS zone.

    `hosts`: name → its answers in turn, the last one repeatedly. An answer is a list of addresses, or of another name
    (CNAME). Other names do not exist, and those in `silent` get no answer.
    """

    hosts: dict[str, list[list[str]]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    port: int = 0
    queries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(name, "A" or "AAAA") → how often."""

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        name, kind = str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        if name in self.silent:
            raise DNSError("silence")
        reply = request.reply()
        if name not in self.hosts:
            reply.header.rcode = RCODE.NXDOMAIN
        for record in self._chain(name, kind):
            reply.add_answer(record)
        return reply

    def _chain(self, name: str, kind: str) -> Iterator[RR]:
        for _ in range(_MAX_CHAIN):
            answer = self._answer(name, kind)
            for text in answer:
                yield from _record(name, text, kind)
            if not answer or _address(answer[0]):
                return
            name = answer[0]

    def _answer(self, name: str, kind: str) -> list[str]:
        answers = self.hosts.get(name, [[]])
        turn = min(self.queries[name, kind], len(answers) - 1)
        self.queries[name, kind] += 1
        return answers[turn]


def _address(text: str) -> int:
    """Return the IP version, 0 for a name."""
    try:
        return ip_address(text).version
    except ValueError:
        return 0


def _record(name: str, text: str, kind: str) -> Iterator[RR]:
    version = _address(text)
    if not version:
        yield RR(name, QTYPE.CNAME, rdata=CNAME(text))
    elif kind == {4: "A", 6: "AAAA"}[version]:
        yield RR(name, QTYPE.A, rdata=A(text)) if version == 4 else RR(name, QTYPE.AAAA, rdata=AAAA(text))


class _Handler(DNSHandler):  # type: ignore[misc]
    """A handler for the system's resolver: dnslib's truncates without the question, and takes one question over TCP."""

    def handle(self) -> None:
        if self.server.socket_type == socket.SOCK_DGRAM:
            super().handle()
            return
        self.protocol = "tcp"
        with self.request.makefile("rwb") as stream:
            while length := int.from_bytes(stream.read(2), "big"):
                reply = self.get_reply(stream.read(length))
                stream.write(len(reply).to_bytes(2, "big") + reply)
                stream.flush()

    def get_reply(self, data: bytes) -> bytes:
        request = DNSRecord.parse(data)
        packed: bytes = self.server.resolver.resolve(request, self).pack()
        if self.protocol == "udp" and len(packed) > _MAX_UDP_BYTES:
            cut_off = request.reply()
            cut_off.header.tc = 1
            packed = cut_off.pack()
        return packed


class _Quiet:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


@contextmanager
def dns(port: int = 0) -> Iterator[Dns]:
    """Serve on one port of 127.0.0.1, over UDP and TCP."""
    zone = Dns()
    with ExitStack() as stack:
        for kind in (TCPServer, UDPServer):
            server = stack.enter_context(kind(("127.0.0.1", port), _Handler))
            server.resolver, server.logger = zone, _Quiet()
            zone.port = port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield zone


def make_getaddrinfo(zone: Dns) -> Callable[..., list[Any]]:
    """Return a `socket.getaddrinfo` that queries this server."""
    systems = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> list[Any]:  # noqa: A002
        if _address(host) or flags & socket.AI_NUMERICHOST:
            return systems(host, port, family, type, proto, flags)
        found = [text for kind in ("A", "AAAA") for text in _query(zone.port, host, kind)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [info for text in found for info in systems(text, port, family, type, proto, socket.AI_NUMERICHOST)]

    return getaddrinfo


def _query(port: int, host: str, kind: str) -> list[str]:
    question = DNSRecord.question(host, kind)
    try:
        reply = DNSRecord.parse(question.send("127.0.0.1", port, timeout=_SECONDS))
        if reply.header.tc:
            reply = DNSRecord.parse(question.send("127.0.0.1", port, tcp=True, timeout=_SECONDS))
    except TimeoutError:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution") from None
    return [str(record.rdata) for record in reply.rr if QTYPE[record.rtype] == kind]
