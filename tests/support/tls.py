"""Valid and invalid certificates for servers on loopback, and clients that trust them."""

from __future__ import annotations

import datetime
import ssl

import trustme


class Authority:
    """A certificate authority that only its own `client` trusts."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return the context of a server with these names. An expired certificate was valid until yesterday."""
        until = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1) if expired else None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._ca.issue_cert(*names, not_after=until).configure_cert(context)
        return context

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self._ca.configure_trust(context)
        return context
