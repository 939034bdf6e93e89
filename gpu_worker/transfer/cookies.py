"""Cookies of one download, which some servers require back after a redirect."""

from __future__ import annotations

from contextlib import suppress
from http.cookies import CookieError

import aiohttp
from yarl import URL


class DownloadCookies:
    """Keeps cookies for the host that set them, and for hosts below it if it says so.

    No other site receives one: without a list of public suffixes, a cookie that a host sets for the domain above it
    is kept for that host alone. Path, `Secure` and expiry are respected (RFC 6265).
    """

    def __init__(self) -> None:
        # "Unsafe" is the library's word for cookies of IP addresses.
        self._jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)

    def keep(self, response: aiohttp.ClientResponse) -> None:
        """Store what the response sets."""
        for morsel in response.cookies.values():
            if morsel["domain"].strip(".").lower() != response.url.raw_host:
                morsel["domain"] = ""
            with suppress(CookieError):
                # A value goes back as it came, with its quotes or without.
                morsel.set(morsel.key, morsel.coded_value, morsel.coded_value)
        self._jar.update_cookies(response.cookies, response.url)

    def headers(self, url: URL) -> dict[str, str]:
        """Return the header for a request, if there is anything to send."""
        pairs = [f"{cookie.key}={cookie.coded_value}" for cookie in self._jar.filter_cookies(url).values()]
        return {"Cookie": "; ".join(pairs)} if pairs else {}
