"""What tidying proposes, and what it answers when that was settled."""

from __future__ import annotations

from ..model import Notice
from ..results import Line
from ..values import NamedTuple

DUPLICATES, CONTRADICTIONS, STALE = "duplicates", "contradictions", "stale"
KINDS = (DUPLICATES, CONTRADICTIONS, STALE)


class Group(NamedTuple):
    """Memories that belong together. `key`: the same for the same memories as they are now; `kind`: duplicates,
    contradictions or stale; `keep`: the id of the one whose text holds, None where all would be deleted; `sure`: it may be
    settled without anybody naming it."""

    key: str
    kind: str
    why: str
    keep: str | None
    sure: bool
    members: tuple[Line, ...]


class TidyPlan(NamedTuple):
    """`looked_at`: how many memories were compared, the newest ones; `more`: groups beyond those shown."""

    groups: tuple[Group, ...]
    looked_at: int
    more: int = 0
    notes: tuple[Notice, ...] = ()


class Settled(NamedTuple):
    """What was done about a group. `observation_id`: the new memory that took the place of the `superseded` ones; `deleted`:
    the others, with their older revisions."""

    key: str
    kind: str
    observation_id: str | None = None
    superseded: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


class Tidied(NamedTuple):
    """`left`: keys of groups that were not settled."""

    settled: tuple[Settled, ...]
    left: tuple[str, ...] = ()
    notes: tuple[Notice, ...] = ()
