"""The program `kioku-mesh`. Its own help is answered without loading anything; the rest goes to the commands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from . import edge, pages, table


def run(arguments: Sequence[str], opener: Callable[[], Any] | None = None) -> int:
    """Run one command line and return the exit status. `opener` replaces how commands open the memory."""
    return edge.guarded(lambda: _answer(arguments, opener), arguments, lambda: bool(table.find(table.VERBOSE)()))


def _answer(arguments: Sequence[str], opener: Callable[[], Any] | None) -> Any:
    page = pages.PAGES.get(tuple(arguments))
    if page:
        sys.stdout.write(page())
        return 0
    return table.find(table.GROUP)(arguments, opener)


def main() -> int:
    """Entry point of the installed program."""
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
