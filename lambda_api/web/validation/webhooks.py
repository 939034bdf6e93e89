"""Bodies about webhooks, and deliveries as a client reads them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from contract.events import EventType
from contract.limits import MAX_URL_LENGTH
from contract.operations import Trimmed
from contract.urls import UrlError
from lambda_api.domain.views.job_schema import Timestamp
from lambda_api.domain.views.job_view import timestamp
from lambda_api.domain.webhooks.delivery import Delivery, DeliveryStatus, WebhookDefault
from lambda_api.domain.webhooks.target import held_target, normalize_target, without_query
from lambda_api.web.validation import leniency

_CHOICES = ", ".join(EventType)
_URL = (
    "Receives a callback when the job finishes. https only. `listen:`, or `listen:` and a URL such as "
    "`listen:http://localhost:5678/hook`, holds the deliveries for `api-gpu webhooks listen` on your machine."
)
_EVENTS = (
    "The events to send; `job.` may be left out. By default the four ends of a job; an empty list sends none. "
    "`job.progress` is sent once each when 25, 50 and 75 % are first reached."
)


def _normalize(value: str) -> str:
    try:
        return normalize_target(value)
    except UrlError as error:
        raise ValueError(str(error)) from None


def _read_events(value: Any) -> Any:
    """Accept a list or text with commas, in any case, with or without `job.`."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"must be a list; its choices are {_CHOICES}")
    wanted = {f"job.{name.strip().lower().removeprefix('job.')}" for name in names}
    if not wanted <= set(EventType):
        raise ValueError(f"names an unknown event; the choices are {_CHOICES}")
    return tuple(event for event in EventType if event in wanted)


WebhookUrl = Annotated[
    str,
    Trimmed,
    AfterValidator(_normalize),
    WithJsonSchema({"type": "string", "format": "uri", "maxLength": MAX_URL_LENGTH, "description": _URL}),
]
Events = Annotated[
    tuple[EventType, ...],
    BeforeValidator(_read_events),
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "string", "enum": list(EventType)},
            "description": _EVENTS,
            "examples": [["job.completed", "job.failed"]],
        }
    ),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_blank(cls, body: Any) -> dict[str, Any]:
        return leniency.drop_blank_fields(body)

    @field_validator("url", mode="before", check_fields=False)
    @classmethod
    def _check_url(cls, value: Any, _: ValidationInfo) -> Any:
        return leniency.check_pasted_url(value, of_file=False)


class WebhookTest(_Body):
    """Where to send a test event."""

    url: Annotated[WebhookUrl | None, Field(examples=["https://hooks.example.com/videos"])] = None


class WebhookDefaultBody(_Body):
    """Where callbacks go of jobs that name no `webhook_url`."""

    url: Annotated[WebhookUrl, Field(examples=["https://hooks.example.com/videos"])]
    events: Events | None = None


class WebhookDefaultView(BaseModel):
    """Where callbacks go of jobs that name no `webhook_url`."""

    url: str
    """Where they go."""
    events: list[EventType] | None
    """Those that are sent; null for the four ends of a job."""

    @classmethod
    def of(cls, default: WebhookDefault) -> Self:
        """Return the default as its owner reads it."""
        events = None if default.events is None else [EventType(event) for event in default.events]
        return cls(url=default.url, events=events)


class DeliveryView(BaseModel):
    """One attempt to deliver an event."""

    delivery_id: str
    """The same however often it is read."""
    job_id: str | None
    """The job; null for a test."""
    type: str
    """The type of the event, as in its body."""
    webhook_id: str
    """The same for all attempts to deliver an event."""
    attempt: int
    """Its number, from 1. It rises also over redeliveries."""
    url: str
    """The `webhook_url`, without its query."""
    status: DeliveryStatus
    """The outcome."""
    result: Annotated[str, Field(description="As `callback.last_result` of the job.")]
    response: Annotated[
        str | None,
        Field(description="The first 500 characters of the receiver's response, if it did not acknowledge the event."),
    ]
    created_at: Timestamp
    """When it was sent."""
    duration_ms: int
    """Time until the receiver had responded."""
    next_attempt_at: Timestamp | None
    """When it is tried again; null if it is not."""
    headers: Annotated[dict[str, str], Field(description="Standard Webhooks' headers as sent; empty if none were.")]
    body: Annotated[str, Field(description="Exactly what was sent.")]
    target: Annotated[
        str | None, Field(description="Of a held delivery: the URL on your machine, if `webhook_url` named one.")
    ]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return the delivery as its owner reads it."""
        return cls(
            delivery_id=delivery.delivery_id,
            job_id=delivery.job_id,
            type=delivery.type,
            webhook_id=delivery.webhook_id,
            attempt=delivery.attempt,
            url=without_query(delivery.url),
            status=delivery.status,
            result=delivery.result,
            response=delivery.response,
            created_at=timestamp(delivery.created_at),
            duration_ms=delivery.duration_ms,
            next_attempt_at=None if delivery.next_attempt_at is None else timestamp(delivery.next_attempt_at),
            headers=dict(delivery.headers),
            body=delivery.body,
            target=held_target(delivery.url),
        )


class DeliveryList(BaseModel):
    """A page of deliveries."""

    deliveries: list[DeliveryView]
    """The deliveries of the page."""
    next_cursor: str | None
    """Send it as `cursor` to read older ones, or, if you sent `after`, as `after`: then it is never null."""


class WebhookTestResult(BaseModel):
    """How a receiver responded to a test."""

    delivery_id: str
    """The test in the list of deliveries."""
    type: str
    """Always `webhook.test`."""
    status: DeliveryStatus
    """The outcome."""
    result: str
    """As `callback.last_result` of a job."""
    duration_ms: int
    """Time until the receiver had responded."""
    response: str | None
    """The first 500 characters of the response, if the receiver did not acknowledge the test."""
