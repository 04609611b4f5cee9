"""The words of the product as types. Named tuples: immutable, and free at start-up.

Times are microseconds since 1970 (int); `as_plain` turns a value into what JSON shows.
"""

from __future__ import annotations

from typing import Any

from .clock import SECOND, to_iso
from .values import NamedTuple

MEMORY_TYPES = (
    "note", "decision", "bug", "pattern", "config", "summary",
    "fact", "preference", "context", "result", "instruction", "process",
)  # fmt: skip
VISIBILITIES = ("mesh", "user", "team", "local")
STATES = ("live", "superseded", "expired", "deleted")
MODES = ("auto", "and", "or", "and_or", "exact")

RESULT_MAX = 10_000  # no search or list answers more than this at once


class Notice(NamedTuple):
    """A warning of a save or a note of a search: something true that the reader should know."""

    code: str
    message: str


class Sought(NamedTuple):
    """What a text is about, for the store to compare memories with: by the table of meanings, and by the embedder that was
    chosen; None where it cannot say. Nobody else looks inside."""

    own: bytes | None
    chosen: bytes | None = None


class Identity(NamedTuple):
    """Who is asking. `node` is None until the first save has named this machine."""

    agent_family: str = "human"
    client_id: str = "cli"
    session_id: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    node: str | None = None
    host: str = ""


class Draft(NamedTuple):
    """What somebody asks to save. None and () mean "not given"."""

    content: str
    subject: str | None = None
    summary: str | None = None
    memory_type: str | None = None
    importance: int | None = None
    project: str | None = None
    tags: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    visibility: str | None = None
    expires_at: int | None = None
    allow_secret: bool = False


class Observation(NamedTuple):
    """One memory as every interface shows it."""

    observation_id: str
    content: str
    subject: str
    summary: str
    derived: tuple[str, ...]
    memory_type: str
    importance: int
    project: str | None
    tags: tuple[str, ...]
    source_files: tuple[str, ...]
    references: tuple[str, ...]
    supersedes: tuple[str, ...]
    superseded_by: tuple[str, ...]
    conflicts_with: tuple[str, ...]
    visibility: str
    agent_family: str
    client_id: str
    session_id: str | None
    pc_id: str
    host: str
    created_at: int
    expires_at: int | None
    state: str
    body_lost: bool
    origin_here: bool
    stamp: str
    deleted_at: int | None = None
    deleted_by: str | None = None  # who, as `client@host`
    deleted_reason: str | None = None
    purged: bool = False
    stored: Stored | None = None  # told where a memory is asked for by its id
    # What its files were when it was saved, as in `Seen`, and where that is known, what has become of them here.
    commit: str | None = None
    file_hashes: tuple[str, ...] = ()
    file_paths: tuple[str, ...] = ()
    freshness: str | None = None  # "fresh" | "changed" | "gone"
    changed_files: tuple[str, ...] = ()  # those of `source_files` that have another content now
    gone_files: tuple[str, ...] = ()  # and those that are not there any more


class Filter(NamedTuple):
    """Which observations; every given field must fit. Several values of one field are alternatives, tags excepted: all."""

    project: str | None = None
    memory_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source_files: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    agent_family: str | None = None
    client_id: str | None = None
    session_id: str | None = None
    pc_id: str | None = None
    here: bool = False
    since: int | None = None
    until: int | None = None
    states: tuple[str, ...] = ("live",)


class Query(NamedTuple):
    """A search. An empty text lists the newest first."""

    text: str = ""
    where: Filter = Filter()
    mode: str = "auto"
    limit: int = 10
    offset: int = 0
    explain: bool = False
    why_not: str | None = None


class Hit(NamedTuple):
    observation: Observation
    score: float
    why: str
    explain: dict[str, Any] | None = None


class Found(NamedTuple):
    """The answer of search and list. `notes` names whatever limited it."""

    results: tuple[Hit, ...]
    count: int  # type: ignore[assignment]
    more: bool
    looked_in: dict[str, Any]
    notes: tuple[Notice, ...] = ()
    why_not: str | None = None
    verdict: str | None = None  # strong, fair or weak; None where nothing was weighed


class Similar(NamedTuple):
    observation_id: str
    subject: str
    created_at: int
    relation: str  # "same_subject" | "near_duplicate"


class Stored(NamedTuple):
    """Where a memory is, truthfully: on this machine; acknowledged by `peers` of `of` known peers.

    `mesh`: it may leave this machine, which is in a mesh.
    """

    here: bool = True
    peers: int = 0
    of: int = 0
    mesh: bool = False

    def told(self) -> str:
        """In words; empty on a machine that is alone, where there is nothing to say."""
        also = f" and on {self.peers} of {self.of} machines" if self.of else ""
        return f"stored here{also}" if self.mesh else ""


class Patience(NamedTuple):
    """How long to wait for other machines: until `count` of them (None: all) have it, at most `timeout` microseconds."""

    count: int | None = None  # type: ignore[assignment]
    timeout: int = 30 * SECOND


class Saved(NamedTuple):
    observation_id: str
    status: str  # "saved" | "already_saved"
    visibility: str
    project: str | None
    subject: str
    stored: Stored = Stored()
    warnings: tuple[Notice, ...] = ()
    similar: tuple[Similar, ...] = ()
    expires_at: int | None = None


_TIMES = frozenset(
    ("created_at", "expires_at", "deleted_at", "until", "since", "erased_after", "last_saved", "last_seen", "week")
)


_ONLY_IF_SAID = (
    "body_lost", "why_not", "verdict", "deleted_at", "deleted_by", "deleted_reason", "purged", "removed", "before", "stored", "mesh",
    "embedder", "commit", "file_hashes", "file_paths", "freshness", "changed_files", "gone_files",
)  # fmt: skip


def as_plain(value: Any) -> Any:
    """Dictionaries, lists and ISO times of a value of this module, ready for JSON.

    A Hit becomes its observation with `score` and `why` added, as all interfaces show results.
    """
    if isinstance(value, Hit):
        plain = as_plain(value.observation)
        plain["score"] = round(value.score, 4)
        plain["why"] = value.why
        if value.explain is not None:
            plain["explain"] = as_plain(value.explain)
        return plain
    if hasattr(value, "_asdict"):
        value = value._asdict()
        # shown only where they say something
        for field in _ONLY_IF_SAID:
            if field in value and not value[field]:
                del value[field]
    if isinstance(value, dict):
        return {k: to_iso(v) if k in _TIMES and type(v) is int else as_plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_plain(v) for v in value]
    return value
