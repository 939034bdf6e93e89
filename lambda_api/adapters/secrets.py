"""Secrets, read from Secrets Manager."""

from __future__ import annotations

from lambda_api.adapters.aws.client import SECRETS_MANAGER, Aws, aws
from lambda_api.adapters.aws.errors import unavailable
from lambda_api.domain.errors import Unavailable

_WHAT = "secret store"


def read_secret(arn: str, account: Aws | None = None) -> str:
    """The current text of a secret. Raises Unavailable; neither that nor its cause holds the text."""
    with unavailable(_WHAT):
        answer = (account or aws()).call(SECRETS_MANAGER, "GetSecretValue", SecretId=arn)
    secret = answer.get("SecretString")
    if not isinstance(secret, str):
        raise Unavailable("The secret is not text.")
    return secret
