"""Turns: how many coroutines work at the same time."""

from __future__ import annotations

import asyncio

import pytest

from gpu_worker.concurrency import Turns, run_all


def test_one_that_needs_everything_works_alone() -> None:
    active: list[str] = []
    seen: list[tuple[str, ...]] = []

    async def work(name: str, turns: Turns, *, alone: bool) -> None:
        async with turns.all() if alone else turns.one():
            active.append(name)
            for _ in range(5):
                seen.append(tuple(active))
                await asyncio.sleep(0)
            active.remove(name)

    async def run() -> None:
        turns = Turns(3)
        await run_all(*(work(f"{'large' if n % 4 == 1 else 'small'}{n}", turns, alone=n % 4 == 1) for n in range(12)))

    asyncio.run(run())
    assert max(len(names) for names in seen) == 3
    with_large = [names for names in seen if any(name.startswith("large") for name in names)]
    assert {names for names in with_large if len(names) > 1} == set()
    assert {names[0] for names in with_large} == {"large1", "large5", "large9"}


def test_failure_gives_all_turns_back() -> None:
    async def run() -> None:
        turns = Turns(2)
        with pytest.raises(ValueError, match="no"):
            async with turns.all():
                raise ValueError("no")
        async with turns.one():
            waiting = asyncio.create_task(_enter_all(turns))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with asyncio.timeout(1), turns.all():
            pass

    asyncio.run(run())


async def _enter_all(turns: Turns) -> None:
    async with turns.all():
        pass
