"""Frozen samples of every released format: they are never made again silently (`make.py` refuses to overwrite them).

A test that fails here says that this release no longer reads or writes what an earlier one wrote. The way out is a new
version of the format with samples of its own; the old samples stay.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from kioku_mesh import wire
from kioku_mesh.model import Filter, Query
from kioku_mesh.store import sql
from kioku_mesh.store.store import Store
from support.stores import contents, damage, everything, memory, save

from . import make

HERE = Path(__file__).parent
FRAMES = sorted((HERE / "v1").glob("*.frame"))
KNOWN = [path for path in FRAMES if path.stem != "unknown-kind"]

# SHA-256 of the files: a sample that was edited or made again is noticed.
DIGESTS = HERE / "digests.json"


def decoded(path: Path) -> wire.Record:
    data = path.read_bytes()
    record, end = wire.decode_frame(data)
    assert end == len(data)
    return record


def test_the_samples_are_those_that_were_frozen() -> None:
    """No sample was added, removed, edited or made again without its digest being changed by hand as well."""
    found = {
        str(path.relative_to(HERE)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((*HERE.glob("v*/*"), *HERE.glob("schema-*")))
    }
    assert found == json.loads(DIGESTS.read_text())


@pytest.mark.parametrize("path", FRAMES, ids=lambda path: path.stem)
def test_a_frozen_frame_is_read(path: Path) -> None:
    """Each sample decodes to the header and body that it was made of, byte for byte, and encodes to the same frame."""
    record = decoded(path)
    kind, said, fields, bodied = make.SAMPLES[path.stem]
    assert record.header.kind == kind
    assert record.body == (said if bodied else None)
    assert {field: getattr(record.header, field) for field in fields} == fields
    assert record.header.body == hashlib.sha256(said).hexdigest()
    assert wire.encode_frame(record) == path.read_bytes()


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_this_release_writes_the_same_bytes(path: Path) -> None:
    """From the same fields this release writes the same header, hence the same digest, hence the same links."""
    record = decoded(path)
    assert wire.encode_header(record.header) == record.raw
    assert make.sample(path.stem) == path.read_bytes()


def test_a_frozen_body_means_what_it_said() -> None:
    """The fields of full observations and of a minimal one of version 1 are read as they were written."""
    for name, fields in (("full", make.FULL), ("seen", make.SEEN)):
        whole = decoded(HERE / "v1" / f"observation-{name}.frame")
        said = wire.read_observation(whole.header, whole.body or b"")._asdict()
        told = {field: value for field, value in said.items() if value not in (None, ())}
        assert {field: list(value) if isinstance(value, tuple) else value for field, value in told.items()} == fields
    minimal = decoded(HERE / "v1" / "observation-minimal.frame")
    said = wire.read_observation(minimal.header, minimal.body or b"")
    assert (said.content, said.pc_id, said.tags, said.project) == ("x", "desk-1a2b", (), None)


def test_a_body_is_written_as_it_was() -> None:
    """`encode_body` writes the fields in the order and form of the samples, but for the salt, which is random."""
    for name, fields in (("full", make.FULL), ("seen", make.SEEN)):
        frozen = decoded(HERE / "v1" / f"observation-{name}.frame").body or b""
        written = wire.encode_body(fields)
        salt = json.loads(written)["salt"]
        assert len(salt) == len(make.SALT)
        assert written.replace(salt.encode(), make.SALT.encode()) == frozen


def test_frozen_records_are_taken_in(tmp_path: Path) -> None:
    """A store of this release takes the samples from a peer and passes them on as they came."""
    records = [decoded(path) for path in FRAMES if path.stem not in ("observation-minimal", "observation-erased")]
    store = Store(str(tmp_path), node="here-0001")
    with store.write() as transaction:
        assert transaction.apply(records).added == len(records)
    with store.read(frozenset(("mesh", "team/red", "user/kim"))) as snapshot:
        kept = {record.raw: record.body for record in snapshot.records(include_local=True)}
    assert kept == {record.raw: record.body for record in records}
    store.close()


@pytest.mark.parametrize("path", sorted(HERE.glob("schema-*.db.gz")), ids=lambda path: path.name)
def test_a_frozen_database_is_opened(path: Path, tmp_path: Path) -> None:
    """The database of an earlier release shows what it showed then, is found by words, whole, and can be written."""
    (tmp_path / "memory.db").write_bytes(gzip.decompress(path.read_bytes()))
    shown = {
        id_: tuple(found)
        for id_, found in json.loads((HERE / path.name.replace(".db.gz", ".json")).read_text()).items()
    }
    with memory(tmp_path) as opened:
        assert everything(opened.store) == shown
        assert {
            hit.observation.content
            for hit in opened.search(
                Query(text="figs dates", mode="or", where=Filter(states=("live", "deleted")))
            ).results
        } == {content for state, content in shown.values() if "figs" in content or "dates" in content}
        fresh = save(opened, "fresh")
        assert everything(opened.store).keys() == shown.keys() | {fresh}
        assert damage(opened.store) == []
        while opened.embed(1):
            pass
        assert opened.status().meaning.waiting == 0
        found = opened.search(Query(text="a personal thing of whoever has this computer")).results
        assert "private matter" in found[0].observation.content
        opened.embed_chosen(60)  # what another embedder made is forgotten, as the built-in table is chosen
        assert sql.rows(opened.store.reader(), "SELECT 1 FROM chosen UNION SELECT 1 FROM embedder") == []
        opened.rebuild()
        assert {id_: found for id_, found in everything(opened.store).items() if id_ != fresh} == shown
        assert fresh in contents(opened.store)


def test_samples_are_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    """Making the samples again leaves those that are there as they are."""
    before = {path: path.read_bytes() for path in HERE.rglob("*") if path.suffix in (".frame", ".gz", ".json")}
    make.main()
    assert {path: path.read_bytes() for path in before} == before
    assert capsys.readouterr().out == ""
