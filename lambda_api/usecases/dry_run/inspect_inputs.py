"""Look at each input of a request, and say in the worker's words what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contract.errors import Code, Failure
from contract.limits import MIB
from contract.options.inputs import Input
from contract.pages import find_known_site
from contract.roles import Role
from contract.urls import parse_url
from contract.web_pages import looks_like_html
from lambda_api.domain.inputs import Answer, NoAnswer
from lambda_api.domain.views.dry_run_schema import InputCheckView
from lambda_api.usecases.dry_run.durations import media_seconds
from lambda_api.usecases.services import Services

_TIMED = frozenset({Role.VIDEO, Role.AUDIO})
_SENT_WHOLE = frozenset({200, 206})
_HAS_FILE = frozenset({Code.SOURCE_TOO_LARGE, Code.SOURCE_EMPTY, Code.SUBTITLES_EMPTY})
_NO_TIME = "There was no time to look at all inputs; this one was not checked."


@dataclass(frozen=True, slots=True)
class Inspected:
    """The view of an input, and the input."""

    source: Input
    view: InputCheckView


def inspect_inputs(services: Services, inputs: Iterable[Input], stored: Mapping[str, str]) -> list[Inspected]:
    """Look at all inputs, the same URL once. They have passed the checks of a submit.

    `stored`: URLs of those that are in the gateway's own bucket, by field, in place of the references to them.
    """
    sources = list(inputs)
    urls = {source.field: stored.get(source.field, source.url) for source in sources}
    wanted: dict[str, bool] = {}
    for source in sources:
        url = urls[source.field]
        wanted[url] = wanted.get(url, False) or source.role in _TIMED
    answers = services.inputs.read(wanted) if wanted else {}
    limits = services.worker_limits
    return [
        Inspected(
            source,
            _view(
                source,
                answers.get(urls[source.field]),
                host=None if source.field in stored else parse_url(source.url).host,
                max_bytes=limits.max_bytes(source.role),
            ),
        )
        for source in sources
    ]


def durations(inspected: Iterable[Inspected]) -> Mapping[str, float]:
    """Return the lengths that are known, by field."""
    found = {entry.source.field: entry.view.duration_seconds for entry in inspected}
    return {field: seconds for field, seconds in found.items() if seconds is not None}


def _view(source: Input, found: Answer | NoAnswer | None, *, host: str | None, max_bytes: int) -> InputCheckView:
    """`host`: that of the URL as it was sent; None for a file in the bucket."""
    answer = found if isinstance(found, Answer) else Answer(0, "")
    failure = None if found is None else _failure(source, found, host or "", max_bytes)
    tells_length = failure is None and source.role in _TIMED
    return InputCheckView(
        field=source.field,
        host=host,
        reachable=None if found is None else failure is None or failure.code in _HAS_FILE,
        status=answer.status or None,
        content_type=answer.content_type,
        size_bytes=answer.size_bytes,
        duration_seconds=media_seconds(answer.head, answer.size_bytes, answer.index) if tells_length else None,
        warning=_NO_TIME if found is None else failure and failure.message,
    )


def _failure(source: Input, found: Answer | NoAnswer, host: str, max_bytes: int) -> Failure | None:
    """Return the failure that a worker would report for this response."""
    field = source.field
    if isinstance(found, NoAnswer):
        return Failure.of(found.code, field=field, **({"reason": found.reason} if found.reason else {}))
    if found.status not in _SENT_WHOLE:
        return Failure.of(Code.SOURCE_HTTP, field=field, http_status=str(found.status))
    if looks_like_html(found.head, found.content_type or ""):
        site = find_known_site(host, found.host)
        return Failure.of(Code.SOURCE_IS_HTML, field=field, **({"reason": site} if site else {}))
    if found.size_bytes == 0:
        return Failure.of(Code.SUBTITLES_EMPTY if source.role is Role.SUBTITLES else Code.SOURCE_EMPTY, field=field)
    if (found.size_bytes or 0) > max_bytes:
        return Failure.of(Code.SOURCE_TOO_LARGE, field=field, limit=f"{max_bytes // MIB} MB")
    return None
