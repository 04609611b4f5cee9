"""`projects list`, `stats`, `rename`, `alias` and `delete`."""

from __future__ import annotations

import click

from ...clock import ago
from ...results import Project, Renamed
from ...service.memory import Memory
from .. import options, output
from ..consent import ask
from ..opening import known, with_memory
from .erase import deleted_text, listed, memories

NAME = click.argument("name", shell_complete=known("project"))


@click.group(no_args_is_help=False)
def projects() -> None:
    """List, rename, alias and delete projects."""


@projects.command("list")
@options.as_json
@with_memory
def list_(memory: Memory, as_json: bool) -> None:
    """The names of all projects, the latest first."""
    output.show({"projects": memory.projects()}, as_json, lambda shown: "\n".join(map(named, shown["projects"])))


def named(project: Project) -> str:
    also = f" (also {', '.join(project.aliases)})" if project.aliases else ""
    return output.one_line(project.name + also)


@projects.command()
@options.as_json
@with_memory
def stats(memory: Memory, as_json: bool) -> None:
    """How much is in each project, and since when nothing was saved."""
    output.show({"projects": memory.projects()}, as_json, lambda shown: table(shown["projects"]))


def table(projects: tuple[Project, ...]) -> str:
    head = ("live", "total", "last saved", "project")
    return output.rows(
        [head, *((str(p.live), str(p.total), ago(p.last_saved) if p.last_saved else "-", named(p)) for p in projects)]
    )


@projects.command()
@click.argument("old", shell_complete=known("project"))
@click.argument("new")
@options.dry_run
@options.yes
@options.as_json
@with_memory
def rename(memory: Memory, old: str, new: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Give a project another name; the old one keeps working."""
    renamed = memory.rename_project(old, new, dry_run=True)
    if not dry_run:
        ask(f"show {affected(renamed)} of {old} under {new}", "", yes)
        renamed = memory.rename_project(old, new)
    output.show(renamed, as_json, renamed_text)


@projects.command()
@NAME
@click.argument("to", shell_complete=known("project"))
@options.dry_run
@options.yes
@options.as_json
@with_memory
def alias(memory: Memory, name: str, to: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Make NAME another name of the project TO."""
    renamed = memory.alias_project(name, to, dry_run=True)
    if not dry_run:
        ask(f"make {name} another name of {to}, with {affected(renamed)}", "", yes)
        renamed = memory.alias_project(name, to)
    output.show(renamed, as_json, renamed_text)


def affected(renamed: Renamed) -> str:
    return output.plural(renamed.memories, "memory", "memories")


def renamed_text(renamed: Renamed) -> str:
    verb = "would show" if renamed.dry_run else "now shows"
    return output.one_line(f"{renamed.project} {verb} {affected(renamed)} of {renamed.was}")


@projects.command()
@NAME
@options.dry_run
@options.yes
@options.as_json
@with_memory
def delete(memory: Memory, name: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Hide every memory of a project."""
    deleted = memory.delete_project(name, dry_run=True)
    if deleted.preview and not dry_run:
        ask(f"delete {memories(deleted.preview)} of {name}", output.preview(deleted.preview), yes)
        deleted = memory.delete(listed(deleted.preview))
    output.show(deleted._replace(dry_run=dry_run), as_json, deleted_text)
