"""Classification of addresses as public or not."""

from __future__ import annotations

import pytest

from contract.addresses import AddressKind, classify, is_allowed


@pytest.mark.fault("F2", "F3")
@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", AddressKind.PUBLIC), ("1.1.1.1", AddressKind.PUBLIC), ("100.63.255.255", AddressKind.PUBLIC),
        ("100.64.0.0", AddressKind.SHARED), ("100.127.255.255", AddressKind.SHARED),
        ("100.128.0.0", AddressKind.PUBLIC), ("172.15.255.255", AddressKind.PUBLIC),
        ("172.16.0.0", AddressKind.PRIVATE), ("172.32.0.0", AddressKind.PUBLIC),
        ("169.254.170.2", AddressKind.LINK_LOCAL), ("192.0.0.8", AddressKind.RESERVED),
        ("198.18.0.1", AddressKind.BENCHMARK), ("224.0.0.1", AddressKind.MULTICAST),
        ("240.0.0.1", AddressKind.RESERVED), ("255.255.255.255", AddressKind.RESERVED),
        ("0.0.0.0", AddressKind.UNSPECIFIED), ("::", AddressKind.UNSPECIFIED), ("::1", AddressKind.LOOPBACK),
        ("::ffff:169.254.169.254", AddressKind.TRANSITION), ("::169.254.169.254", AddressKind.TRANSITION),
        ("64:ff9b::a9fe:a9fe", AddressKind.TRANSITION), ("64:ff9c::1", AddressKind.RESERVED),
        ("2002:a9fe:a9fe::1", AddressKind.TRANSITION), ("2001:0:1::1", AddressKind.TRANSITION),
        ("fec0::1", AddressKind.PRIVATE), ("fd00:ec2::254", AddressKind.PRIVATE),
        ("fe80::1%eth0", AddressKind.LINK_LOCAL), ("ff02::1", AddressKind.MULTICAST),
        ("2001:db8::1", AddressKind.DOCUMENTATION), ("3fff::1", AddressKind.DOCUMENTATION),
        ("2606:4700::1111", AddressKind.PUBLIC), ("4000::1", AddressKind.RESERVED),
    ],
)  # fmt: skip
def test_addresses_are_classified(address: str, kind: AddressKind) -> None:
    assert classify(address) is kind
    assert is_allowed(address, allow_loopback=False) == (kind is AddressKind.PUBLIC)
