"""The body and the response of a share link."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.options.fields import Number, Trimmed
from lambda_api.domain.views.job_schema import Timestamp
from lambda_api.usecases.links.share_job import DEFAULT_SECONDS, MAX_SECONDS, MIN_SECONDS
from lambda_api.web.validation import leniency


class ShareOptions(BaseModel):
    """What a share link leads to, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=False)

    expires_in: Annotated[
        int,
        Field(ge=MIN_SECONDS, le=MAX_SECONDS, description="Seconds; at most 30 days.", examples=[86_400]),
        Number,
    ] = DEFAULT_SECONDS
    artifact: Annotated[
        str | None,
        Trimmed,
        Field(max_length=64, description="The `name` of a file in `artifacts`; by default the main one."),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _drop_blank(cls, body: Any) -> dict[str, Any]:
        return leniency.drop_blank_fields(body)


class ShareLink(BaseModel):
    """A link that works without a key."""

    url: Annotated[str, Field(description="The link. Whoever has it can open the file.")]
    artifact: Annotated[str, Field(description="The `name` of the file that it opens.")]
    expires_at: Annotated[
        Timestamp, Field(description="The requested time, or the deletion of the file if that is earlier.")
    ]
