"""Whose name the calls are made in: the environment's keys, or those of Lambda's own endpoint.

SnapStart sets the endpoint and no keys, so that a snapshot holds none that expire (AWS Lambda Developer Guide,
"Improving startup performance with Lambda SnapStart").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from lambda_api.adapters.aws.errors import AwsError
from lambda_api.adapters.aws.sigv4 import Credentials
from lambda_api.adapters.http import Connections, HttpLost, HttpRefused, exchange

_RENEW_SECONDS = 600.0
"""Before they expire: what is signed with them just before that is still of use for so long."""
_CONNECT, _READ = 1.0, 2.0
_MAX_BYTES = 64 * 1024
_LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1", "169.254.170.2", "169.254.170.23"}
"""Where the endpoint may be without TLS: this machine, ECS, EKS. The token would be told to anyone else."""


class CredentialSource:
    """Credentials of this execution environment. `clock`: seconds since the epoch."""

    def __init__(self, env: Mapping[str, str], clock: Callable[[], float]) -> None:
        self._env = env
        self._clock = clock
        self._connections = Connections(idle_seconds=0)
        self._known: Credentials | None = None

    def get(self) -> Credentials:
        """Raises AwsError if there are none."""
        key, secret = self._env.get("AWS_ACCESS_KEY_ID"), self._env.get("AWS_SECRET_ACCESS_KEY")
        if key and secret:
            return Credentials(key, secret, self._env.get("AWS_SESSION_TOKEN") or None)
        left = self._known.expires_at - self._clock() if self._known else 0.0
        if self._known is None or left < _RENEW_SECONDS:
            try:
                self._known = self._fetch()
            except AwsError:
                if self._known is None or left <= 0:
                    raise
        return self._known

    def _fetch(self) -> Credentials:
        url = self._env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOCAL_HOSTS:
            raise AwsError("", "NoCredentials")
        headers = {"Accept": "application/json"}
        if token := self._env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            headers["Authorization"] = token
        try:
            pool = self._connections.pool(url)
            answer = exchange(pool, "GET", url, headers=headers, connect=_CONNECT, read=_READ, max_bytes=_MAX_BYTES)
            told = json.loads(answer.body)
            expires_at = datetime.fromisoformat(told["Expiration"]).timestamp()
            return Credentials(told["AccessKeyId"], told["SecretAccessKey"], told["Token"], expires_at)
        except (HttpRefused, HttpLost, ValueError, KeyError, TypeError):
            # Not chained: a parser quotes what it could not read.
            raise AwsError("", "NoCredentials") from None
