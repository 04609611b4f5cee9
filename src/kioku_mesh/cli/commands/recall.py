"""`recall` and `brief`."""

from __future__ import annotations

import click

from ...model import Filter
from ...results import Recalled
from ...service.memory import Memory
from .. import filters, options, output
from ..opening import with_memory
from ..reading import text_of


@click.command()
@click.argument("task", nargs=-1, required=True)
@filters.where()
@options.budget(1200)
@click.option("--only-clear", is_flag=True, help="Only what clearly belongs to it, which is mostly nothing.")
@options.as_json
@with_memory
def recall(memory: Memory, task: tuple[str, ...], where: Filter, budget: int, only_clear: bool, as_json: bool) -> None:
    """Everything worth knowing before a task, as one text.

    The text is made to be handed to an agent: grouped, within the budget, and marked with who wrote what and when. --file
    and --ref say what the task is about; what names them comes first.
    """
    block(memory.recall(text_of(task, pipe=False), where, budget, only_clear), as_json)


@click.command()
@filters.project
@options.budget(600)
@options.as_json
@with_memory
def brief(memory: Memory, project: str | None, budget: int, as_json: bool) -> None:
    """What an agent should know at the start of a session."""
    block(memory.brief(project, budget), as_json)


def block(recalled: Recalled, as_json: bool) -> None:
    output.show(recalled, as_json, lambda recalled: recalled.text)
    if as_json:
        return
    output.notes(note for note in recalled.notes if note.message not in recalled.text)
    if not recalled.text:
        output.note("nothing found")
