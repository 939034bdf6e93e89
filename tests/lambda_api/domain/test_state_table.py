"""The state table in docs/architecture.md equals the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.errors import Code, Failure
from lambda_api.domain import events
from lambda_api.domain.events import Event
from lambda_api.domain.job import TERMINAL, Source, State
from lambda_api.domain.transitions import Change, apply
from tests.support.examples import job, manifest, report
from tests.support.fakes import START

PAGE = Path(__file__).parents[3] / "docs" / "architecture.md"
ROW = re.compile(r"^\| `(\w+)` \|[^|]+\| (\w+|–) \| (\w+|–) \| (\w+|–) \|$", re.MULTILINE)
LIVE = [state for state in State if state not in TERMINAL]
FAILURE = Failure.of(Code.INTERNAL)
EVENTS: tuple[Event, ...] = (
    events.DispatchBegun("endpoint", START),
    events.DispatchRefused(1, START),
    events.DispatchOutcomeUnknown(1, START, START),
    events.Dispatched("r-1", "endpoint", START),
    events.Started(START),
    events.Progressed(report(), START),
    events.Resubmitted("r-1", START),
    events.Polled(START),
    events.CancelRequested(START),
    events.Completed(manifest(), 0.0002, Source.WEBHOOK),
    events.Failed(FAILURE, Source.WEBHOOK),
    events.Cancelled(FAILURE, Source.CANCEL),
    events.TimedOut(FAILURE, Source.SWEEPER),
)


def documented() -> dict[str, list[str]]:
    return {name: cells for name, *cells in ROW.findall(PAGE.read_text(encoding="utf-8"))}


def state_after(state: State, event: Event) -> str:
    """Return the next state, or a dash for an event that the state rejects."""
    runpod_job_id = None if isinstance(event, events.Dispatched) else "r-1"
    result = apply(job(state=state, runpod_job_id=runpod_job_id), event, START)
    return result.job.state.value if isinstance(result, Change) else "–"


def test_state_table_lists_every_event() -> None:
    assert set(documented()) == {type(event).__name__ for event in EVENTS}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_state_table_equals_the_transitions(event: Event) -> None:
    assert documented()[type(event).__name__] == [state_after(state, event) for state in LIVE]
