"""The IP addresses that may be contacted on behalf of a caller: a table against SSRF.

Only globally routable unicast addresses are public. `ipaddress.is_global`, and the libraries built on it, are not
enough: it accepts IPv4 hidden in IPv6 (NAT64, 6to4, Teredo, IPv4-compatible) and deprecated site-local space, and knows
only what was registered when Python was released. Each row names its reason.

Ranges: IANA special-purpose registries (RFC 6890 and its updates). Addresses that IANA lists as reachable in them
(relays, anycast services) are infrastructure that serves no media. In IPv6 everything outside the allocated unicast
space (2000::/3) is refused, so a new registration needs no row.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class AddressKind(StrEnum):
    PUBLIC = "public"
    LOOPBACK = "loopback"
    UNSPECIFIED = "unspecified"
    PRIVATE = "private"
    SHARED = "carrier_grade_nat"
    LINK_LOCAL = "link_local"
    MULTICAST = "multicast"
    RESERVED = "reserved"
    DOCUMENTATION = "documentation"
    BENCHMARK = "benchmark"
    TRANSITION = "ipv4_inside_ipv6"


_V4: tuple[tuple[str, AddressKind], ...] = (
    ("0.0.0.0/8", AddressKind.UNSPECIFIED),
    ("10.0.0.0/8", AddressKind.PRIVATE),
    ("100.64.0.0/10", AddressKind.SHARED),
    ("127.0.0.0/8", AddressKind.LOOPBACK),
    ("169.254.0.0/16", AddressKind.LINK_LOCAL),
    ("172.16.0.0/12", AddressKind.PRIVATE),
    ("192.0.0.0/24", AddressKind.RESERVED),
    ("192.0.2.0/24", AddressKind.DOCUMENTATION),
    ("192.31.196.0/24", AddressKind.RESERVED),
    ("192.52.193.0/24", AddressKind.RESERVED),
    ("192.88.99.0/24", AddressKind.TRANSITION),
    ("192.168.0.0/16", AddressKind.PRIVATE),
    ("192.175.48.0/24", AddressKind.RESERVED),
    ("198.18.0.0/15", AddressKind.BENCHMARK),
    ("198.51.100.0/24", AddressKind.DOCUMENTATION),
    ("203.0.113.0/24", AddressKind.DOCUMENTATION),
    ("224.0.0.0/4", AddressKind.MULTICAST),
    ("240.0.0.0/4", AddressKind.RESERVED),
)

_V6: tuple[tuple[str, AddressKind], ...] = (
    ("::/128", AddressKind.UNSPECIFIED),
    ("::1/128", AddressKind.LOOPBACK),
    ("::ffff:0:0/96", AddressKind.TRANSITION),
    ("::ffff:0:0:0/96", AddressKind.TRANSITION),
    ("::/96", AddressKind.TRANSITION),
    ("64:ff9b::/96", AddressKind.TRANSITION),
    ("64:ff9b:1::/48", AddressKind.TRANSITION),
    ("2001::/32", AddressKind.TRANSITION),
    ("2002::/16", AddressKind.TRANSITION),
    ("2001:db8::/32", AddressKind.DOCUMENTATION),
    ("3fff::/20", AddressKind.DOCUMENTATION),
    ("2001::/23", AddressKind.RESERVED),
    ("2620:4f:8000::/48", AddressKind.RESERVED),
    ("fc00::/7", AddressKind.PRIVATE),
    ("fe80::/10", AddressKind.LINK_LOCAL),
    ("fec0::/10", AddressKind.PRIVATE),
    ("ff00::/8", AddressKind.MULTICAST),
)

_V4_ROWS = tuple((IPv4Network(net), kind) for net, kind in _V4)
_V6_ROWS = tuple((IPv6Network(net), kind) for net, kind in _V6)
_GLOBAL_UNICAST = ip_network("2000::/3")


def classify(address: str | IPv4Address | IPv6Address) -> AddressKind:
    """Return the kind of an address. A zone (`fe80::1%eth0`) is ignored.

    Raises ValueError if a string is not an IP address in its standard spelling.
    """
    ip = ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, IPv4Address):
        return next((kind for net, kind in _V4_ROWS if ip in net), AddressKind.PUBLIC)
    plain = IPv6Address(int(ip))
    for net, kind in _V6_ROWS:
        if plain in net:
            return kind
    return AddressKind.PUBLIC if plain in _GLOBAL_UNICAST else AddressKind.RESERVED


def is_allowed(address: str | IPv4Address | IPv6Address, *, allow_loopback: bool) -> bool:
    """Return True if a connection may be opened. Loopback is allowed in local mode only, never in a deployment."""
    kind = classify(address)
    return kind is AddressKind.PUBLIC or (allow_loopback and kind is AddressKind.LOOPBACK)
