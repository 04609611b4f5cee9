"""Taking the files of an installation out of archives or out of a folder that somebody brought."""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Collection, Mapping, Sequence

from ..errors import BadInput, NotFound, Refused, StoreUnwritable
from ..patterns import pattern
from ..values import NamedTuple
from .fetch import check, known, unknown
from .platforms import Archive, Target

SUMS = "SHA256SUMS"
_FILE_MAX = 512 * 1024 * 1024  # bytes; the largest is below 100 MB
_SUM = pattern(r"([0-9a-fA-F]{64}) [ *](.+)")
_VERSION = pattern(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.-]+)?")


class Verified(NamedTuple):
    """A file, its SHA-256, and who vouches for it: `built in`, `release metadata`, `--sha256` or `SHA256SUMS`."""

    name: str
    sha256: str
    by: str


def valid_version(text: str) -> str:
    """`text`, if it is a version. Raises BadInput."""
    if not _VERSION.fullmatch(text):
        raise BadInput(f"not a version: {text[:40]!r}", "write it like 1.9.0")
    return text


def extract(archive: Archive, path: str, folder: str) -> None:
    """Put the files we need from the archive at `path` into `folder`, wherever they lie in it. Raises Refused."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as opened:
            inside = {os.path.basename(entry.filename): entry for entry in opened.infolist()}
            for name in archive.files:
                if name not in inside or inside[name].file_size > _FILE_MAX:
                    raise Refused(
                        f"{archive.name} has no {name}", "is it the archive whose name ends in -standalone.zip?"
                    )
                with opened.open(inside[name]) as source:
                    _place(source.read(), os.path.join(folder, name))
    except zipfile.BadZipFile as error:
        raise Refused(f"{archive.name} cannot be read: {error}", "fetch it again") from None


def bring(source: str, target: Target, version: str | None, given: Collection[str], folder: str) -> list[Verified]:
    """Put the files from `source` into `folder`: a folder with the two archives or the files, or one of the archives.

    What is taken has a digest in `given`, among the built-in ones or in `SHA256SUMS` beside it. Raises NotFound,
    BadInput, Refused.
    """
    place = os.path.abspath(source)
    if not os.path.exists(place):
        raise NotFound(f"there is nothing at {source}", "--from takes a folder or an archive")
    if os.path.isfile(place):
        version = version or _version_of(os.path.basename(place), target)
        place = os.path.dirname(place)
    sums = _sums(os.path.join(place, SUMS))
    if version is None and all(os.path.isfile(os.path.join(place, name)) for name in target.files):
        return _bring_files(place, target.files, given, sums, folder)
    archives = target.archives(version or _only_version(place, target))
    missing = [archive.name for archive in archives if not os.path.isfile(os.path.join(place, archive.name))]
    if missing:
        raise NotFound(f"{place} has no {' and no '.join(missing)}", "both archives of one version are needed")
    verified = []
    for archive in archives:
        path = os.path.join(place, archive.name)
        verified.append(_vouched(path, archive.name, given, sums))
        extract(archive, path, folder)
    return verified


def _bring_files(
    place: str, names: Sequence[str], given: Collection[str], sums: Mapping[str, str], folder: str
) -> list[Verified]:
    verified = []
    for name in names:
        path = os.path.join(place, name)
        verified.append(_vouched(path, name, given, sums))
        with open(path, "rb") as file:
            _place(file.read(), os.path.join(folder, name))
    return verified


def _vouched(path: str, name: str, given: Collection[str], sums: Mapping[str, str]) -> Verified:
    digests = known(name, given)
    if name in sums:
        digests.setdefault(sums[name], SUMS)
    if digests:
        found = check(path, name, digests)
        return Verified(name, found, digests[found])
    raise unknown(name, f"there is no {SUMS} that names it, and ")


def _sums(path: str) -> dict[str, str]:
    """File name -> digest, as `sha256sum` writes it."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = [_SUM.fullmatch(line.strip()) for line in file]
    except FileNotFoundError:
        return {}
    return {one[2]: one[1].lower() for one in found if one}


def _version_of(name: str, target: Target) -> str:
    """The version in the name of one of the two archives of this platform. Raises BadInput."""
    for archive in target.archives("*"):
        before, _, after = archive.name.partition("*")
        version = name.removeprefix(before).removesuffix(after)
        if name == f"{before}{version}{after}" and _VERSION.fullmatch(version):
            return version
    wanted = " or ".join(archive.name for archive in target.archives("VERSION"))
    raise BadInput(f"{name} is no archive for this machine", f"it should be called {wanted}")


def _only_version(place: str, target: Target) -> str:
    router = target.archives("*")[0].name
    names = [os.path.basename(path) for path in glob.glob(router, root_dir=place)]
    versions = {_version_of(name, target) for name in names}
    if len(versions) != 1:
        others = glob.glob("zenoh-*.zip", root_dir=place)
        none = "archives for other platforms only" if others else "neither archives nor the files"
        found = f"several versions: {', '.join(sorted(versions))}" if versions else none
        hint = (
            "choose one with --version"
            if versions
            else f"needed: {', '.join(target.files)}, or {router} and its backend"
        )
        raise NotFound(f"{place} has {found}", hint)
    return versions.pop()


def _place(content: bytes, path: str) -> None:
    try:
        with open(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o755), "wb") as file:
            file.write(content)
        os.chmod(path, 0o755)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        hint = "free some space" if full else "check the folder and its permissions"
        raise StoreUnwritable(f"cannot write {path}: {error.strerror}", hint) from None
