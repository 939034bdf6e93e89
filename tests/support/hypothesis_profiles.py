"""Hypothesis profiles: the same examples in every `make test`, new ones with `-m full`.

So `make test` fails only after a change.
"""

from __future__ import annotations

import pytest
from hypothesis import settings


class HypothesisProfiles:
    """A pytest plugin. A test's own `settings(derandomize=True)` applies in both profiles."""

    def pytest_configure(self, config: pytest.Config) -> None:
        settings.register_profile("repeatable", derandomize=True)
        # derandomize=False is explicit because Hypothesis derandomizes where the variable CI is set.
        settings.register_profile("random", derandomize=False, print_blob=True)
        settings.load_profile("random" if _is_full(config) else "repeatable")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Also run the randomized tests with `-m full`, though `make test` runs them."""
        for item in items if _is_full(config) else []:
            test = getattr(item, "obj", None)
            own = getattr(test, "_hypothesis_internal_use_settings", settings.default)
            if getattr(test, "is_hypothesis_test", False) and not own.derandomize:
                item.add_marker(pytest.mark.full)


def _is_full(config: pytest.Config) -> bool:
    return str(config.getoption("markexpr")) == "full"
