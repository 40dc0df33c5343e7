"""The mark of every module of tests that need an engine."""

from __future__ import annotations

import pytest

ENGINES = [pytest.mark.engines]
