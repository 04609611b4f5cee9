"""What tests with real clients share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from clients.desk import Desk, require
from support import Home


@pytest.fixture
def sit(home: Home) -> Iterator[Callable[..., Desk]]:
    """A desk with the named clients, in a home that has nothing else in it."""
    desks: list[Desk] = []

    def sit(*clients: str) -> Desk:
        require(*clients)
        desks.append(Desk(home, *clients))
        return desks[-1]

    yield sit
    for desk in desks:
        desk.close()
