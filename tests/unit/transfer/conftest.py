"""A memory that keeps records in a dict: what export and import need of the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from kioku_mesh.model import Filter
from kioku_mesh.results import Imported, Problem


class Shelf:
    """Takes a record once by its id; refuses those whose content is `bad`."""

    def __init__(self, *records: dict[str, Any]) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.batches: list[int] = []
        self.projects: set[str | None] = set()
        self.asked: list[tuple[Filter, bool]] = []
        for record in records:
            self.kept[record["observation_id"]] = record

    def records(self, where: Filter, include_local: bool) -> Iterator[dict[str, Any]]:
        self.asked.append((where, include_local))
        yield from self.kept.values()

    def import_records(
        self, lines: Iterable[dict[str, Any]], project: str | None = None, dry_run: bool = False
    ) -> Imported:
        records = list(lines)
        self.batches.append(len(records))
        self.projects.add(project)
        added = known = 0
        problems = []
        for position, record in enumerate(records):
            own = record.get("observation_id") or record["id"]
            if record.get("content") == "bad":
                problems.append(Problem(position, "bad_input", "it is bad"))
            elif own in self.kept:
                known += 1
            else:
                added += 1
                if not dry_run:
                    self.kept[own] = record
        return Imported(added, known, 0, tuple(problems))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()
