"""Background work: done when something is due, and nothing is written otherwise."""

from __future__ import annotations

from pathlib import Path

from kioku_mesh import wire
from support.stores import everything, memory, save


def written(folder: Path) -> list[tuple[str, int, int]]:
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.glob("memory.db*"))]


def test_nothing_is_written_when_nothing_is_due(tmp_path: Path) -> None:
    """The first time a backup is made; from then on the files stay as they are."""
    with memory(tmp_path) as opened:
        save(opened, "kept")
        opened.tend()
        assert len(opened.backups()) == 1
        before = written(tmp_path)
        opened.tend()
        assert written(tmp_path) == before


def test_what_is_due_is_erased(tmp_path: Path) -> None:
    """A deletion whose time is over is carried out by whoever is idle."""
    with memory(tmp_path) as opened:
        id_ = save(opened, "deleted")
        with opened.store.write() as transaction:
            transaction.append(wire.TOMBSTONE, "mesh", wire.encode_body({}), names=[id_], until=transaction.now)
        assert everything(opened.store)[id_][1]
        opened.tend()
        assert everything(opened.store)[id_] == ("deleted", "")
