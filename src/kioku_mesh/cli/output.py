"""What commands print: text for people or exactly one JSON object, on stdout; notes for people on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from ..clock import ago
from ..model import Notice, Observation, as_plain
from ..service.packing import harmless
from .edge import answering

if TYPE_CHECKING:  # the commands used most do without it
    from ..results import Line

T = TypeVar("T")

SHORT_ID = 12  # digits of an id in lists; enough to be unique and to be accepted
NAMED = 10  # lines or records that could not be taken in and that a person is told of; --json has more


def show(result: T, as_json: bool, text: Callable[[T], str]) -> None:
    """Print a result: its JSON, or what `text` makes of it. An empty text prints nothing."""
    if as_json:
        print_json(as_plain(result))
        return
    rendered = text(result)
    if rendered:
        _write(rendered if rendered.endswith("\n") else rendered + "\n")


def print_json(plain: Any) -> None:
    import json

    _write(json.dumps(plain, ensure_ascii=False) + "\n")


def _write(text: str) -> None:
    with answering():
        sys.stdout.write(text)


def note(text: str) -> None:
    """One line for the person at the terminal, on stderr."""
    with answering():
        sys.stdout.flush()
    sys.stderr.write(f"note: {one_line(text)}\n")


def notes(notices: Iterable[Notice]) -> None:
    for notice in notices:
        note(notice.message)


def rejected(told: Iterable[str], failed: int, what: str) -> None:
    """What could not be taken in, one line each: the first of `failed` in all."""
    for line in [*told][:NAMED]:
        note(line)
    if failed > NAMED:
        note(f"and {plural(failed - NAMED, f'more bad {what}')}")


def one_line(text: str) -> str:
    """Stored text on one line, harmless."""
    return harmless(" ".join(text.split()))


def excerpt(text: str, characters: int = 300) -> str:
    """The beginning of a stored text in its own lines, harmless, cut at a word."""
    text = harmless(text.strip())
    if len(text) <= characters:
        return text
    return text[:characters].rsplit(None, 1)[0].rstrip() + " …"


def indent(text: str, by: str = "    ") -> str:
    return "\n".join((by + line).rstrip() for line in text.split("\n"))


def rows(table: Iterable[Iterable[str]]) -> str:
    """Columns aligned to their widest entry, the last one left as it is."""
    lines = [list(row) for row in table]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, [*widths[:-1], 0])).rstrip() for line in lines)


def listed(line: Line | Observation) -> tuple[str, ...]:
    """The columns of a memory in a list: id, age, type and state, project, subject."""
    kind = line.memory_type if line.state == "live" else f"{line.memory_type}, {line.state}"
    project, subject = one_line(line.project or "-"), one_line(line.subject)
    return line.observation_id[:SHORT_ID], ago(line.created_at), one_line(kind), project, subject


def preview(lines: Iterable[Line | Observation]) -> str:
    return rows(map(listed, lines))


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 memory`, `1,234 memories`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def counter(verb: str, what: str = "lines") -> Callable[[int], None]:
    """Progress for the person at the terminal."""

    def count(done: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{verb} {done:,} {what}\033[K\r")
            sys.stderr.flush()

    return count
