"""Map errors of a download to the catalog's failures."""

from __future__ import annotations

import errno
import re
import socket

import aiohttp

from contract.errors import Code
from contract.errors.downloads import Reason
from gpu_worker.errors import JobFailed, job_failed

_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_TOO_LARGE = re.compile(r"Got more than [0-9]+ bytes|Too many headers")


class TemporaryError(Exception):
    """An error that may not happen again. `failure`: the exception to raise if no attempt is left.

    `retry_after`: the seconds to wait that the server requests, if it does.
    """

    def __init__(self, failure: JobFailed, retry_after: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.retry_after = retry_after


def classify_client_error(error: aiohttp.ClientError | TimeoutError, field: str) -> JobFailed | TemporaryError:
    """Return the exception to raise for one of the HTTP client."""
    code = Code.SOURCE_TIMEOUT if isinstance(error, TimeoutError) else Code.SOURCE_UNREACHABLE
    reason = _find_reason(error)
    failure = job_failed(code, field=field, **({"reason": reason} if reason else {}))
    return TemporaryError(failure) if failure.failure.retryable else failure


def _find_reason(error: aiohttp.ClientError | TimeoutError) -> Reason | None:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return Reason.CONNECT_TIMEOUT
        case TimeoutError():
            return Reason.STALLED
        case aiohttp.ClientConnectorDNSError():
            return Reason.NO_SUCH_HOST if error.os_error.errno in _NO_SUCH_NAME else Reason.LOOKUP_FAILED
        case aiohttp.ClientConnectorCertificateError():
            return Reason.CERTIFICATE
        case aiohttp.ClientSSLError():
            return Reason.NO_TLS
        case aiohttp.ClientConnectorError():
            return Reason.CONNECTION_REFUSED if error.os_error.errno == errno.ECONNREFUSED else None
        case aiohttp.ClientResponseError():
            # aiohttp distinguishes them only by its message.
            return Reason.HEADERS_TOO_LARGE if _TOO_LARGE.match(error.message) else Reason.NOT_HTTP
        case _:
            return Reason.CONNECTION_LOST
