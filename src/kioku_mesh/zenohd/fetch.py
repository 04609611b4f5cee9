"""Getting the archives of a release: resumable, and never without a digest to hold them against."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Any

from ..errors import KiokuError, NotAvailable, Refused, StoreUnwritable
from .platforms import DIGESTS, Archive

Say = Callable[[str], None]

_CHUNK = 256 * 1024
_SECONDS = 30.0  # without a byte
_TRIES = 5
_ANSWER_MAX = 4 * 1024 * 1024  # bytes of a release's metadata
_OFFLINE = "without internet: fetch the archives on another machine and use --from DIR"


class Source:
    """Where releases are published: `releases` has the archives, `api` what the release says about them."""

    def __init__(self, releases: str = "https://github.com", api: str = "https://api.github.com") -> None:
        self._releases, self._api = releases, api

    def digests(self, archive: Archive, given: Collection[str]) -> dict[str, str]:
        """The digests that `archive` may have -> who says so. Raises Refused when nobody says any."""
        said_here = known(archive.name, given)
        if said_here:
            return said_here
        try:
            said = self._published(archive)
        except NotAvailable as problem:
            raise unknown(archive.name, f"{problem.message}; ") from None
        if not said:
            raise unknown(archive.name)
        return {said: "release metadata"}

    def fetch(self, archive: Archive, folder: str, digests: Collection[str], say: Say) -> str:
        """The path of the verified archive in `folder`. What an earlier attempt left there is continued.

        Raises NotAvailable, Refused, StoreUnwritable.
        """
        path = os.path.join(folder, archive.name)
        part = path + ".part"
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if os.path.exists(path) and sha256(path) in digests:
                say(f"{archive.name}: here already")
                return path
            continued = os.path.exists(part)
            self._download(archive, part, say)
            if sha256(part) not in digests and continued:  # the leftover was of something else
                os.unlink(part)
                self._download(archive, part, say)
            check(part, archive.name, digests)
            os.replace(part, path)
        except KiokuError:
            raise
        except OSError as error:
            raise StoreUnwritable(f"cannot write into {folder}: {error.strerror or error}", "free some space") from None
        return path

    def _download(self, archive: Archive, part: str, say: Say) -> None:
        url = self._releases + archive.path
        for left in reversed(range(_TRIES)):
            before = _size(part)
            say(f"{archive.name}: going on at {before:,} bytes" if before else f"{archive.name}: downloading")
            try:
                if self._continue(url, part):
                    return
            except _unreachable() as error:
                if _refused(error) or not left:
                    raise NotAvailable(f"cannot download {url}: {_reason(error)}", _OFFLINE) from None
            if not left:
                break
        raise NotAvailable(f"cannot download {url}: it ends too early", "run the command again: it goes on there")

    def _continue(self, url: str, part: str) -> bool:
        """Append what is missing. Whether that was all."""
        import urllib.error

        start = _size(part)
        try:
            answer = _open(url, {"Range": f"bytes={start}-"} if start else {})
        except urllib.error.HTTPError as error:
            if error.code == 416 and start:  # nothing is missing; the digest tells whether it is the right thing
                return True
            raise
        with answer:
            goes_on = answer.status == 206
            expected = int(answer.headers.get("Content-Length") or -1)
            got = 0
            with open(part, "ab" if goes_on else "wb") as file:
                while chunk := answer.read(_CHUNK):
                    got += len(chunk)
                    file.write(chunk)
        return expected in (-1, got)

    def _published(self, archive: Archive) -> str:
        """The SHA-256 that the release itself names; empty if it names none."""
        import json

        url = f"{self._api}/repos/{archive.repository}/releases/tags/{archive.version}"
        try:
            with _open(url, {"Accept": "application/vnd.github+json"}) as answer:
                release = json.loads(answer.read(_ANSWER_MAX))
            assets = {str(asset["name"]): str(asset.get("digest") or "") for asset in release["assets"]}
        except _unreachable(ValueError, LookupError, TypeError, AttributeError) as error:
            raise NotAvailable(f"{url} cannot be asked: {_reason(error)}", _OFFLINE) from None
        kind, _, value = assets.get(archive.name, "").partition(":")
        return value.lower() if kind == "sha256" else ""


def known(name: str, given: Collection[str]) -> dict[str, str]:
    """The digests that the file `name` may have -> who says so, as far as that is known without asking anybody."""
    said = dict.fromkeys(given, "--sha256")
    if name in DIGESTS:
        said.setdefault(DIGESTS[name], "built in")
    return said


def unknown(name: str, why: str = "") -> Refused:
    """The error for a file that nobody vouches for."""
    return Refused(
        f"{why}no SHA-256 is known for {name}",
        f"look it up where the release is published and add --sha256 HEX (once for each archive); {_OFFLINE}",
        file=name,
    )


def check(path: str, name: str, digests: Collection[str]) -> str:
    """The digest of the file, if it is one of `digests`. Raises Refused, and removes a partial download."""
    found = sha256(path)
    if found not in digests:
        if path.endswith(".part"):
            os.unlink(path)
        raise Refused(
            f"{name} is not what it should be: its SHA-256 is {found}, not {' or '.join(sorted(digests))}",
            "nothing was installed; try again, and if it stays so do not use this file",
            file=name,
        )
    return found


def sha256(path: str) -> str:
    """The digest of a file."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(url: str, headers: dict[str, str]) -> Any:
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "kioku-mesh", **headers})
    return urllib.request.urlopen(request, timeout=_SECONDS)


def _unreachable(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What a connection may fail with, and `more`. A full disk is an OSError too and looks different."""
    import http.client
    import urllib.error

    return (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, *more)


def _refused(error: Exception) -> bool:
    """An answer that says no will say so again."""
    return 400 <= getattr(error, "code", 0) < 500


def _reason(error: Exception) -> str:
    code = getattr(error, "code", None)
    return f"HTTP {code}" if code else str(getattr(error, "reason", "") or error)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0
