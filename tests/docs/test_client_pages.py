"""The page of a client says what its row in the table says."""

from __future__ import annotations

from pathlib import Path

import pytest

import reference
from kioku_mesh.clients import CLIENTS

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = sorted((GUIDE / "clients").glob("*.md"))
VERIFIED = {"program": "The tests drive the real program", "schema": "By its documentation"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_what_is_changed(page: Path) -> None:
    """Every file and event that `mcp install` may write to for this client, and how far that was verified."""
    client, text = CLIENTS[page.stem], page.read_text()
    files = {file for row in reference.file_rows(client) for cell in row[2:] for file in cell.split(", ") if file}
    assert [file for file in files if file not in text] == []
    assert [event for event, _ in (client.hooks.events if client.hooks else ()) if event not in text] == []
    assert text.split("\n\n")[1].startswith(VERIFIED[client.verified])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_found(page: Path) -> None:
    """It is short, and the guide to several agents leads to it."""
    assert len(page.read_text().splitlines()) <= 50
    assert f"(clients/{page.name})" in (GUIDE / "several-agents.md").read_text()
