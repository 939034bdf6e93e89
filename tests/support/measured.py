"""Coverage of processes that tests start: only where a test asks for it, because it slows down all they do.

Nearly all that runs in such a process is tested in the process of the tests, too.
"""

from __future__ import annotations

import os

import pytest

_VARIABLE = "COVERAGE_PROCESS_CONFIG"
_config: dict[str, str] = {}


class MeasuredProcesses:
    """A pytest plugin."""

    def pytest_configure(self, config: pytest.Config) -> None:
        if _VARIABLE in os.environ:
            _config[_VARIABLE] = os.environ.pop(_VARIABLE)


def measured_environment() -> dict[str, str]:
    """Return the variables that add a process to the coverage; none where it is not measured."""
    return dict(_config)
