"""Importing from another product, and how the outcome is told."""

from __future__ import annotations

from ..service.memory import Memory
from ..transfer import products
from ..transfer.products import Brought, Wish
from . import embedding, output


def bring(memory: Memory, source: str, path: str | None, wish: Wish, as_json: bool) -> int:
    """Take it in and tell what became of it; 1 if something could not be taken."""
    report = products.take(memory, source, path, wish, output.counter("read", "memories"))
    if not wish.dry_run:
        embedding.embed(memory)
    output.show(report, as_json, text)
    if not as_json:
        output.notes(report.notes)
        output.rejected((f"{error.key}: {error.message}" for error in report.errors), report.failed, "entry")
    return 1 if report.failed else 0


def text(report: Brought) -> str:
    lines = [f"found: {_found(report)} in {', '.join(map(output.one_line, report.paths))}"]
    if set(report.projects) - {""}:
        told = (f"{output.one_line(name) or 'none'} ({count:,})" for name, count in report.projects.items())
        lines.append(f"projects: {', '.join(told)}")
    if report.skipped:
        lines.append(f"not taken: {'; '.join(f'{why} ({count:,})' for why, count in report.skipped.items())}")
    outcome = [f"{report.added:,} new", f"{report.known:,} known"]
    if report.revised:
        outcome[0] += f" ({output.plural(report.revised, 'revision')})"
    if report.conflicts:
        outcome.append(output.plural(report.conflicts, "conflict"))
    if report.failed:
        outcome.append(output.plural(report.failed, "bad entry", "bad entries"))
    lines.append(f"{'would import' if report.dry_run else 'imported'}: {', '.join(outcome)}")
    if report.dry_run and report.preview:
        lines.append(output.preview(report.preview))
        more = report.added - len(report.preview)
        lines += [f"and {more:,} more"] if more > 0 else []
    return "\n".join(lines)


def _found(report: Brought) -> str:
    total = sum(report.found.values())
    types = ", ".join(f"{count:,} {name}" for name, count in report.found.items())
    return output.plural(total, "memory", "memories") + (f" ({types})" if types else "")
