"""Who uses the memory how: counted on this machine, per client and week, and never told to anybody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing

from ..clock import DAY
from ..clock import now as read_clock
from ..model import Draft, Hit
from ..patterns import pattern
from ..store.usage import Noted, Usage, Visit
from .context import Context

_ID = pattern(r"\b[0-9a-f]{32}\b")


def note(
    ctx: Context, what: str, shown: Iterable[str] = (), opened: Iterable[str] = (), informed: bool = False
) -> None:
    """Count something that was done. `informed`: the client knows now what matters. Never a reason to fail, and nothing
    where there is no store yet."""
    if not ctx.store.exists():
        return
    at = read_clock()
    row = None
    if informed:
        with ctx.store.read(ctx.scopes) as snapshot:
            row = snapshot.last_row
    noted = Noted(at, _client(ctx), session(ctx, at), _project(ctx), what, tuple(shown), tuple(opened), row)
    with closing(Usage(ctx.config.state_dir)) as usage:
        usage.note(noted)


def of_hits(hits: Sequence[Hit]) -> list[str]:
    return [hit.observation.observation_id for hit in hits]


def cited(draft: Draft) -> list[str]:
    """Ids of other memories that a text names."""
    said = " ".join((draft.content, *draft.references, *draft.supersedes))
    return list(dict.fromkeys(_ID.findall(said)))


def session(ctx: Context, at: int) -> str:
    """The session of whoever asks; a client that tells none has one a day."""
    return ctx.identity.session_id or f"day {at // DAY}"


def shown(ctx: Context) -> frozenset[str]:
    """Ids of the memories that this session was shown."""
    with closing(Usage(ctx.config.state_dir)) as usage:
        return usage.shown_in(session(ctx, read_clock()))


def last_here(ctx: Context, project: str | None) -> Visit | None:
    """The session of this client in the project before this one; None for the first one."""
    with closing(Usage(ctx.config.state_dir)) as usage:
        return usage.last_here(_client(ctx), project or _project(ctx), session(ctx, read_clock()))


def prune(ctx: Context) -> None:
    """Drop what is old."""
    with closing(Usage(ctx.config.state_dir)) as usage:
        usage.prune(read_clock())


def _client(ctx: Context) -> str:
    return ctx.identity.client_id


def _project(ctx: Context) -> str:
    return ctx.config.project()[0] or ""
