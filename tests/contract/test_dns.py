"""Malicious DNS, for downloads and callbacks: the checked address is the one connected to."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lambda_api.adapters.callback_http import BOUNDS
from lambda_api.adapters.dns import resolve
from tests.support.outbound import (
    CLIENTS,
    SYSTEM_RESOLVER,
    Client,
    Internet,
    find_reason,
    internet,
    try_callback,
    try_download,
)
from tests.support.scripted_server import answer

PUBLIC, PRIVATE = "127.1.0.2", "127.0.0.3"
NAME = "media.example"
ROOT = Path(__file__).resolve().parents[2]

both_clients = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Internet]:
    with internet(monkeypatch) as made:
        yield made


@both_clients
@pytest.mark.fault("F6", "J11")
def test_dns_rebinding_gains_nothing(net: Internet, client: Client, tmp_path: Path) -> None:
    public, private = net.site(PUBLIC, NAME), net.site(PRIVATE, NAME)
    public.replies = private.replies = [answer(200, b"data")]
    net.dns.hosts[NAME] = [[PUBLIC], [PRIVATE]]
    assert client(net, net.url(NAME), tmp_path) == "arrived"
    assert net.dns.queries[NAME, "A"] == 1
    assert client(net, net.url(NAME), tmp_path) == "forbidden"
    assert (len(public.seen), private.seen) == (1, [])
    assert public.seen[0].headers["host"] == f"{NAME}:{net.port}"
    # A client that resolves again would connect to the private address.
    socket.create_connection((NAME, net.port)).close()
    assert net.dns.queries[NAME, "A"] == 3


@both_clients
@pytest.mark.fault("F5")
@pytest.mark.parametrize(
    "other", [PRIVATE, "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"]
)
def test_one_private_address_among_public_ones_is_refused(
    net: Internet, client: Client, other: str, tmp_path: Path
) -> None:
    public = net.site(PUBLIC, NAME)
    public.replies = [answer(200, b"data")]
    net.dns.hosts[NAME] = [[PUBLIC, other]]
    assert client(net, net.url(NAME), tmp_path) == "forbidden"
    assert public.seen == []
    net.dns.hosts[NAME] = [[PUBLIC]]
    assert client(net, net.url(NAME), tmp_path) == "arrived"


@both_clients
@pytest.mark.fault("F5", "F13")
def test_an_alias_is_judged_by_its_final_address(net: Internet, client: Client, tmp_path: Path) -> None:
    public, private = net.site(PUBLIC, NAME), net.site(PRIVATE, NAME)
    public.replies = private.replies = [answer(200, b"data")]
    net.dns.hosts |= {f"{n}.example": [[f"{n + 1}.example"]] for n in range(9)} | {"9.example": [[PUBLIC]]}
    net.dns.hosts |= {NAME: [["0.example"]], "circle.example": [["circle.example"]]}
    assert client(net, net.url(NAME), tmp_path) == "arrived"
    net.dns.hosts["9.example"] = [[PRIVATE]]
    assert client(net, net.url(NAME), tmp_path) == "forbidden"
    assert client(net, net.url("circle.example"), tmp_path) == "unreachable"
    assert private.seen == []


@both_clients
@pytest.mark.fault("F13")
def test_a_thousand_addresses_are_all_checked_and_few_tried(net: Internet, client: Client, tmp_path: Path) -> None:
    public = net.site(PUBLIC, NAME)
    public.replies = [answer(200, b"data")]
    net.dns.hosts[NAME] = [[PUBLIC] * 1000]
    assert client(net, net.url(NAME), tmp_path) == "arrived"
    many = [f"127.1.{n // 250}.{n % 250 + 3}" for n in range(1000)]
    net.dns.hosts[NAME] = [many]
    assert client(net, net.url(NAME), tmp_path) == "unreachable"
    net.dns.hosts[NAME] = [[*many, PRIVATE]]
    assert client(net, net.url(NAME), tmp_path) == "forbidden"
    assert len(public.seen) == 1


@both_clients
@pytest.mark.fault("F13")
def test_an_unknown_name_is_unreachable(net: Internet, client: Client, tmp_path: Path) -> None:
    assert client(net, net.url("unknown.example"), tmp_path) == "unreachable"
    assert find_reason(net.url("unknown.example"), tmp_path, policy=net.policy) == "source_unreachable no_such_host"


@both_clients
@pytest.mark.fault("F13")
def test_a_silent_dns_server_times_out(net: Internet, client: Client, tmp_path: Path) -> None:
    net.policy = replace(net.policy, connect_seconds=0.1)
    net.callback_bounds = replace(BOUNDS, connect=0.1)
    net.dns.silent.add(NAME)
    assert client(net, net.url(NAME), tmp_path) == {try_download: "timeout", try_callback: "unreachable"}[client]
    # The system's resolver times out later, with another error.
    with pytest.raises(TimeoutError):
        resolve(NAME, net.port, 0.1)
    with pytest.raises(socket.gaierror):
        resolve(NAME, net.port, 5)


_IN_NETWORK_NAMESPACE = 'ip link set lo up && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


@pytest.mark.skipif(SYSTEM_RESOLVER in os.environ, reason="this is the inner run")
@pytest.mark.fault("F5", "F6", "F13")
def test_the_same_holds_with_the_systems_resolver(tmp_path: Path) -> None:
    """Nothing is replaced in the inner run: /etc/resolv.conf names the DNS server on loopback."""
    resolv_conf = tmp_path / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    alone = ["unshare", "--map-root-user", "--mount", "--net", "sh", "-c", _IN_NETWORK_NAMESPACE, "sh", resolv_conf]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespaces here")
    # A separate one: pytest clears old runs in the shared one, whose files this namespace's root may not remove.
    basetemp = f"--basetemp={tmp_path / 'inner'}"
    # The system's resolver sorts a thousand addresses by connecting to each: that takes long and shows nothing.
    options = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "pytest_timeout", basetemp, "-k"]
    inner = [sys.executable, "-m", "pytest", *options, "not thousand", __file__]
    environment = os.environ | {SYSTEM_RESOLVER: "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*alone, *inner], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 passed, 1 skipped" in done.stdout
