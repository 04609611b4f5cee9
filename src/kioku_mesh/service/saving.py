"""Saving and revising: checked outside the lock, stored in one transaction, never at the price of other text."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import wire
from ..clock import DAY, MINUTE
from ..clock import now as read_clock
from ..errors import BadInput, NotFound, SecretFound
from ..model import Draft, Notice, Observation, Patience, Saved
from ..seen import Seen
from ..store import vectors
from ..store.content import fingerprint
from ..store.meaning import Fault
from ..store.reading import Snapshot
from ..store.transaction import Transaction
from ..text.derive import derive_subject
from . import comparing, guards, secrets, upkeep
from .checking import check
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from ..store import spread
    from . import freshness, replicas
else:  # of use in a mesh only, and where files are named
    spread, replicas, freshness = Late("..store.spread"), Late(".replicas"), Late(".freshness")

REPEAT = DAY  # the same save within this time is answered with the first id
_ERASE = "kioku-mesh purge ID"  # in warnings; the id is known when the memory is stored
_LARGE = wire.RECORD_MAX // 2  # bytes of a body from which its own words may need all the room
_DETAILS = ("subject", "summary", "memory_type", "importance", "tags", "source_files", "references")
_WHO = ("agent_family", "client_id", "session_id", "host")


def save(ctx: Context, draft: Draft, patience: Patience | None = None, seen: Seen | None = None) -> Saved:
    """Store a memory, and say where it is, after a wait for other machines if there is `patience`. `seen`: what its files
    were; None: what they are now.

    Raises BadInput, SecretFound, NotFound (supersedes), Refused, StoreError; then nothing is stored."""
    asked, draft = draft, check(draft)
    scope = ctx.scope(draft.visibility)
    project = ctx.project(draft.project)
    warnings = _objections(ctx, draft)
    # What the memory is compared with is looked for before the lock is taken.
    placed = _placed_by_meaning(ctx, draft, project)
    similar, doubts = comparing.similar(ctx, draft, project, placed.vector if placed else b"")
    now = read_clock()
    seen = freshness.seen(ctx, draft.source_files, project) if draft.source_files and seen is None else seen
    body = _body(ctx, draft, project, seen or Seen(), now)
    slots: tuple[spread.Slot, ...] = ()
    with ctx.store.write(now) as transaction:
        repeated = _repeated(ctx, transaction, draft, project, scope)
        if repeated:
            slots = spread.slots(transaction.db, repeated.observation_id) if ctx.meshed else ()
        else:
            warnings += _superseding(ctx, transaction, draft, scope)
            header = _append(transaction, draft, scope, body, placed)
    if repeated:
        return _placed(ctx, _answer_again(repeated, asked, draft, project), slots, patience)
    upkeep.after_save(ctx)
    answer = Saved(
        observation_id=header.id,
        status="saved",
        visibility=scope,
        project=project,
        subject=draft.subject or derive_subject(draft.content),
        warnings=tuple(_with_id(notice, header.id) for notice in warnings + doubts),
        similar=similar,
        expires_at=draft.expires_at,
    )
    return _placed(ctx, answer, spread.slots_of(header) if ctx.meshed else (), patience)


def replace(
    ctx: Context, draft: Draft, project: str | None, seen: Seen, check_still: Callable[[Snapshot], object]
) -> str:
    """Store what takes the place of memories that are here, whose text was judged when they were saved; returns its id.

    `seen`: what its files were. `check_still` is asked before anything is written, in the same transaction; nothing is stored if it raises.
    """
    draft = check(draft)
    scope = ctx.scope(draft.visibility)
    placed = _placed_by_meaning(ctx, draft, project)
    now = read_clock()
    body = _body(ctx, draft, project, seen, now)
    with ctx.store.write(now) as transaction:
        check_still(transaction.snapshot(ctx.scopes))
        header = _append(transaction, draft, scope, body, placed)
    upkeep.after_save(ctx)
    return header.id


def _append(
    transaction: Transaction, draft: Draft, scope: str, body: bytes, placed: vectors.Placed | None
) -> wire.Header:
    names = _unique(draft.supersedes)
    header = transaction.append(wire.OBSERVATION, scope, body, names=names, until=draft.expires_at)
    if placed:
        vectors.put_new(transaction.db, header.id, placed)
    return header


def _placed_by_meaning(ctx: Context, draft: Draft, project: str | None) -> vectors.Placed | None:
    """A save never fails for it: a memory without a vector gets one as soon as that is possible."""
    said = wire.ObservationBody(
        draft.content, "", 0, 0, "", "", subject=draft.subject, summary=draft.summary, project=project, tags=draft.tags,
        source_files=draft.source_files, references=draft.references,
    )  # fmt: skip
    with suppress(Fault):
        return vectors.place(ctx.store.model(), said)
    return None


def _placed(ctx: Context, answer: Saved, slots: tuple[spread.Slot, ...], patience: Patience | None) -> Saved:
    """The answer with where the memory is."""
    if slots and "/" in answer.visibility:
        answer = answer._replace(warnings=answer.warnings + replicas.apart(ctx, answer.visibility))
    if patience:
        stored, told = replicas.wait(ctx, slots, patience)
        return answer._replace(stored=stored, warnings=answer.warnings + told)
    return answer._replace(stored=replicas.stored(ctx, slots)) if slots else answer


def revise(ctx: Context, observation_id: str, draft: Draft, patience: Patience | None = None) -> Saved:
    """A new memory that supersedes another and inherits what is not given; an empty content inherits the content.

    Raises BadInput if nothing of it would change; that its files have changed is enough: it holds for what they are now.
    """
    with ctx.store.read(ctx.scopes) as snapshot:
        old = ctx.one(snapshot, observation_id)
    if old is None:
        raise NotFound(f"there is no memory {observation_id}", "look for it with `kioku-mesh search`")
    _refuse_gone(old)
    new = check(_inherit(draft, old))
    # The words of a memory that is hidden may be said again, to bring them back.
    said_anew = bool(draft.content.strip()) and old.state != "live"
    if not said_anew and _says_the_same(new, old) and not freshness.differs(ctx, old):
        raise BadInput(f"nothing of {observation_id} would change", "give a new text, or another field to change")
    inherits = new.source_files and not draft.source_files
    return save(
        ctx, new, patience, freshness.seen(ctx, new.source_files, ctx.project(new.project), old) if inherits else None
    )


def _refuse_gone(old: Observation) -> None:
    id_ = old.observation_id
    if old.body_lost or (old.state == "deleted" and not old.content):
        raise BadInput(f"the text of {id_} is gone; there is nothing to revise", "save it anew if you still know it")
    if old.state == "deleted":
        raise BadInput(f"{id_} is deleted; there is nothing to revise", "restore it first, or save anew")


def _says_the_same(new: Draft, old: Observation) -> bool:
    return (
        (new.content, new.project) == (old.content.strip(), old.project)
        and all(getattr(new, field) in (None, getattr(old, field)) for field in _DETAILS)
        and new.visibility == old.visibility.partition("/")[0]
        and set(new.supersedes) == {old.observation_id}
        and new.expires_at in (None, old.expires_at)
    )


def _inherit(draft: Draft, old: Observation) -> Draft:
    content = draft.content if draft.content.strip() else old.content
    same = content == old.content
    return draft._replace(
        content=content,
        # A derived subject follows the new content.
        subject=draft.subject or (old.subject if "subject" not in old.derived else None),
        summary=draft.summary or (old.summary if same and "summary" not in old.derived else None),
        memory_type=draft.memory_type or old.memory_type,
        importance=draft.importance if draft.importance is not None else old.importance,
        project=old.project or None if draft.project is None else draft.project,
        tags=draft.tags or old.tags,
        source_files=draft.source_files or old.source_files,
        references=draft.references or old.references,
        visibility=old.visibility.partition("/")[0] if draft.visibility is None else draft.visibility,
        supersedes=(old.observation_id, *draft.supersedes),
    )


def _objections(ctx: Context, draft: Draft) -> list[Notice]:
    """Warnings about the text. Raises SecretFound or BadInput for what is not saved at all."""
    again = guards.recalled(draft.content)
    if again:
        raise BadInput(
            f"this text is a recalled memory ({', '.join(again[:3])}), not a new one",
            "save only what is new, in your own words; to change a memory, revise it by its id",
            ids=list(again),
        )
    said = "\n".join((draft.content, draft.subject or "", draft.summary or "", *draft.tags, *draft.references))
    found = secrets.find_secrets(said)
    worst = secrets.refused(found, ctx.config.get("save.secrets"))
    if worst and not draft.allow_secret:
        raise SecretFound(
            f"the text contains a secret ({worst.rule}: {worst.excerpt}); nothing was saved",
            "take it out and say where it is kept; if it must be saved, allow it explicitly (--allow-secret on the command line)",
            rules=[f.rule for f in found],
        )
    warnings = [
        Notice(
            "secret_found",
            f"looks like a secret ({f.rule}: {f.excerpt}): change the secret, and erase this memory with "
            f"`{_ERASE}`, since delete alone keeps its text for a while",
        )
        for f in found
    ]
    noise = guards.noise(draft.content)
    return [*warnings, noise] if noise else warnings


def _with_id(notice: Notice, id_: str) -> Notice:
    return notice._replace(message=notice.message.replace(_ERASE, _ERASE.replace("ID", id_)))


def _body(ctx: Context, draft: Draft, project: str | None, seen: Seen, now: int) -> bytes:
    said = {field: getattr(draft, field) for field in ("content", *_DETAILS)}
    said |= {field: getattr(ctx.identity, field) for field in _WHO} | {"project": project, "created_at": now}
    body = wire.encode_body(said | seen._asdict())
    return body if len(body) < _LARGE else wire.encode_body(said)


def _repeated(
    ctx: Context, transaction: Transaction, draft: Draft, project: str | None, scope: str
) -> Observation | None:
    """What this client saved already with the same words: a retry stores nothing new."""
    if draft.supersedes:
        return None
    snapshot = transaction.snapshot(ctx.scopes)
    who = (ctx.identity.agent_family, ctx.identity.client_id)
    for row in snapshot.rows_with_content(fingerprint(draft.content), transaction.now - REPEAT):
        old = snapshot.observation(row)
        if (
            (old.content, old.project, old.visibility) == (draft.content, snapshot.projects.shown(project), scope)
            and (old.agent_family, old.client_id) == who
            and old.origin_here
            and old.state == "live"
        ):
            return old
    return None


def _answer_again(old: Observation, asked: Draft, draft: Draft, project: str | None) -> Saved:
    """The answer to a retry, which tells what it asked for beyond the first save. `asked`: the draft as it was given."""
    ignored = [f for f in _DETAILS if getattr(asked, f) and getattr(draft, f) != getattr(old, f)]
    # The same span of time, asked for again, ends a little later.
    if draft.expires_at and not (old.expires_at and abs(draft.expires_at - old.expires_at) <= MINUTE):
        ignored.append("expires_at")
    warnings = []
    if ignored:
        told = f"the same text is saved as {old.observation_id}; not applied: {', '.join(ignored)} (revise it to change these)"
        warnings = [Notice("not_applied", told)]
    return Saved(
        old.observation_id,
        "already_saved",
        old.visibility,
        project,
        old.subject,
        warnings=tuple(warnings),
        expires_at=old.expires_at,
    )


def _superseding(ctx: Context, transaction: Transaction, draft: Draft, scope: str) -> list[Notice]:
    """Check what the memory supersedes. Raises NotFound or BadInput."""
    if not draft.supersedes:
        return []
    warnings = []
    snapshot = transaction.snapshot(ctx.scopes)
    for id_ in _unique(draft.supersedes):
        old = ctx.one(snapshot, id_)
        if old is None:
            raise NotFound(f"the memory to supersede is not here: {id_[:40]}", "give the id of a memory that is")
        if old.visibility != scope:
            raise BadInput(
                f"{id_} has visibility {old.visibility}, the new memory {scope}: it would not supersede it",
                "save with the same visibility, or without superseding",
            )
        if old.state == "superseded":
            newest = ", ".join(old.superseded_by)
            several = len(old.superseded_by) + 1
            all_of_them = "both revisions" if several == 2 else f"{several} revisions"
            warnings.append(
                Notice(
                    "already_superseded",
                    f"{id_} was superseded already by {newest}: {all_of_them} now stand side by side",
                )
            )
    return warnings


def _unique(supersedes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(supersedes))
