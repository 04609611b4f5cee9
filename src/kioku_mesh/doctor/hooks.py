"""The check of what clients call at events of a session: a hook says nothing to its client when it fails, so it is said here."""

from __future__ import annotations

from ..clock import DAY, ago, parse_time
from ..hooks import journal
from .case import Case, passed, warned
from .results import Check

_LATELY = 7 * DAY


def failures(case: Case) -> Check:
    """Did a hook fail lately?"""
    stamp, _, what = journal.last(case.config.state_dir).partition(" ")
    if not what or (at := parse_time(stamp, local=False)) < case.now - _LATELY:
        return passed("none failed lately")
    return warned(
        f"a hook failed {ago(at, case.now)}: {what}",
        f"{journal.FILE} in the state directory has all of them; nothing was told to the agent then",
    )
