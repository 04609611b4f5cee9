"""Installing zenohd: both archives of one version, verified, tried out, and only then put in place."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from typing import Any

from ..config import Config
from ..errors import BadInput, NotAvailable, StoreUnwritable
from ..patterns import pattern
from ..values import NamedTuple
from . import platforms, selftest, unpack
from .fetch import Say, Source, sha256
from .platforms import DEFAULT_VERSION, Target
from .selftest import Tested
from .unpack import Verified

MANIFEST = "zenohd.installed.json"
_DIGEST = pattern("[0-9a-f]{64}")
_VERSION = pattern(r"\d+\.\d+\.\d+(?:-(?:alpha|beta|rc|dev)[0-9A-Za-z.-]*)?")


class Installed(NamedTuple):
    """What `zenohd install` did. `status`: installed, already_installed."""

    status: str
    version: str
    target: str
    folder: str
    files: tuple[str, ...]
    verified: tuple[Verified, ...]
    self_test: Tested
    on_path: bool
    path_line: str


def folder_of(config: Config) -> str:
    """Where zenohd is installed on this machine."""
    return os.path.join(config.state_dir, "bin")


def program_of(config: Config) -> str:
    """Where zenohd is, or would be, on this machine. Raises NotAvailable."""
    return os.path.join(folder_of(config), platforms.target().program)


def install(
    config: Config,
    *,
    version: str | None = None,
    folder: str | None = None,
    origin: str | None = None,
    digests: Sequence[str] = (),
    source: Source | None = None,
    target: Target | None = None,
    say: Say = lambda _text: None,
) -> Installed:
    """Install into `folder` from the release, or from the folder or archive `origin`. Doing it again changes nothing.

    Raises BadInput, NotFound, Refused when a file is not what it should be or nobody says what it should be,
    NotAvailable when it cannot be had or does not work, StoreUnwritable.
    """
    given = _digests(digests)
    version = unpack.valid_version(version) if version else None
    target = target or platforms.target()
    place = os.path.abspath(folder or folder_of(config))
    present = None if origin else _present(place, target, version or DEFAULT_VERSION)
    if present:
        tested = selftest.test(os.path.join(place, target.program))
        _accept(tested, place)
        return _told(config, "already_installed", present["version"], target, place, _recorded(present), tested)
    import tempfile

    _make(place)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=place) as staging:
        if origin:
            verified = unpack.bring(origin, target, version, given, staging)
        else:
            wanted = target.archives(version or DEFAULT_VERSION)
            verified = _download(source or Source(), wanted, given, place, staging, say)
        program = os.path.join(staging, target.program)
        found = version_of(program)
        if (version or (None if origin else DEFAULT_VERSION)) not in (None, found):
            raise NotAvailable(f"this zenohd says it is version {found}, not {version or DEFAULT_VERSION}")
        say("self-test: start, write, stop, start, read")
        tested = selftest.test(program)
        _accept(tested, place)
        _put_in_place(staging, place, target, found, verified)
    return _told(config, "installed", found, target, place, verified, tested)


def version_of(program: str) -> str:
    """The version that a zenohd says it is. Raises NotAvailable."""
    import subprocess

    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        hint = "is it for this platform? It may also need a newer C library"
        raise NotAvailable(f"{program} cannot be run: {error}", hint) from None
    found = version_in(said.stdout + said.stderr)
    if said.returncode or not found:
        raise NotAvailable(f"{program} --version failed: {(said.stderr or said.stdout).strip()[-300:]}")
    return found


def version_in(text: str) -> str:
    """The version in what zenohd says of itself (`v1.9.0-release built with …`); empty if there is none."""
    found = _VERSION.search(text)
    return found[0] if found else ""


def _download(
    source: Source,
    wanted: Sequence[platforms.Archive],
    given: Collection[str],
    place: str,
    staging: str,
    say: Say,
) -> list[Verified]:
    """Every archive has its digest before the first is fetched."""
    allowed = {archive: source.digests(archive, given) for archive in wanted}
    downloads = os.path.join(place, ".downloads")
    verified = []
    for archive, digests in allowed.items():
        path = source.fetch(archive, downloads, digests, say)
        found = sha256(path)
        verified.append(Verified(archive.name, found, digests[found]))
        unpack.extract(archive, path, staging)
    return verified


def _accept(tested: Tested, place: str) -> None:
    if tested.status == "failed":
        raise NotAvailable(
            f"the self-test failed: {tested.message}",
            f"nothing was changed in {place}; the log of zenohd is in the details (--json)",
            log=tested.log,
        )


def _put_in_place(staging: str, place: str, target: Target, version: str, verified: Sequence[Verified]) -> None:
    import shutil

    digests = {name: sha256(os.path.join(staging, name)) for name in target.files}
    rows = [row._asdict() for row in verified]
    manifest = {"version": version, "target": target.triple, "files": digests, "verified": rows}
    try:
        with open(os.path.join(staging, MANIFEST), "w", encoding="utf-8") as file:
            json.dump(manifest, file, indent=2)
        for name in (*target.files, MANIFEST):
            os.replace(os.path.join(staging, name), os.path.join(place, name))
    except OSError as error:
        raise StoreUnwritable(
            f"cannot replace the files in {place}: {error.strerror}", "stop the zenohd that runs from there, then again"
        ) from None
    shutil.rmtree(os.path.join(place, ".downloads"), ignore_errors=True)


def manifest_of(place: str) -> dict[str, Any]:
    """What was installed in `place`; empty if nothing was."""
    try:
        with open(os.path.join(place, MANIFEST), encoding="utf-8") as file:
            read = json.load(file)
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _present(place: str, target: Target, version: str) -> dict[str, Any] | None:
    """The record of an installation that is whole and of this version."""
    manifest = manifest_of(place)
    if (manifest.get("version"), manifest.get("target")) != (version, target.triple):
        return None
    try:
        whole = all(sha256(os.path.join(place, name)) == manifest["files"][name] for name in target.files)
    except (OSError, LookupError, TypeError):
        return None
    return manifest if whole else None


def _recorded(manifest: dict[str, Any]) -> list[Verified]:
    return [Verified(row["name"], row["sha256"], row["by"]) for row in manifest.get("verified", ())]


def _told(
    config: Config,
    status: str,
    version: str,
    target: Target,
    place: str,
    verified: Sequence[Verified],
    tested: Tested,
) -> Installed:
    on_path = place in config.environ.get("PATH", "").split(os.pathsep)
    line = f'$env:Path += ";{place}"' if "windows" in target.triple else f'export PATH="{place}:$PATH"'
    return Installed(status, version, target.triple, place, target.files, tuple(verified), tested, on_path, line)


def _digests(given: Sequence[str]) -> frozenset[str]:
    found = frozenset(digest.strip().lower().removeprefix("sha256:") for digest in given)
    for digest in found:
        if not _DIGEST.fullmatch(digest):
            raise BadInput(f"not a SHA-256: {digest[:80]!r}", "write its 64 hexadecimal digits")
    return found


def _make(place: str) -> None:
    try:
        os.makedirs(place, mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            f"cannot make {place}: {error.strerror}", "choose another folder with --bin-dir"
        ) from None
