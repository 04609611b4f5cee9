"""A shelf to search in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """Empty, without vectors unless a test makes them."""
    made = Shelf(tmp_path)
    yield made
    made.store.close()
