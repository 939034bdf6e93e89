"""Hypothesis profiles: the same examples in every `make test`, new ones with `-m full`.

So `make test` fails only after a change. Coverage doubles the time of such a test, and hundreds of examples reach few
lines that the other tests do not: it is measured without them.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings


class HypothesisProfiles:
    """A pytest plugin. A test's own `settings(derandomize=True)` applies in both profiles."""

    def pytest_configure(self, config: pytest.Config) -> None:
        # Drawing is slow on a busy machine, which is no fault of a test.
        slow = [HealthCheck.too_slow]
        settings.register_profile("repeatable", derandomize=True, suppress_health_check=slow)
        # derandomize=False is explicit because Hypothesis derandomizes where the variable CI is set.
        settings.register_profile("random", derandomize=False, print_blob=True, suppress_health_check=slow)
        settings.load_profile("random" if _is_full(config) else "repeatable")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Also run the randomized tests with `-m full`, though `make test` runs them."""
        for item in items:
            test = getattr(item, "obj", None)
            if not getattr(test, "is_hypothesis_test", False):
                continue
            item.add_marker(pytest.mark.no_cover)
            own = getattr(test, "_hypothesis_internal_use_settings", settings.default)
            if _is_full(config) and not own.derandomize:
                item.add_marker(pytest.mark.full)


def _is_full(config: pytest.Config) -> bool:
    return str(config.getoption("markexpr")) == "full"
