"""Folders of the platform: home, state and configuration. Nothing is created or looked at here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .errors import BadInput, NotFound

_APP = "kioku-mesh"


def home(environ: Mapping[str, str], cwd: str, platform: str) -> str:
    """The person's home directory; empty if there is none."""
    home = environ.get("USERPROFILE" if platform == "win32" else "HOME", "").strip()
    if not home and platform != "win32":
        import pwd

        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            return ""
    return os.path.normpath(os.path.join(cwd, home)) if home and (cwd or os.path.isabs(home)) else ""


def default(key: str, environ: Mapping[str, str], home: str, platform: str) -> str:
    """The platform's own place for `state_dir` or `config_dir`; empty without a home directory."""
    state = key == "state_dir"
    if platform == "win32":
        base = environ.get("LOCALAPPDATA" if state else "APPDATA", "").strip()
        return os.path.join(base or _under(home, "AppData", "Local" if state else "Roaming"), _APP) if home else ""
    if platform == "darwin":
        return _under(home, "Library", "Application Support", _APP)
    base = environ.get("XDG_DATA_HOME" if state else "XDG_CONFIG_HOME", "").strip()
    if os.path.isabs(base):  # the specification has relative ones ignored
        return os.path.join(base, _APP)
    return _under(home, *((".local", "share") if state else (".config",)), _APP)


def _under(home: str, *parts: str) -> str:
    return os.path.join(home, *parts) if home else ""


def absolute(text: str, home: str, cwd: str, source: str) -> str:
    """A whole path from what somebody wrote. Raises BadInput that names `source`."""
    if text == "~" or text.startswith(("~/", "~" + os.sep)):
        text = home + text[1:] if home else text
    elif text.startswith("~"):
        text = os.path.expanduser(text)
    if not text.isprintable():
        raise BadInput(f"not a folder: {text[:60]!r} ({source})", "use a path of printable characters")
    if not os.path.isabs(text) and not cwd:
        raise BadInput(f"the folder {text[:60]!r} ({source}) is relative to nothing", "write the whole path")
    return os.path.normpath(os.path.join(cwd, text))


def whole(path: str) -> str:
    """The whole path of a file. Raises NotFound when it is relative to a working directory that is gone."""
    try:
        return os.path.abspath(path)
    except FileNotFoundError:
        raise NotFound(
            f"the working directory is gone, and {path[:60]} would be in it", "write the whole path, or `cd` elsewhere"
        ) from None


def host(environ: Mapping[str, str]) -> str:
    """The host name as the system has it; empty if it has none."""
    return os.uname().nodename if hasattr(os, "uname") else environ.get("COMPUTERNAME", "")
