"""`doctor`."""

from __future__ import annotations

import click

from ... import config
from ...doctor import NAMES, Check, Report, examine
from .. import options, output
from ..completing import words

EXIT = {"pass": 0, "warn": 1, "fail": 2}
MARKS = {"pass": "ok", "warn": "WARN", "fail": "FAIL", "not_checked": "-"}


@click.command()
@click.option("--fix", is_flag=True, help="Mend what can be mended.")
@click.option("--deep", is_flag=True, help="Read everything instead of samples.")
@options.many("--check", "names", metavar="NAME", shell_complete=words(NAMES), help="Only this check.")
@click.option("--check-legacy-namespace", "legacy", is_flag=True, help="Only whether older versions left names behind.")
@options.as_json
def doctor(fix: bool, deep: bool, names: tuple[str, ...], legacy: bool, as_json: bool) -> int:
    """Check that everything works, and repair it.

    Exit status: 0 all is well, 1 warnings, 2 failures.
    """
    only = (*names, "legacy_namespace") if legacy else names
    found = examine(config.load(tolerant=True), fix, deep, only)
    output.show(found, as_json, text)
    return EXIT[found.worst_status]


def text(found: Report) -> str:
    return "\n".join(map(finding, found.checks))


def finding(check: Check) -> str:
    parts = [f"{MARKS[check.status]:<4}  {check.name}: {output.one_line(check.summary)}"]
    if check.hint:
        parts.append(f"      hint: {output.one_line(check.hint)}")
    for done in check.details.get("fixed", ()):
        parts.append(f"      fixed: {output.one_line(done)}")
    if "not_fixed" in check.details:
        parts.append(f"      not fixed: {output.one_line(check.details['not_fixed'])}")
    return "\n".join(parts)
