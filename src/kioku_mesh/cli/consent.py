"""The consent of a person to what cannot be taken back."""

from __future__ import annotations

import sys

from ..errors import Refused
from .reading import on_terminal


def ask(what: str, details: str, yes: bool, see: str = "--dry-run") -> None:
    """Return if the person agrees to `what` ("delete 4 memories"). Raises Refused otherwise.

    `details`, the rows of the preview, are shown before the question. Without a terminal only `yes` is consent;
    `see`: the option that shows what would happen.
    """
    if yes:
        return
    if not on_terminal():
        raise Refused(f"this would {what}, and nobody is there to ask", f"add --yes to do it, {see} to see it")
    sys.stdout.flush()
    sys.stderr.write(f"{details}\n{what}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Refused("nothing was changed", "answer y, or add --yes")
