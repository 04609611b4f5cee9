"""The reference pages are those that the code yields."""

from __future__ import annotations

import pytest

import reference


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_page_is_current(name: str) -> None:
    """A page of docs/reference is what `./dev docs` would write now."""
    assert reference.current(name) == reference.page(reference.PAGES[name]()), "run ./dev docs"
