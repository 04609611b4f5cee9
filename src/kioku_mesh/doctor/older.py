"""What an older version has that is not here yet: in its local files, and behind the router of this machine."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import BadInput, KiokuError, NotAvailable, PeerUnreachable
from ..mesh.foreign import ForeignSpace
from ..service.context import Context
from ..transfer import kioku_mesh, kioku_mesh_files
from ..transfer.kioku_mesh import UNTIERED, Place
from ..zenohd.status import endpoint_of
from .case import Case, not_checked, passed, warned
from .results import Check, plural

_SECONDS = 4.0  # for counting; what is not counted by then is said to be more
_SHAPES = {UNTIERED: "without a visibility"}


def legacy_namespace(case: Case) -> Check:
    """Is there anything of an older version that has not been imported?"""
    if case.broken:
        return not_checked("the database cannot be read")
    found = [_files(case), _mesh(case)]
    worst = next((each for each in found if each.status == "warn"), found[0])
    told = {name: value for each in found for name, value in each.details.items()}
    hints = "; ".join(each.hint for each in found if each.hint)
    return worst._replace(summary="; ".join(each.summary for each in found), hint=hints, details=told)


def _files(case: Case) -> Check:
    there = list(kioku_mesh_files.present(case.store.directory))
    if not there:
        return passed("no local files of an older version")
    ids: list[tuple[str, str]] = []
    for _, read in kioku_mesh_files.rows(case.store.directory):
        try:
            item = read()
        except BadInput:
            continue
        if item.line is not None:
            ids.append((item.scope, item.id))
    missing = _missing(case, ids)
    what = f"local files of an older version hold {plural(len({own for _, own in ids}), 'memory')}"
    if missing:
        return warned(f"{what}, {missing:,} of them not here", "kioku-mesh import --from kioku-mesh", older=there)
    return passed(f"{what}, and nothing that is missing here", older=there)


def _mesh(case: Case) -> Check:
    endpoint = endpoint_of(case.config)
    if not endpoint:
        return passed("no router is set up here")
    if endpoint.startswith("tls/"):
        return passed(f"{endpoint} was not looked at: an old mesh is read over plain TCP alone")
    try:
        with ForeignSpace(endpoint, kioku_mesh.STEMS) as space:
            if not space.stored():
                return passed(f"nothing at {endpoint} stores memories of an older version")
            stored, whole = space.glance(_SECONDS)
    except PeerUnreachable as error:
        return warned(error.message, error.hint)
    except NotAvailable as error:
        return not_checked(error.message, error.hint)
    return _counted(case, endpoint, list(_places(stored)), whole)


def _places(keys: Iterable[str]) -> Iterable[Place]:
    for key in keys:
        try:
            if not kioku_mesh.is_ours(key):
                yield kioku_mesh.place(key)
        except KiokuError:
            continue


def _counted(case: Case, endpoint: str, places: list[Place], whole: bool) -> Check:
    saved = [place for place in places if not place.deletes]
    shapes: dict[str, int] = {}
    for place in saved:
        shape = _SHAPES.get(place.scope, place.scope)
        shapes[shape] = shapes.get(shape, 0) + 1
    details = {"endpoint": endpoint, "shapes": shapes, "deletions": len(places) - len(saved), "complete": whole}
    if not places:
        return passed(f"the mesh of an older version at {endpoint} is empty", **details)
    more = "" if whole else "at least "
    said = ", ".join(f"{count:,} {shape}" for shape, count in sorted(shapes.items()))
    what = f"an older version keeps {more}{plural(len(saved), 'memory')} at {endpoint}" + (f" ({said})" if said else "")
    missing = _missing(case, [(place.scope, place.id) for place in saved])
    if missing:
        hint = f"kioku-mesh import --from kioku-mesh-zenoh --connect {endpoint}"
        return warned(f"{what}, {more}{missing:,} of them not here", hint, **details)
    return passed(f"{what}, and nothing that is missing here", **details)


def _missing(case: Case, ids: Iterable[tuple[str, str]]) -> int:
    """How many of these this machine could have and has not."""
    scopes = Context(case.store, case.config, case.config.identity()).scopes
    wanted = {own for scope, own in ids if scope == UNTIERED or scope in scopes}
    if not case.store.exists():
        return len(wanted)
    with case.store.read(scopes) as snapshot:
        return sum(snapshot.row_of(own) is None for own in wanted)
