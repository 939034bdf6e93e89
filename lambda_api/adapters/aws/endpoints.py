"""Which region, and at what address: as the SDKs find it in the environment."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_api.adapters.aws.errors import AwsError

_VARIABLES = {"dynamodb": "DYNAMODB", "s3": "S3", "secretsmanager": "SECRETS_MANAGER", "sqs": "SQS"}
_SUFFIXES = {"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu"}
"""Of China and the European Sovereign Cloud. GovCloud has the usual one; isolated regions need AWS_ENDPOINT_URL."""


def region(env: Mapping[str, str]) -> str:
    found = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION")
    if not found:
        raise AwsError("", "NoRegion")
    return found


def endpoint(service: str, env: Mapping[str, str]) -> str:
    """Base URL of a service, without a slash at its end."""
    return _custom(service, env) or f"https://{service}.{_domain(env)}"


def bucket_url(bucket: str, env: Mapping[str, str]) -> str:
    """Base URL of a bucket's objects. Its name leads the host's where a certificate can match that."""
    custom = _custom("s3", env)
    if custom or "." in bucket:
        return f"{custom or endpoint('s3', env)}/{bucket}"
    return f"https://{bucket}.s3.{_domain(env)}"


def _custom(service: str, env: Mapping[str, str]) -> str:
    return (env.get(f"AWS_ENDPOINT_URL_{_VARIABLES[service]}") or env.get("AWS_ENDPOINT_URL") or "").rstrip("/")


def _domain(env: Mapping[str, str]) -> str:
    name = region(env)
    suffix = next((suffix for prefix, suffix in _SUFFIXES.items() if name.startswith(prefix)), "amazonaws.com")
    return f"{name}.{suffix}"
