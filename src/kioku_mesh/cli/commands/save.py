"""`save` and `revise`."""

from __future__ import annotations

import click

from ...clock import to_iso
from ...errors import BadInput
from ...model import Draft, Saved
from ...service.memory import Memory
from .. import drafts, options, output
from ..opening import known, with_memory
from ..reading import on_terminal, text_of


@click.command()
@click.argument("text", nargs=-1)
@drafts.draft
@options.waiting
@options.as_json
@with_memory
def save(memory: Memory, text: tuple[str, ...], draft: Draft, waiting: options.Waiting, as_json: bool) -> None:
    """Save a memory (- or a pipe: from stdin).

    Several words are one text. What is not given is derived (subject, summary, project) or takes its default.
    """
    if not text and on_terminal():
        raise BadInput("no text to save", "give it as words, or pipe it in")
    told(memory.save(draft._replace(content=text_of(text)), **waiting), as_json)


@click.command()
@click.argument("observation_id", metavar="ID", shell_complete=known("id"))
@click.argument("text", nargs=-1)
@drafts.draft
@options.waiting
@options.as_json
@with_memory
def revise(
    memory: Memory, observation_id: str, text: tuple[str, ...], draft: Draft, waiting: options.Waiting, as_json: bool
) -> None:
    """Save a new version of a memory.

    The new one replaces the memory with this id (or the beginning of it) and inherits whatever is not given.
    Use - as the text to read it from stdin, and "" for the same text: it still holds though its files have changed.
    """
    nothing_else = draft == Draft(content="")
    if nothing_else and not text and on_terminal():
        raise BadInput("nothing to change", "give the new text, or an option such as --importance")
    new = draft._replace(content=text_of(text, pipe=nothing_else))
    told(memory.revise(memory.resolve(observation_id), new, **waiting), as_json)


def told(saved: Saved, as_json: bool) -> None:
    """Print where a memory is, and what the person who saved it should know."""
    output.show(saved, as_json, line)
    if as_json:
        return
    output.notes(saved.warnings)
    for similar in saved.similar:
        relation = similar.relation.replace("_", " ")
        output.note(f"{relation}: {similar.observation_id} {similar.subject}")
    if saved.expires_at:
        output.note(f"expires {to_iso(saved.expires_at)}")


def line(saved: Saved) -> str:
    there = saved.stored.told()
    told = f"{saved.status.replace('_', ' ')}: {saved.observation_id} (visibility={saved.visibility})"
    return f"{told}, {there}" if there else told
