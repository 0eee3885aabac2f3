"""The fixture `host` for tests of jobs."""

from __future__ import annotations

import pytest

from .testing import TestHost


@pytest.fixture
def host() -> TestHost:
    """A host that runs a job natively and refuses what a server refuses."""
    return TestHost()
