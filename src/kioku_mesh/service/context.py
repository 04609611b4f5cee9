"""What every use case needs: the store, the settings, who is asking, and which scopes that one may see."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .. import ids
from ..config import Config
from ..errors import BadInput, NotFound, Refused
from ..model import MEMORY_TYPES, VISIBILITIES, Filter, Identity, Notice, Observation
from ..options import EMBEDDERS
from ..store.meant import Asked
from ..store.reading import Snapshot
from ..store.store import Store
from ..values import NamedTuple
from .late import Late

if TYPE_CHECKING:
    from . import residence
else:
    residence = Late(".residence")

_LOCK = "serve.lock"  # where there never was a resident process, nothing of it is imported


class Question(NamedTuple):
    """`asked`: what the embedder that was chosen made of it, None where the built-in vectors answer; `notes`: why they do."""

    asked: Asked | None = None
    notes: tuple[Notice, ...] = ()


class Context(NamedTuple):
    store: Store
    config: Config
    identity: Identity

    @property
    def meshed(self) -> bool:
        """Is this machine in a mesh? Where it is not, nothing of other machines is looked at."""
        return is_sharing(self.config)

    @property
    def chooses(self) -> bool:
        """Was another embedder chosen than the built-in table? Where none was, nothing of any is imported."""
        return bool(self.config.get("embedder") != EMBEDDERS[0])

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes that this reader is entitled to."""
        own = {"mesh", "local"}
        if self.identity.user_id:
            own.add(f"user/{self.identity.user_id}")
        if self.identity.team_id:
            own.add(f"team/{self.identity.team_id}")
        return frozenset(own)

    def scope(self, visibility: str | None) -> str:
        """The scope that a visibility means for this writer. Raises BadInput when it needs a name that is not set."""
        wanted = self.config.get("default_visibility") if visibility is None else visibility
        if wanted not in VISIBILITIES:
            raise BadInput(f"no such visibility: {wanted[:40]!r}", f"choose one of {', '.join(VISIBILITIES)}")
        if wanted == "user":
            return f"user/{_needed(self.identity.user_id, 'user_id', 'KIOKU_MESH_USER_ID')}"
        if wanted == "team":
            return f"team/{_needed(self.identity.team_id, 'team_id', 'KIOKU_MESH_TEAM_ID')}"
        return wanted

    def project(self, given: str | None) -> str | None:
        """The project of a save: given, else the current one. Raises Refused outside the only project of this process."""
        only = self.config.only_project
        if only and given and given != only:
            raise Refused(f"this process works in project {only!r} alone", "leave the project out")
        return only or given or self.config.project()[0]

    def within(self, where: Filter) -> Filter:
        """The filter, checked, and confined to the only project of this process if there is one."""
        where = checked(where)
        only = self.config.only_project
        if only and where.project and where.project != only:
            raise Refused(f"this process works in project {only!r} alone", "leave the project out")
        return where._replace(project=only) if only else where

    def sees(self, snapshot: Snapshot, project: str | None) -> bool:
        """Does this process work in the project? What is elsewhere is not there for it."""
        only = self.config.only_project
        return not only or snapshot.projects.shown(project) == snapshot.projects.shown(only)

    def one(self, snapshot: Snapshot, observation_id: str) -> Observation | None:
        """A memory by its whole id; None if it is not here, or not for this process."""
        row = snapshot.row_of(whole(observation_id))
        found = None if row is None else snapshot.observation(row)
        return found if found and self.sees(snapshot, found.project) else None


def is_sharing(config: Config) -> bool:
    """Is this machine in a mesh now? Its settings say so, or `mesh start` or `mesh join` runs."""
    if config.get("mode") != "local":
        return True
    return os.path.exists(os.path.join(config.state_dir, _LOCK)) and residence.tried(config.state_dir)


def whole(observation_id: str) -> str:
    """The id. Raises BadInput for a part of one: what changes a memory names it in full; NotFound for other text."""
    if ids.is_id(observation_id):
        return observation_id
    if ids.is_prefix(observation_id):
        raise BadInput(f"not a whole id: {observation_id}", "give the whole id, all 32 hex digits")
    raise NotFound(f"there is no memory {observation_id[:40]}", "look for it with `kioku-mesh search`")


def memory_type(text: str) -> str:
    """A type of memory as it is stored. Raises BadInput for one that does not exist."""
    wanted = text.strip().lower()
    if wanted not in MEMORY_TYPES:
        raise BadInput(f"no such memory type: {wanted[:40]!r}", f"choose one of {', '.join(MEMORY_TYPES)}")
    return wanted


def checked(where: Filter) -> Filter:
    """The filter, if it can fit anything. Raises BadInput: a mistake must not be answered as if it were a question.

    An empty value would mean everything, which is what nobody wants who, say, deletes by a variable that was not set.
    """
    for field, value in zip(where._fields, where, strict=True):
        values = (value,) if isinstance(value, str) else value if isinstance(value, (tuple, list)) else ()
        if not all(each.strip() for each in values):
            raise BadInput(f"{field} is empty", "say which, or leave it out to mean all")
    if where.since is not None and where.until is not None and where.since >= where.until:
        raise BadInput("the time range is empty: since is not before until", "exchange them, or leave one out")
    return where._replace(memory_types=tuple(map(memory_type, where.memory_types))) if where.memory_types else where


def _needed(value: str | None, key: str, variable: str) -> str:
    if not value or not ids.is_slug(value):
        raise BadInput(
            f"visibility {key[:-3]} needs a {key}", f"set it with `kioku-mesh config set {key} NAME` or {variable}"
        )
    return value
