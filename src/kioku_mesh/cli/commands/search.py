"""`search` and `list`."""

from __future__ import annotations

import click

from ...clock import now
from ...model import MODES, Filter, Found, Hit, Observation, Query
from ...service.memory import Memory
from ...service.packing import harmless, head
from .. import filters, options, output
from ..completing import words
from ..opening import known, with_memory
from ..reading import text_of


@click.command()
@click.argument("query", nargs=-1)
@filters.where(hidden_states=True)
@options.limit(10)
@options.offset
@click.option(
    "--mode", metavar="|".join(MODES), default="auto", shell_complete=words(MODES), help="How words must fit."
)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", help="How to print.")
@click.option("--explain", is_flag=True, help="Say for each result why it is one.")
@click.option("--why-not", metavar="ID", shell_complete=known("id"), help="Say why this memory is not found.")
@options.as_json
@with_memory
def search(
    memory: Memory, query: tuple[str, ...], where: Filter, limit: int, offset: int, mode: str, form: str,
    explain: bool, why_not: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Search memories by words and by meaning.

    Modes: auto finds what has many of the words or means the same, and wants all, or any, and_or all and then any, exact the literal text.
    No query lists the newest.
    """
    target = None if why_not is None else memory.resolve(why_not)
    found = memory.search(Query(text_of(query, pipe=False), where, mode, limit, offset, explain, target))
    output.show(found, as_json or form == "json", markdown if form == "markdown" else text)
    if not as_json and form != "json":
        told(found, offset)


@click.command("list")
@filters.where(hidden_states=True)
@options.limit(20)
@options.offset
@options.as_json
@with_memory
def list_(memory: Memory, where: Filter, limit: int, offset: int, as_json: bool) -> None:
    """The newest memories, one line each."""
    found = memory.search(Query("", where, limit=limit, offset=offset))
    output.show(found, as_json, lines)
    if not as_json:
        told(found, offset)


def told(found: Found, offset: int) -> None:
    """What limited an answer."""
    if found.why_not:
        output.note(found.why_not)
    output.notes(found.notes)
    if not found.results:
        output.note("nothing found")
    elif found.more:
        output.note(f"there are more: --offset {offset + len(found.results)}")


def text(found: Found) -> str:
    """Head line and excerpt of each result."""
    return "\n\n".join(map(entry, found.results))


def entry(hit: Hit) -> str:
    observation = hit.observation
    parts = [head(observation, now())]
    if observation.content.strip().rstrip(".") != observation.subject:
        parts.append(output.indent(output.excerpt(observation.content)))
    if hit.explain is not None:
        parts.append(output.indent(f"why: {output.one_line(hit.why)}"))
        parts += [output.indent(f"  {name}: {output.one_line(str(value))}") for name, value in hit.explain.items()]
    return "\n".join(parts)


def markdown(found: Found) -> str:
    """A heading, the head line and the whole content of each result, quoted: it cannot pretend to be one of ours."""
    return "\n".join(section(hit.observation) for hit in found.results)


def section(o: Observation) -> str:
    content = output.indent(harmless(o.content), "> ")
    return f"## {output.one_line(o.subject)}\n\n`{head(o, now())}`\n\n{content}\n"


def lines(found: Found) -> str:
    return output.preview(hit.observation for hit in found.results)
