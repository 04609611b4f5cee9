"""What the use cases beside save and search answer. Apart from `model`: most processes never need them."""

from __future__ import annotations

from typing import Any

from .model import Hit, Notice, Observation, Stored
from .values import NamedTuple


class Line(NamedTuple):
    """One row of a preview: enough to recognise a memory."""

    observation_id: str
    subject: str
    project: str | None
    memory_type: str
    created_at: int
    state: str


class Got(NamedTuple):
    """Observations asked for by id, in the order asked; `history` is the chain of revisions, oldest first."""

    results: tuple[Observation, ...]
    missing: tuple[str, ...] = ()
    history: tuple[Observation, ...] = ()
    notes: tuple[Notice, ...] = ()


class Recalled(NamedTuple):
    """A block of text within a token budget, made of whole entries. `withheld`: how many more had no room; `repeated`: how
    many say the same as one that is told."""

    text: str
    results: tuple[Hit, ...]
    count: int  # type: ignore[assignment]
    withheld: int
    repeated: int = 0
    notes: tuple[Notice, ...] = ()


class Deleted(NamedTuple):
    """`live_again`: older revisions that are visible again because the one that superseded them is gone."""

    deleted: tuple[str, ...]
    already_deleted: tuple[str, ...] = ()
    live_again: tuple[str, ...] = ()
    erased_after: int | None = None
    preview: tuple[Line, ...] = ()
    dry_run: bool = False


class Restored(NamedTuple):
    observation_id: str
    how: str  # "undone" | "saved_again" | "already_live"
    subject: str = ""


class Existing(NamedTuple):
    """Memories saved while this machine shared nothing, by scope.

    Nobody has said yet whether other machines get the `open` ones; the `withheld` ones stay here.
    """

    open: dict[str, int]
    withheld: dict[str, int]

    @property
    def total(self) -> int:
        return sum((*self.open.values(), *self.withheld.values()))


class Shared(NamedTuple):
    """`shared`: appended to a stream that leaves this machine; the others were shared already, or are `local`."""

    shared: tuple[str, ...]
    preview: tuple[Line, ...] = ()
    dry_run: bool = False


class Receipt(NamedTuple):
    """Whether a peer is past a purge, and so has erased what it names."""

    node: str
    host: str
    erased: bool
    last_seen: int


class Purged(NamedTuple):
    """`stored`: how many peers have erased it too; `receipts`: which. For `already_purged` nothing was written again."""

    purged: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    live_again: tuple[str, ...] = ()
    stored: Stored = Stored()
    preview: tuple[Line, ...] = ()
    dry_run: bool = False
    receipts: tuple[Receipt, ...] = ()
    warnings: tuple[Notice, ...] = ()
    already_purged: tuple[str, ...] = ()


class Swept(NamedTuple):
    """What `gc` did: bodies `erased`, expired memories `swept` by a tombstone, bytes of `memory.db` before and after."""

    erased: int
    swept: int
    bytes_before: int
    bytes_after: int
    preview: tuple[Line, ...] = ()
    dry_run: bool = False


class Project(NamedTuple):
    name: str
    aliases: tuple[str, ...]
    live: int
    total: int
    last_saved: int | None


class Renamed(NamedTuple):
    """`rename` and `alias`: both names are one project, shown as `project`."""

    project: str
    was: str
    memories: int
    dry_run: bool = False


class Problem(NamedTuple):
    """A line of an import that could not be taken; `position` counts from 0 within what was handed over."""

    position: int
    code: str
    message: str


class Imported(NamedTuple):
    """`known`: were here already, `elsewhere` of them in another project than the one asked for; `conflicts`: added beside
    another content with the same id.
    """

    added: int = 0
    known: int = 0
    conflicts: int = 0
    problems: tuple[Problem, ...] = ()
    elsewhere: int = 0


class BackupFile(NamedTuple):
    """`kind`: automatic, manual, before_restore; None for a file that is not in the folder of backups.

    `removed`: files that were removed for this one; `before`: the backup of what a restored one replaced.
    """

    path: str
    bytes: int
    records: int
    created_at: int
    kind: str | None = None
    removed: tuple[str, ...] = ()
    before: str | None = None


class Resident(NamedTuple):
    """The resident process. `running`: it said so a moment ago; `error`: what keeps it from its work, or ended it.

    `scopes`: what it shares with other machines.
    """

    running: bool
    version: str
    pid: int
    since: int
    last_seen: int | None
    mode: str
    engine: str
    addresses: tuple[str, ...] = ()
    error: str = ""
    scopes: tuple[str, ...] = ()


class PeerState(NamedTuple):
    """Another machine as last heard. `lag_records`: what it lacks, the oldest of them written `lag_seconds` ago;
    `missing_here`: what it has and this machine lacks; `counted`: it said what it has, lately enough to be waited for.
    """

    node: str
    host: str
    address: str
    up: bool
    last_seen: int
    counted: bool
    lag_records: int
    lag_seconds: float
    missing_here: int
    clock_offset_seconds: float
    version: str
    protocol: int
    scopes: tuple[str, ...]
    last_error: str
    heads: tuple[dict[str, Any], ...] = ()


class MeshStatus(NamedTuple):
    """`stored`: how many of the counted peers have everything that this machine shares; `everywhere`: all have, and it
    lacks nothing of theirs; `summary` says that in one line. `admission`: who is let in; `network` is whoever reaches it.
    """

    mode: str
    engine: str
    admission: str
    everywhere: bool
    summary: str
    stored: Stored
    serve: Resident | None
    peers: tuple[PeerState, ...] = ()
    notes: tuple[Notice, ...] = ()


class Chosen(NamedTuple):
    """An embedder that was chosen in place of the built-in table: its vectors are `made` for so many memories, `of` those
    that get one; `used`: are questions asked of it; `takes_local`: also memories of visibility `local`, as it is on this
    machine; `fault`: what went wrong last."""

    name: str
    model: str = ""
    made: int = 0
    of: int = 0
    used: bool = False
    takes_local: bool = False
    fault: str = ""


class Meaning(NamedTuple):
    """How far memories are found by their meaning. `waiting`: how many have no vector yet (`many`: or more); `fault`: why
    there is no such search; `embedder`: the one that was chosen, None for the built-in table."""

    available: bool
    waiting: int = 0
    many: bool = False
    fault: str = ""
    embedder: Chosen | None = None


class Pending(NamedTuple):
    """Something that was captured from a session and waits for review. `source`: the file that it was found in."""

    id: str
    content: str
    memory_type: str
    project: str | None
    agent_family: str
    client_id: str
    session_id: str | None
    captured_at: int
    source: str = ""


class Week(NamedTuple):
    """What a client did in the seven days from `week` (microseconds). `counts`: sessions, searches, recalls, briefs,
    reminders, reads, saves; shown: memories it was shown; opened: of those the ones that were read whole or cited later."""

    week: int
    client: str
    counts: dict[str, int]


class Stats(NamedTuple):
    """How the memory is used on this machine, the newest week first. `never_shown`: of the `live` memories those that
    nobody was shown since they were saved."""

    weeks: tuple[Week, ...]
    live: int
    never_shown: int


class Status(NamedTuple):
    """Everything `status` shows. `identity` and `settings`: name -> {value, source}. `counts`: dimension -> name -> n."""

    version: str
    state_dir: str
    config_dir: str
    mode: str
    store: str  # "ok" | "empty" (nothing saved yet) | "read_only"
    identity: dict[str, Any]
    settings: dict[str, Any]
    counts: dict[str, dict[str, int]]
    session_saves: int
    bytes: int
    stored: Stored
    notes: tuple[Notice, ...] = ()
    serve: Resident | None = None
    mesh: MeshStatus | None = None
    meaning: Meaning = Meaning(True)
    usage: tuple[Week, ...] = ()  # of this week
