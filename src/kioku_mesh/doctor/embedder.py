"""The check of the embedder that was chosen in place of the built-in table: is it there, and does it do what searches need?"""

from __future__ import annotations

from ..service import choosing
from ..service.context import Context
from ..store import chosen
from ..store.meaning import Fault
from .case import Case, passed, warned
from .results import Check, plural

_PROBE = "memory"
_BACK = "`kioku-mesh config set embedder builtin` goes back to the table of the package"
_HINT = (
    f"memories are found by the built-in vectors meanwhile; start what is not running, correct the setting, or {_BACK}"
)
_SLOW = "the first answer of a model that is being loaded takes long: look again in a minute; else take a smaller model"


def embedder(case: Case) -> Check:
    """Does it answer, in time, with vectors that fit those that are here, and how many are there?"""
    try:
        found = choosing.opened(case.config)
        if found is None:
            return passed("the table of the package")
        (made,) = found.passages([_PROBE], False)
        size = len(chosen.packed(made or ()))
    except Fault as problem:
        return warned(str(problem), _HINT, embedder=case.config.get("embedder"))
    try:
        found.query(_PROBE)
    except Fault as problem:
        return warned(f"too slow for searches: {problem}", _SLOW, embedder=found.name, size=size)
    told = choosing.progress(Context(case.store, case.config, case.config.identity()))
    assert told is not None
    details = {"embedder": told.name, "model": told.model, "size": size, "made": told.made, "of": told.of}
    with case.store.read() as snapshot:
        state = chosen.state(snapshot.db)
    if told.made and state and state.size != size:
        return warned(str(chosen.other_size(size, state.size)), "`kioku-mesh rebuild --vectors`", **details)
    sent = "" if told.takes_local else "; what is not of visibility local is sent there"
    if told.made < told.of:
        more = "the others are made in the background, or at once by `kioku-mesh gc`"
        return passed(f"answers; {told.made:,} of {plural(told.of, 'memory')}, {more}{sent}", **details)
    return passed(f"answers; it knows {plural(told.made, 'memory')}{sent}", **details)
