"""The program `kioku-mesh`. Its own help is answered without loading anything; the rest goes to the commands."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from . import edge, pages, table

GARBAGE = 100_000  # objects allocated between two looks for garbage; Python's own 700 are for long lives


def run(arguments: Sequence[str], opener: Callable[[], Any] | None = None) -> int:
    """Run one command line and return the exit status. `opener` replaces how commands open the memory."""
    return edge.guarded(lambda: _answer(arguments, opener), arguments, lambda: bool(table.find(table.VERBOSE)()))


def _answer(arguments: Sequence[str], opener: Callable[[], Any] | None) -> Any:
    page = pages.PAGES.get(tuple(arguments))
    if page:
        sys.stdout.write(page())
        return 0
    return table.find(table.GROUP)(arguments, opener)


def main() -> NoReturn:
    """Entry point of the installed program.

    A command is one short life: looking for garbage in it and taking the interpreter apart at its end would be a fifth
    of it. Everything that must be closed or written is, before `run` returns.
    """
    gc.set_threshold(GARBAGE)
    status = run(sys.argv[1:])
    with suppress(OSError, ValueError, AttributeError):  # a stream may be closed or missing
        sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
