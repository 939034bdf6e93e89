"""Bodies that clients send. The answer's shape is `domain.view.JobView`."""

from __future__ import annotations

import json
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from contract.limits import MAX_METADATA_BYTES, MAX_METADATA_KEYS
from contract.operations import Trimmed, Url
from lambda_api.domain.job import AnyOperation
from lambda_api.domain.view import JobView


def _small(metadata: dict[str, str]) -> dict[str, str]:
    if len(json.dumps(metadata, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MAX_METADATA_BYTES:
        raise ValueError(f"metadata may have {MAX_METADATA_BYTES} bytes as JSON")
    if not all(_encodable(text) for pair in metadata.items() for text in pair):
        raise ValueError("metadata must be valid Unicode")
    return metadata


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


Metadata = Annotated[dict[str, Annotated[str, Trimmed]], Field(max_length=MAX_METADATA_KEYS), AfterValidator(_small)]

_METADATA = f"Given back with the job. Texts, at most {MAX_METADATA_BYTES} bytes as JSON."


class SubmitOptions(BaseModel):
    """What every submit takes beside its operation."""

    # FastAPI wants bodies compiled when it makes their routes.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=False)

    webhook_url: Annotated[Url | None, Field(description="Where to tell that the job is over; https only.")] = None
    metadata: Annotated[Metadata, Field(description=_METADATA)] = Field(default_factory=dict)


def request_model(operation: type[AnyOperation]) -> type[SubmitOptions]:
    """The body of an operation's route: its fields and the options, unknown fields forbidden."""
    bases: Any = (operation, SubmitOptions)
    return cast("type[SubmitOptions]", create_model(f"{operation.__name__}Request", __base__=bases))


# Once, before FastAPI would do it for each route and status.
JobView.model_rebuild()


class JobPage(BaseModel):
    jobs: list[JobView]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null at the end."""


class FieldError(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457, with a stable `code`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldError]


class Health(BaseModel):
    status: str


class Index(BaseModel):
    service: str
    version: str
    docs: str
    operations: list[str]


class ProviderHealth(BaseModel):
    """RunPod's counts of jobs and workers by state."""

    endpoint_id: str
    jobs: dict[str, int]
    workers: dict[str, int]
