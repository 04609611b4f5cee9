"""Getting the archives of a release: nothing unverified, nothing twice, interruptions continued."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kioku_mesh.errors import NotAvailable, Refused
from kioku_mesh.zenohd.fetch import Source
from kioku_mesh.zenohd.platforms import DEFAULT_VERSION, DIGESTS, Archive, target
from support.releases import Releases, digest, zipped

ARCHIVE = Archive("eclipse-zenoh/zenoh", "1.2.3", "zenoh-1.2.3-here-standalone.zip", ("zenohd",))
CONTENT = zipped(zenohd=os.urandom(300_000))


@pytest.fixture
def releases() -> Iterator[Releases]:
    with Releases({ARCHIVE.name: CONTENT}) as served:
        yield served


def fetch(releases: Releases, folder: Path, digests: set[str] | None = None) -> bytes:
    wanted = digests or set(releases.source.digests(ARCHIVE, ()))
    return Path(releases.source.fetch(ARCHIVE, str(folder), wanted, lambda _text: None)).read_bytes()


def downloads(releases: Releases) -> list[str]:
    return [wanted for path, wanted in releases.asked if not path.startswith("/repos/")]


def test_the_release_says_what_its_archives_are(releases: Releases, tmp_path: Path) -> None:
    """Without a digest of ours the one in the release's own metadata counts, and the archive is fetched from there."""
    assert releases.source.digests(ARCHIVE, ()) == {digest(CONTENT): "release metadata"}
    assert fetch(releases, tmp_path) == CONTENT
    assert releases.asked[0][0] == "/repos/eclipse-zenoh/zenoh/releases/tags/1.2.3"
    assert releases.asked[-1][0] == f"/eclipse-zenoh/zenoh/releases/download/1.2.3/{ARCHIVE.name}"


@pytest.mark.parametrize("said", ["", "md5:0123", "sha512:00"])
def test_nothing_is_fetched_without_a_digest(said: str) -> None:
    """A release that names no SHA-256 for the archive makes the person name it, and nothing was downloaded."""
    with Releases({ARCHIVE.name: CONTENT}, {ARCHIVE.name: said}) as releases:
        with pytest.raises(Refused, match="no SHA-256 is known") as refused:
            releases.source.digests(ARCHIVE, ())
        assert "--sha256" in refused.value.hint
        assert downloads(releases) == []


def test_metadata_out_of_reach_is_no_excuse() -> None:
    """When the release cannot be asked, the digest has to be given."""
    with pytest.raises(Refused, match="no SHA-256 is known"):
        Source("http://127.0.0.1:9", "http://127.0.0.1:9").digests(ARCHIVE, ())


def test_what_is_given_and_what_is_built_in_count_without_asking(releases: Releases) -> None:
    """`--sha256` and built-in digests are used as they are; the network is not asked."""
    known = Archive("eclipse-zenoh/zenoh-backend-rocksdb", DEFAULT_VERSION, next(iter(DIGESTS)), ())
    assert releases.source.digests(ARCHIVE, ["ab"]) == {"ab": "--sha256"}
    assert releases.source.digests(known, ()) == {DIGESTS[known.name]: "built in"}
    assert set(releases.source.digests(known, ["ab"]).values()) == {"--sha256", "built in"}
    assert releases.asked == []


def test_built_in_digests_are_of_archives_we_would_fetch() -> None:
    """Every built-in digest belongs to an archive of the default version on Linux."""
    places = [target(machine, "linux", musl) for machine in ("x86_64", "aarch64") for musl in (True, False)]
    fetched = {archive.name for place in places for archive in place.archives(DEFAULT_VERSION)}
    assert set(DIGESTS) <= fetched
    assert all(len(value) == 64 and set(value) <= set("0123456789abcdef") for value in DIGESTS.values())


def test_another_content_is_refused_and_leaves_nothing(releases: Releases, tmp_path: Path) -> None:
    """An archive with another digest is an error that names both, and stays nowhere."""
    with pytest.raises(Refused, match="is not what it should be") as refused:
        fetch(releases, tmp_path, {"0" * 64})
    assert digest(CONTENT) in refused.value.message
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_download_goes_on(releases: Releases, tmp_path: Path) -> None:
    """Every break costs only what had not arrived."""
    releases.cut = [100_000, 50_000]
    assert fetch(releases, tmp_path) == CONTENT
    assert downloads(releases) == ["", "bytes=100000-", "bytes=150000-"]


def test_a_later_command_goes_on_where_the_first_gave_up(releases: Releases, tmp_path: Path) -> None:
    """What one command could not finish, the next one continues; a finished archive is not fetched again."""
    releases.cut = [10_000] * 5
    with pytest.raises(NotAvailable, match="ends too early"):
        fetch(releases, tmp_path)
    del releases.asked[:]
    assert fetch(releases, tmp_path) == CONTENT
    assert downloads(releases) == ["bytes=50000-"]
    assert fetch(releases, tmp_path) == CONTENT
    assert downloads(releases) == ["bytes=50000-"]


def test_a_server_that_cannot_continue_sends_all(releases: Releases, tmp_path: Path) -> None:
    """Where ranges are not served the download begins anew and is still right."""
    releases.ranges, releases.cut = False, [100_000]
    assert fetch(releases, tmp_path) == CONTENT


@pytest.mark.parametrize("leftover", [b"something else", CONTENT + b"more", CONTENT])
def test_a_leftover_that_does_not_fit_is_fetched_anew(releases: Releases, tmp_path: Path, leftover: bytes) -> None:
    """A partial file of another release, or one that is too long, does no harm."""
    (tmp_path / f"{ARCHIVE.name}.part").write_bytes(leftover)
    assert fetch(releases, tmp_path) == CONTENT


def test_a_version_that_does_not_exist(releases: Releases, tmp_path: Path) -> None:
    """A missing archive is reported with its address after one attempt, with the way that works offline."""
    del releases.files[ARCHIVE.name]
    with pytest.raises(NotAvailable, match="HTTP 404") as failed:
        fetch(releases, tmp_path, {"0" * 64})
    assert ARCHIVE.name in failed.value.message
    assert "--from" in failed.value.hint
    assert len(downloads(releases)) == 1
