"""`share`: withheld memories go out by id, project or type, after a look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kioku_mesh.model import Draft, Filter
from kioku_mesh.results import Shared
from support.stores import memory

from .conftest import IDS, Asked, line


def test_what_is_shared_was_shown(cli: Any) -> None:
    """Ids and filter go to the service; off a terminal nothing is shared without --yes."""
    asked = Asked(
        share=lambda ids, _where=None, dry_run=False: Shared(() if dry_run else tuple(ids), (line(1),), dry_run)
    )
    ran = cli("share", IDS[0], "-p", "shop", "--type", "bug,note", "--json", memory=asked)
    assert ran.error()["code"] == "refused"
    assert asked.asked("share") == [([IDS[0]], Filter(project="shop", memory_types=("bug", "note")), True)]
    ran = cli("share", "-p", "shop", "--dry-run", memory=asked)
    assert ran.out.startswith("would share 1 memory:\n")
    assert cli("share", "-p", "shop", "--yes", memory=asked).out == f"shared: {IDS[0]}\n"
    assert asked.asked("share")[-1] == ([IDS[0]],)


def test_sharing_everything_by_mistake_is_bad_input(cli: Any) -> None:
    """Nothing given is not everything."""
    assert cli("share", "--json", memory=Asked()).error()["code"] == "bad_input"


def test_withheld_memories_are_shared_by_project(cli: Any, tmp_path: Path) -> None:
    """On a store: what fits goes, what is shared already is said to be, an unknown id is not found."""
    with memory(tmp_path / "state") as opened:
        first = opened.save(Draft("about the shop", project="shop")).observation_id
        opened.save(Draft("about home", project="home"))
        opened.withhold()
    for said in (f"shared: {first}\n", "nothing to share: they are shared already, or local\n"):
        assert cli("share", "-p", "shop", "--yes", memory=memory(tmp_path / "state")).out == said
    assert cli("share", first[:8], "--yes", memory=memory(tmp_path / "state")).out.startswith("nothing to share")
    with memory(tmp_path / "state") as opened:
        assert opened.existing() == ({}, {"mesh": 1}), "what is shared stays here no longer"
    ran = cli("share", "0" * 32, "--yes", "--json", memory=memory(tmp_path / "state"))
    assert (ran.status, ran.error()["code"]) == (3, "not_found")


@pytest.mark.parametrize("wrong", [["-t", "x"], ["--since", "7d"]])
def test_other_filters_are_no_options(cli: Any, wrong: list[str]) -> None:
    """What is shared for good is chosen by few, clear words."""
    assert cli("share", *wrong, memory=Asked()).status == 2
