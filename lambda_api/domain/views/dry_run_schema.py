"""The shape of a dry run's result."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lambda_api.domain.views.job_schema import Kind


class _View(BaseModel):
    # Compiled at first use: most requests are no dry runs.
    model_config = ConfigDict(frozen=True, defer_build=True, json_schema_serialization_defaults_required=True)


class InputCheckView(_View):
    """What was found at the URL of an input."""

    field: str
    """The field of the request, by its path."""
    host: Annotated[str | None, Field(description="Host of the URL as it was sent; null for an upload.")]
    reachable: Annotated[
        bool | None, Field(description="Whether the job could download it; null if there was no time to ask.")
    ]
    status: Annotated[int | None, Field(description="HTTP status of the host's response; null without one.")]
    content_type: str | None
    """Media type, as the host states it."""
    size_bytes: Annotated[int | None, Field(description="Null if the host does not state it.")]
    duration_seconds: Annotated[
        float | None, Field(description="Null if the start of the file does not tell it, and for pictures.")
    ]
    warning: Annotated[str | None, Field(description="Why the job would fail on it, in the worker's words.")]


class EstimateView(_View):
    """What the job would take."""

    gpu_seconds: Annotated[float, Field(description="Seconds of execution.")]
    queue_seconds: Annotated[float, Field(description="Seconds until it starts, at this moment.")]
    gpu_usd: Annotated[
        float,
        Field(
            description=(
                "Execution, rounded up to whole seconds. With `history` also your jobs' usual share of starting and "
                "idle workers."
            )
        ),
    ]
    basis: Annotated[
        Literal["history", "benchmark"],
        Field(description="`history`: your jobs of this operation in the last 30 days. `benchmark`: a measured table."),
    ]
    jobs_measured: Annotated[int, Field(description="Your jobs behind `history`.")]


class DryRunView(_View):
    """What a submit would do. Nothing was stored, started or charged."""

    dry_run: Literal[True] = True
    """True: a job has no such field."""
    operation: Kind
    """What would be done."""
    valid: Annotated[Literal[True], Field(description="The request is one that a submit accepts.")] = True
    artifacts: Annotated[list[str], Field(description="Names of the files that the job would make.")]
    inputs: list[InputCheckView]
    """What was found at each input."""
    estimate: EstimateView
    """What it would take."""
    warnings: Annotated[list[str], Field(description="What else deserves a look. Sentences, for people.")]
