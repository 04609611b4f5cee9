"""Whether the files of a memory are what they were when it was saved: noted at a save, told with what is found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from .. import repository, sources
from ..errors import KiokuError
from ..model import Hit, Observation
from ..seen import Seen
from ..store.conditions import Projects
from ..values import NamedTuple
from .context import Context

FRESH, CHANGED, GONE = "fresh", "changed", "gone"
SAVE_S = 0.0015  # seconds that a save spends on it
ANSWER_S = 0.01  # and an answer
ANSWER_FILES = 300  # that an answer looks at


class Freshness(NamedTuple):
    """`state`: FRESH, CHANGED or GONE. `changed`: files, as the memory names them, that have another content now;
    `gone`: those that are not there any more."""

    state: str
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def seen(ctx: Context, files: Sequence[str], project: str | None, old: Observation | None = None) -> Seen:
    """What the files of a new memory are now; nothing outside a repository, or in one of another project.

    A process that stands in no repository means the one around the first file that is named by its whole path. `old`: the
    memory that the files are inherited from, which knows where they are, and what they were for who cannot see them.
    """
    found, name = ctx.config.repository(), ctx.config.project()[0]
    if not found:
        absolute = next(filter(os.path.isabs, files), None)
        found = ctx.config.repository(os.path.dirname(absolute)) if absolute else None
        name = found[0] if found and project else None
    names = _Names(ctx)
    if not found or not names.same(project, name):
        if old and names.same(project, old.project):
            return Seen(old.commit, old.file_hashes, old.file_paths)
        return Seen()
    known = {given: below or given for given, then, below in _files(old) if then} if old else {}
    return sources.see(files, ctx.config.cwd or found[1], found[1], SAVE_S, known)


def _files(memory: Observation) -> Iterable[tuple[str, str, str]]:
    """Each file, the hash of what was in it, and where it is below the top folder if that is another path."""
    paths = memory.file_paths or ("",) * len(memory.source_files)
    return zip(memory.source_files, memory.file_hashes, paths, strict=False)


def differs(ctx: Context, observation: Observation) -> bool:
    """Are files of the memory known to be others than when it was saved?"""
    found = of(ctx, (observation,)).get(observation.observation_id)
    return found is not None and found.state != FRESH


def marked(
    ctx: Context, observations: Sequence[Observation], seconds: float = ANSWER_S, files: int = ANSWER_FILES
) -> list[Observation]:
    """The observations, those of which it is known with their freshness."""
    found = of(ctx, observations, seconds, files)
    return [_with(each, found[each.observation_id]) if each.observation_id in found else each for each in observations]


def marked_hits(ctx: Context, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits with their observations marked; where it is explained why each is one, that tells it too."""
    found = marked(ctx, [hit.observation for hit in hits])
    return tuple(
        hit._replace(observation=each, explain=hit.explain and hit.explain | _told(each))
        for hit, each in zip(hits, found, strict=True)
    )


def _told(observation: Observation) -> dict[str, str]:
    return {"freshness": observation.freshness} if observation.freshness else {}


def of(
    ctx: Context, observations: Iterable[Observation], seconds: float = ANSWER_S, files: int = ANSWER_FILES
) -> dict[str, Freshness]:
    """id -> freshness, where it is known: the memory was saved in a repository of which this process has a clone at hand.

    Not in a `read` of the store, which it may need itself. About `seconds` are spent, and at most `files` looked at, the
    first ones first.
    """
    judge: _Judge | None = None
    found = {}
    for each in observations:
        if each.file_hashes:
            judge = judge or _Judge(ctx, sources.Reader(seconds, files))
            known = judge.of(each)
            if known:
                found[each.observation_id] = known
    return found


def _with(observation: Observation, found: Freshness) -> Observation:
    return observation._replace(freshness=found.state, changed_files=found.changed, gone_files=found.gone)


class _Names:
    """Which names mean the same project; looked up once, when two differ."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._projects: list[Projects] = []

    def same(self, a: str | None, b: str | None) -> bool:
        if a is None or b is None or a == b:
            return a == b
        if not self._projects:
            self._projects.append(self._look_up())
        return self._projects[0].shown(a) == self._projects[0].shown(b)

    def _look_up(self) -> Projects:
        with suppress(KiokuError), self._ctx.store.read(self._ctx.scopes) as snapshot:
            return snapshot.projects
        return Projects({})


class _Judge:
    """Compares what memories say of their files with what is here."""

    def __init__(self, ctx: Context, reader: sources.Reader) -> None:
        self._config, self._reader, self._names = ctx.config, reader, _Names(ctx)
        self._project = ctx.config.project()[0]
        self._around: dict[str, str] = {}

    def of(self, memory: Observation) -> Freshness | None:
        """None where it is not known of all its files, and no difference of any."""
        found: dict[str, list[str]] = {FRESH: [], CHANGED: [], GONE: [], "": []}
        home = ""
        for given, then, below in _files(memory):
            if then:
                path, top = self._place(memory, given, below)
                now = self._reader.look(path, top).hash if path else ""
                found[now if now in (GONE, "") else FRESH if now == then else CHANGED].append(given)
                home = top if now == GONE else home
        changed, gone = tuple(found[CHANGED]), tuple(found[GONE])
        if gone and (found[FRESH] or self._knows(home, memory.commit)):
            return Freshness(GONE, changed, gone)
        if changed:
            return Freshness(CHANGED, changed)
        return Freshness(FRESH) if found[FRESH] and not found[""] else None

    def _place(self, memory: Observation, given: str, below: str) -> tuple[str, str]:
        """Where a file of the memory is here, and the top folder of that repository; empty if that cannot be said.

        Outside the repository that this process stands in only paths are looked at that this machine named itself.
        """
        here = self._config.repository()
        if here and self._names.same(memory.project, self._project):
            return sources.place(given, below, here[1]), here[1]
        if not (memory.origin_here and os.path.isabs(given)):
            return "", ""
        folder = os.path.dirname(given)
        if folder not in self._around:
            found = None if self._reader.is_over else self._config.repository(folder)
            self._around[folder] = found[1] if found else ""
        top = self._around[folder]
        return sources.place(given, "", top) if top else "", top

    def _knows(self, top: str, commit: str | None) -> bool:
        """Is what lies here the memory's repository, and not behind it? Another of the same name lacks its files too, and so
        does a clone that has not got them yet."""
        return not self._reader.is_over and repository.knows(top, commit)
