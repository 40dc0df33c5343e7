"""The mark of every module of engine tests."""

from __future__ import annotations

import pytest

ENGINES = [pytest.mark.engines, pytest.mark.xdist_group("engines")]
