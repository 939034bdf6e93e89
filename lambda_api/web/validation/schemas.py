"""Bodies that clients send, and the small responses. The job in a response is `domain.views.job_schema.JobView`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from contract.limits import MAX_METADATA_BYTES, MAX_METADATA_KEYS
from contract.operations import Operation, Trimmed
from contract.options.fields import Flag
from lambda_api.domain.views.job_schema import JobView
from lambda_api.web.validation import leniency
from lambda_api.web.validation.strict import strict_fields
from lambda_api.web.validation.webhooks import Events, WebhookUrl


def _check_metadata(metadata: dict[str, str]) -> dict[str, str]:
    if len(json.dumps(metadata, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MAX_METADATA_BYTES:
        raise ValueError(f"must not exceed {MAX_METADATA_BYTES} bytes as JSON")
    if not all(_is_valid_unicode(text) for pair in metadata.items() for text in pair):
        raise ValueError("must be valid Unicode")
    return metadata


def _is_valid_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_METADATA = (
    f"Returned with the job, at most {MAX_METADATA_BYTES} bytes as JSON. Numbers and booleans become text; an entry "
    "that is null is dropped."
)

Metadata = Annotated[
    dict[str, Annotated[str, Trimmed, BeforeValidator(leniency.metadata_value_to_text)]],
    Field(max_length=MAX_METADATA_KEYS, description=_METADATA, examples=[{"row": "7"}]),
    AfterValidator(_check_metadata),
    BeforeValidator(leniency.normalize_metadata),
]


class SubmitOptions(BaseModel):
    """Fields that every submit accepts in addition to its operation's."""

    # FastAPI needs compiled bodies when it makes their routes.
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=False)

    webhook_url: Annotated[WebhookUrl | None, Field(examples=["https://hooks.example.com/videos"])] = None
    webhook_events: Events | None = None
    metadata: Metadata = Field(default_factory=dict)
    dry_run: Annotated[
        bool,
        Flag,
        Field(
            description=(
                "`true` checks the request and its files and estimates time and cost. No job is made and nothing is "
                "charged."
            ),
            examples=[True],
        ),
    ] = False

    @model_validator(mode="before")
    @classmethod
    def _drop_blank(cls, body: Any) -> dict[str, Any]:
        fields = leniency.drop_blank_fields(body)
        kind = cls.model_fields.get("kind")
        if kind is not None and fields.get("kind") == kind.default:
            del fields["kind"]
        return fields

    @field_validator("*", mode="before")
    @classmethod
    def _check_urls(cls, value: Any, info: ValidationInfo) -> Any:
        name = info.field_name or ""
        if name == "webhook_url" or name.startswith("url_"):
            return leniency.check_pasted_url(value, of_file=name != "webhook_url")
        return value


def request_model(operation: type[Operation]) -> type[SubmitOptions]:
    """Create the body model of an operation's route: its fields and the options.

    Unknown fields are forbidden, also inside nested objects.
    """
    bases: Any = (operation, SubmitOptions)
    model = create_model(f"{operation.__name__}Request", __base__=bases, **strict_fields(operation))
    return cast("type[SubmitOptions]", model)


# Compile once here; otherwise FastAPI does it for each route and status.
JobView.model_rebuild()


class JobPage(BaseModel):
    """A page of jobs."""

    jobs: list[JobView]
    """The newest first."""
    next_cursor: str | None
    """Send it as `cursor` to read the next page; null on the last page."""


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    """The path of the field, with dots; `body` is the whole request."""
    message: str
    """What is expected."""


class Problem(BaseModel):
    """RFC 9457, with a stable `code`."""

    model_config = ConfigDict(extra="allow")

    type: str
    """`urn:api-gpu:problem:` and the code."""
    title: str
    """What the code means."""
    status: int
    """The HTTP status."""
    detail: str
    """A sentence that says what to change."""
    code: str
    """The stable code: branch on this."""
    request_id: str
    """The request's id, for support."""
    errors: list[FieldError]
    """The fields that are not valid; empty unless the request is not."""


class Health(BaseModel):
    """A sign of life."""

    status: str
    """`healthy`."""


class Index(BaseModel):
    """What this host serves."""

    service: str
    """The name of the service."""
    version: str
    """Its version."""
    docs: str
    """The path of the documentation."""
    operations: list[str]
    """The paths of all submits."""


class ProviderHealth(BaseModel):
    """RunPod's counts of jobs and workers by state."""

    endpoint_id: str
    """The id of the endpoint at RunPod."""
    jobs: dict[str, int]
    """Jobs by state, as RunPod names them."""
    workers: dict[str, int]
    """Workers by state, as RunPod names them."""


class FontView(BaseModel):
    """A font family for captions."""

    name: str
    """The name of the family."""
    styles: list[str]
    """Those that have letters of their own. The renderer slants or thickens others itself."""
    scripts: list[str]
    """The scripts whose alphabet it has completely."""
    license: str
    """Its license."""
    source: Literal["shipped", "image"]
    """`shipped`: a choice for `font`. `image`: draws letters that no shipped font has, in the image that we build."""


class PresetView(BaseModel):
    """A look of captions."""

    name: str
    """The value of `style` or `preset`."""
    description: str
    """How it looks."""
    font: str
    """Its font family."""


class FontList(BaseModel):
    """The choices of `style` of captions."""

    fonts: list[FontView]
    """Font families."""
    presets: list[PresetView]
    """Presets."""
