"""The service: every use case as one method, the same for the command line, MCP and Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..config import Config
from ..model import Draft, Filter, Found, Identity, Patience, Query, Saved
from ..store.store import Store
from .context import Context
from .late import Late

if TYPE_CHECKING:
    from ..results import (
        BackupFile,
        Deleted,
        Existing,
        Got,
        Imported,
        MeshStatus,
        Pending,
        Project,
        Purged,
        Recalled,
        Renamed,
        Restored,
        Shared,
        Stats,
        Status,
        Swept,
    )
    from ..store import backup, restore
    from . import (
        choosing,
        deleting,
        embedding,
        meshing,
        overview,
        pending,
        projects,
        reading,
        recalling,
        records,
        reviewing,
        saving,
        searching,
        sharing,
        stats,
        tidying,
        upkeep,
        usage,
    )
    from .groups import Group, Tidied, TidyPlan
else:
    saving, searching, recalling, reading = map(Late, (".saving", ".searching", ".recalling", ".reading"))
    deleting, projects, records, overview = map(Late, (".deleting", ".projects", ".records", ".overview"))
    usage, stats, reviewing, pending = map(Late, (".usage", ".stats", ".reviewing", ".pending"))
    upkeep, sharing, meshing, embedding = Late(".upkeep"), Late(".sharing"), Late(".meshing"), Late(".embedding")
    tidying, choosing = Late(".tidying"), Late(".choosing")
    backup, restore = Late("..store.backup"), Late("..store.restore")


class Memory:
    """Synchronous and thread-safe. Every method raises KiokuError only; nothing is opened before the first call."""

    def __init__(self, store: Store, config: Config, identity: Identity) -> None:
        self.store = store
        self.config = config
        self.identity = identity
        self._ctx = Context(store, config, identity)

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    def save(self, draft: Draft, patience: Patience | None = None) -> Saved:
        """Store a memory: durable and searchable when this returns. `patience`: wait for other machines as well."""
        saved = saving.save(self._ctx, draft, patience)
        usage.note(self._ctx, "saves", opened=usage.cited(draft))
        return saved

    def revise(self, observation_id: str, draft: Draft, patience: Patience | None = None) -> Saved:
        """A new memory that supersedes another and inherits what is not given."""
        saved = saving.revise(self._ctx, observation_id, draft, patience)
        usage.note(self._ctx, "saves", opened=[observation_id, *usage.cited(draft)])
        return saved

    def search(self, query: Query) -> Found:
        """Ranked memories; with an empty text the newest first."""
        found = searching.search(self._ctx, query)
        usage.note(self._ctx, "searches", usage.of_hits(found.results))
        return found

    def recall(self, task: str, where: Filter = Filter(), budget: int = 1200, only_clear: bool = False) -> Recalled:
        """Everything worth knowing before a task, within a budget of tokens; or only what clearly belongs to it."""
        recalled = recalling.recall(self._ctx, task, where, budget, only_clear)
        usage.note(self._ctx, "recalls", usage.of_hits(recalled.results), informed=True)
        return recalled

    def remind(self, prompt: str, budget: int = 300) -> Recalled:
        """The few memories that clearly belong to what somebody wrote and that this session was not shown yet."""
        reminded = recalling.remind(self._ctx, prompt, budget, usage.shown(self._ctx))
        if reminded.text:
            usage.note(self._ctx, "reminders", usage.of_hits(reminded.results))
        return reminded

    def brief(self, project: str | None = None, budget: int = 600) -> Recalled:
        """What an agent should know at the start of a session."""
        told = recalling.brief(self._ctx, project, budget, usage.last_here(self._ctx, project))
        usage.note(self._ctx, "briefs", usage.of_hits(told.results), informed=True)
        return told

    def pending(self) -> tuple[Pending, ...]:
        """What was captured from sessions and waits for review."""
        return pending.waiting(self.config.state_dir)

    def propose(self, findings: Iterable[tuple[str, str]], source: str) -> int:
        """Keep (type, text) of a session for review; returns how many are new."""
        return reviewing.propose(self._ctx, findings, source)

    def accept(self, ids: Sequence[str], visibility: str | None = None) -> tuple[Saved, ...]:
        """Save what waits for review; on this machine alone unless `visibility` says more."""
        return reviewing.accept(self._ctx, ids, visibility)

    def drop(self, ids: Sequence[str]) -> tuple[Pending, ...]:
        """Throw away what waits for review."""
        return reviewing.drop(self._ctx, ids)

    def get(self, ids: Sequence[str], history: bool = False, prefixes: bool = False) -> Got:
        """Memories by id, whatever their state; with `history` all their revisions."""
        got = reading.get(self._ctx, ids, history, prefixes)
        read = [observation.observation_id for observation in got.results]
        usage.note(self._ctx, "reads", read, opened=read)
        return got

    def resolve(self, text: str) -> str:
        """The whole id that a unique prefix means."""
        return reading.resolve(self._ctx, text)

    def delete(self, ids: Sequence[str], reason: str | None = None, dry_run: bool = False) -> Deleted:
        """Hide memories; undone by `restore` until the retention time is over."""
        return deleting.delete(self._ctx, ids, reason, dry_run)

    def delete_matching(self, where: Filter, reason: str | None = None, dry_run: bool = False) -> Deleted:
        """Delete everything that fits a filter, hidden revisions too."""
        return deleting.delete_matching(self._ctx, where, reason, dry_run)

    def restore(self, observation_id: str) -> Restored:
        """Undo a deletion, or save the content of a hidden memory anew."""
        return deleting.restore(self._ctx, observation_id)

    def purge(
        self,
        ids: Sequence[str],
        chain: bool = False,
        unknown: bool = False,
        visibility: str | None = None,
        dry_run: bool = False,
        patience: Patience | None = None,
    ) -> Purged:
        """Hide and erase at once. `patience`: wait until other machines have erased it too."""
        return deleting.purge(self._ctx, ids, chain, unknown, visibility, dry_run, patience)

    def tidy_plan(self, project: str | None = None, kinds: Sequence[str] = ()) -> TidyPlan:
        """Duplicates and contradictions among the newest memories, and what would be done about them."""
        return tidying.plan(self._ctx, project, kinds)

    def tidy(self, groups: Sequence[Group], keep: str | None = None) -> Tidied:
        """Settle groups of a plan, each in one transaction. `keep`: the memory that holds in the only one of them."""
        return tidying.tidy(self._ctx, groups, keep)

    def existing(self) -> Existing:
        """What was saved on this machine so far and may leave it."""
        return sharing.existing(self._ctx)

    def withhold(self) -> None:
        """Keep what was saved so far on this machine, also when it shares later."""
        sharing.withhold(self._ctx)

    def release(self) -> None:
        """Share everything that was withheld."""
        sharing.release(self._ctx)

    def share(self, ids: Sequence[str] = (), where: Filter | None = None, dry_run: bool = False) -> Shared:
        """Share chosen memories that were withheld."""
        return sharing.share(self._ctx, ids, where, dry_run)

    def mesh(self, heads: bool = False) -> MeshStatus:
        """Whether everything is everywhere, and what is known of each peer, with `heads` also what it has."""
        return meshing.status(self._ctx, heads)

    def forget_peer(self, node: str) -> None:
        """Wait for this machine no longer, until it is heard again."""
        meshing.forget(self._ctx, node)

    def status(self) -> Status:
        """Versions, places, identity, counts."""
        return overview.status(self._ctx)

    def stats(self, forget: bool = False) -> Stats:
        """How the memory is used on this machine, per client and week. `forget`: start counting anew."""
        return stats.stats(self._ctx, forget)

    def known(self, kind: str, prefix: str, limit: int = 50) -> tuple[str, ...]:
        """Values that begin with a prefix: project, tag, type, client, session, pc, id."""
        return overview.known(self._ctx, kind, prefix, limit)

    def projects(self) -> tuple[Project, ...]:
        return projects.projects(self._ctx)

    def rename_project(self, old: str, new: str, dry_run: bool = False) -> Renamed:
        """Both names are one project, shown as `new`."""
        return projects.rename(self._ctx, old, new, dry_run)

    def alias_project(self, name: str, to: str, dry_run: bool = False) -> Renamed:
        """`name` is another name of project `to`."""
        return projects.alias(self._ctx, name, to, dry_run)

    def delete_project(self, name: str, dry_run: bool = False) -> Deleted:
        return projects.delete(self._ctx, name, dry_run)

    def records(self, where: Filter = Filter(), include_local: bool = False) -> Iterator[dict[str, Any]]:
        """Every record as plain data for an export, in the order of the log."""
        return records.records(self._ctx, where, include_local)

    def import_records(
        self, lines: Iterable[dict[str, Any]], project: str | None = None, dry_run: bool = False
    ) -> Imported:
        """Take in records of an export, once each, in one transaction."""
        return records.import_records(self._ctx, lines, project, dry_run)

    def gc(self, dry_run: bool = False) -> Swept:
        """Erase what is past its time, sweep what expired, move the write-ahead log."""
        return upkeep.collect(self._ctx, dry_run)

    def tend(self) -> None:
        """What `gc` does, for a process that is idle."""
        upkeep.tend(self._ctx)

    def backup(self, path: str | None = None, keep: int | None = None) -> BackupFile:
        """Copy the store while it is in use, verified; with `keep` only the newest managed copies stay."""
        return backup.make(self.store, path, keep)

    def backups(self) -> tuple[BackupFile, ...]:
        """The managed backups, newest first."""
        return tuple(backup.managed(self.store))

    def restore_backup(self, path: str) -> BackupFile:
        """Put a backup into the live file; what was there is backed up first, and what was erased stays erased."""
        return restore.restore(self.store, path)

    def rebuild(self, vectors: bool = False) -> int:
        """Make everything derived anew from the log; returns the number of records. Vectors, which are forgotten, come back
        by `embed`. `vectors`: forget them alone, which replays no record."""
        return upkeep.rebuild(self._ctx, vectors)

    def embed(self, seconds: float) -> int:
        """Give memories that have none their vectors, for about so long; returns how many got one. Raises NotAvailable."""
        return embedding.embed(self._ctx, seconds)

    def embed_chosen(self, seconds: float) -> int:
        """The same by the embedder that was chosen, if any; and forget those of another. Raises NotAvailable."""
        return choosing.fill(self._ctx, seconds)
