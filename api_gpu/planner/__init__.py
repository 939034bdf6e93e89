"""Plan the GPU endpoint: its cost and the wait of jobs, for each choice of its settings. Pure.

    >>> from api_gpu.planner import Choices, Load, listed_gpus, plan, render_svg
    >>> load = Load.from_rate(jobs_per_day=33, work=[12.0], seed=7)
    >>> choices = Choices(gpus=listed_gpus("AMPERE_16"), idle_timeouts=(5, 60), min_workers=(0,), cold_starts=(10.0,))
    >>> result = plan(load, choices)
    >>> [(row.gpu, row.idle_timeout) for row in result.rows]
    [('AMPERE_16', 5), ('AMPERE_16', 60)]
    >>> best = result.cheapest(max_wait=15)
    >>> best.idle_timeout, best.wait_p95
    (5, 10.0)
    >>> render_svg(result, max_wait=15).startswith("<svg")
    True

`Load.from_trace` and `load_from_jobs` plan for jobs that were recorded; `Plan.to_dict` returns JSON.
"""

from api_gpu.planner.chart import render_svg
from api_gpu.planner.history import load_from_jobs
from api_gpu.planner.load import EVEN, OFFICE_HOURS, Load
from api_gpu.planner.plans import Choices, FixedCosts, Gpu, Plan, Row, listed_gpus, plan
from api_gpu.planner.simulate import Rules, Usage, simulate

__all__ = [
    "EVEN",
    "OFFICE_HOURS",
    "Choices",
    "FixedCosts",
    "Gpu",
    "Load",
    "Plan",
    "Row",
    "Rules",
    "Usage",
    "listed_gpus",
    "load_from_jobs",
    "plan",
    "render_svg",
    "simulate",
]
