"""Cookies of one download: some servers require them after a redirect."""

from __future__ import annotations

from contextlib import suppress
from http.cookies import CookieError

import aiohttp
from yarl import URL


class DownloadCookies:
    """Keeps cookies for the host that set them, and for its subdomains if it allows that.

    No other site receives one. There is no list of public suffixes, so a cookie that a host sets for its parent domain
    is kept for that host alone. Path, `Secure` and expiry are respected (RFC 6265).
    """

    def __init__(self) -> None:
        # `unsafe` makes aiohttp accept cookies of IP addresses.
        self._jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)

    def keep(self, response: aiohttp.ClientResponse) -> None:
        """Store the cookies that a response sets."""
        for morsel in response.cookies.values():
            if morsel["domain"].strip(".").lower() != response.url.raw_host:
                morsel["domain"] = ""
            with suppress(CookieError):
                # Send the value back unchanged, with its quotes if it has any.
                morsel.set(morsel.key, morsel.coded_value, morsel.coded_value)
        self._jar.update_cookies(response.cookies, response.url)

    def headers(self, url: URL) -> dict[str, str]:
        """Return the `Cookie` header of a request, or nothing."""
        pairs = [f"{cookie.key}={cookie.coded_value}" for cookie in self._jar.filter_cookies(url).values()]
        return {"Cookie": "; ".join(pairs)} if pairs else {}
