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
    if answer(details, f"{what}? [y/N] ") not in ("y", "yes"):
        raise Refused("nothing was changed", "answer y, or add --yes")


def answer(details: str, question: str) -> str:
    """What the person at the terminal types, in small letters; `q` when nothing more comes."""
    sys.stdout.flush()
    sys.stderr.write(f"{details}\n{question}")
    sys.stderr.flush()
    return (sys.stdin.readline() or "q").strip().lower()
