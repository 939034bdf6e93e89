"""The scaler of RunPod workers."""

from __future__ import annotations

import pytest

from local.runpod.fleet.scaler import Plan, Scaling, WorkerView, plan_scaling

SCALING = Scaling(workers_max=2, queue_delay=4.0, idle_timeout=30.0)


@pytest.mark.parametrize(
    ("waiting", "workers", "plan"),
    [
        ([], [], Plan(0, ())),
        ([97.0], [], Plan(0, ())),
        ([96.0], [], Plan(1, ())),
        ([0.0, 0.0, 0.0], [], Plan(2, ())),
        ([0.0], [WorkerView("a", True, None)], Plan(0, ())),
        ([0.0], [WorkerView("a", False, 99.0)], Plan(0, ())),
        ([0.0], [WorkerView("a", False, None)], Plan(1, ())),
        ([0.0, 0.0], [WorkerView("a", True, None)], Plan(1, ())),
        ([0.0], [WorkerView("a", False, None), WorkerView("b", False, None)], Plan(0, ())),
        ([], [WorkerView("a", False, 70.0), WorkerView("b", False, 71.0)], Plan(0, ("a",))),
        ([0.0], [WorkerView("a", False, 0.0)], Plan(0, ())),
    ],
)
def test_worker_count_follows_the_queue(waiting: list[float], workers: list[WorkerView], plan: Plan) -> None:
    assert plan_scaling(100.0, SCALING, waiting, workers) == plan


def test_minimum_workers_are_kept_running() -> None:
    scaling = Scaling(workers_min=1, workers_max=3, idle_timeout=1.0)
    assert plan_scaling(100.0, scaling, [], []) == Plan(1, ())
    assert plan_scaling(100.0, scaling, [], [WorkerView("a", False, 0.0)]) == Plan(0, ())
    assert plan_scaling(100.0, scaling, [], [WorkerView("a", False, 0.0), WorkerView("b", False, 5.0)]) == Plan(
        0, ("a",)
    )
