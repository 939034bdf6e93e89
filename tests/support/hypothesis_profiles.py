"""Hypothesis draws the same in each `make test`, which so fails for changes only, and something else with `-m full`."""

from __future__ import annotations

import pytest
from hypothesis import settings


class HypothesisProfiles:
    """A plugin of pytest's. What a test says of itself with `settings(derandomize=True)` counts in both."""

    def pytest_configure(self, config: pytest.Config) -> None:
        settings.register_profile("same", derandomize=True)
        # Stated, because Hypothesis draws the same wherever the variable CI is set.
        settings.register_profile("other", derandomize=False, print_blob=True)
        settings.load_profile("other" if _full(config) else "same")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """With `-m full` they are run too, which otherwise are run each time."""
        for item in items if _full(config) else []:
            test = getattr(item, "obj", None)
            own = getattr(test, "_hypothesis_internal_use_settings", settings.default)
            if getattr(test, "is_hypothesis_test", False) and not own.derandomize:
                item.add_marker(pytest.mark.full)


def _full(config: pytest.Config) -> bool:
    return str(config.getoption("markexpr")) == "full"
