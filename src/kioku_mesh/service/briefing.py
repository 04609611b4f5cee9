"""What to tell an agent, in which order: for a task (recall) and at the start of a session (brief)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..clock import to_iso
from ..model import Hit, Notice, Observation
from ..text.budget import token_bound
from ..text.derive import SUMMARY_MAX
from ..text.wording import Signature, same, signature
from ..values import NamedTuple
from .packing import Entry, harmless

RULE_TYPES = ("instruction", "preference", "decision")  # what holds until it is revised, the most binding first

_ALWAYS = 4  # importance from which an instruction or a preference is told for every task
_ALWAYS_MAX = 3
_SIDES = 5  # of a conflict whose ids are told
_ROOM_FOR_ENTRIES = 100  # tokens of a budget that no note takes
_ENTRY_TOKENS, _AROUND_TOKENS = 110, 80  # what an entry of the brief takes on average, and what stands around all
REST = "the tools recall_context and search_memory find them, `kioku-mesh brief --budget TOKENS` tells more"
_MORE = "More: recall_context or search_memory as a tool, `kioku-mesh recall TASK` in a shell."


class Composed(NamedTuple):
    """Entries for `pack`, with `before` and `after` for it; `repeated`: near-duplicates of shown ones that were left out."""

    entries: tuple[Entry, ...]
    before: str = ""
    after: str = ""
    repeated: int = 0


class Told(NamedTuple):
    """What a recall has to choose from. `hits`: what fits the task; `named`: what names its files and references; `related`:
    what names those of the hits; `rules`: what stands in the project, found or not."""

    hits: Sequence[Hit] = ()
    named: Sequence[Hit] = ()
    related: Sequence[Hit] = ()
    rules: Sequence[Observation] = ()


def compose_recall(
    told: Told, project: str | None = None, notes: Sequence[Notice] = (), budget: int = 1200
) -> Composed:
    """What to tell before a task: the rules that hold in `project`, what names its files, what fits it, what is related.

    Rules are the hits that are one and fit at least half as well as the best hit, and a few important instructions and
    preferences. Only live memories; near-duplicates once. As many `notes` follow as fit into a small part of the budget.
    """
    hits = told.hits
    best = max((hit.score for hit in hits), default=0.0)
    fitting = [hit.observation for hit in hits if _is_rule(hit.observation, project) and hit.score >= best / 2]
    always = [o for o in _by_weight(told.rules) if o.importance >= _ALWAYS and o.memory_type != "decision"]
    seen = _Seen()
    first = seen.new(fitting)
    first += seen.new(o for o in always if _is_rule(o, project))[:_ALWAYS_MAX]
    groups = [(_of("Decisions and rules", project), first)]
    for heading, found in (
        ("About the files and references of the task", told.named),
        ("What fits the task", hits),
        ("Of the same files and references", told.related),
    ):
        groups.append((heading, seen.new(hit.observation for hit in found)))
    several = sum(bool(group) for _, group in groups) > 1 or bool(first)
    entries = [Entry(o, heading if several else "", _disputed(o)) for heading, group in groups for o in group]
    before = "" if entries else "Nothing is remembered that fits this task."
    return Composed(tuple(entries), before, "\n".join(_footnotes(seen.repeated, notes, budget)), seen.repeated)


def compose_reminder(hits: Sequence[Hit]) -> Composed:
    """The live ones in their order, near-duplicates once."""
    seen = _Seen()
    entries = tuple(Entry(o, body=_disputed(o)) for o in seen.new(hit.observation for hit in hits))
    return Composed(entries, repeated=seen.repeated)


def _footnotes(repeated: int, notes: Sequence[Notice], budget: int) -> Iterator[str]:
    """Lines about the answer, as far as there is room for them."""
    room = (budget - _ROOM_FOR_ENTRIES) // 4
    lines = [f"{repeated} left out, as they say the same."] if repeated else []
    for line in (*lines, *(f"note: {harmless(notice.message)}" for notice in notes)):
        room -= token_bound(line)
        if room >= 0:
            yield line


class Since(NamedTuple):
    """What others saved since a client was here. `at`: when that was, microseconds."""

    at: int
    saved: Sequence[Observation]


def compose_brief(
    conflicts: Sequence[Observation] = (),
    standing: Sequence[Observation] = (),
    recent: Sequence[Observation] = (),
    project: str | None = None,
    budget: int = 600,
    since: Since | None = None,
) -> Composed:
    """What to tell at the start of a session: open conflicts, what is new, standing rules by importance, recent work, where to
    ask.

    `budget` (tokens) only decides how the room is shared. Equal input gives equal entries; packed without `at` (dates instead
    of ages) the text stays equal from hour to hour, so that prompt caches hold.
    """
    seen = _Seen()
    open_conflicts = [o for o in _newest(conflicts) if o.state == "live" and seen.add(o)]
    fresh = seen.new(_newest(since.saved)) if since else []
    rules = seen.new(_by_weight(standing))
    news = seen.new(_newest(recent))
    room = max(4, (budget - _AROUND_TOKENS) // _ENTRY_TOKENS) - min(len(open_conflicts), 4)
    new = min(len(fresh), max(1, room // 2))
    room -= new
    lately = min(len(news), max(1, room // 3))
    ruling = max(1, room - lately)
    groups = (
        ("Open conflicts: settle each by saving one memory that supersedes both", open_conflicts),
        (f"New since you were here on {to_iso(since.at)[:10]}" if since else "", fresh[:new]),
        (_of("Decisions and rules", project), rules[:ruling]),
        ("Also new", fresh[new:]),
        ("Lately", news[:lately]),
        ("More decisions and rules", rules[ruling:]),
        ("Earlier", news[lately:]),
    )
    entries = tuple(Entry(o, heading, _digest(o)) for heading, group in groups for o in group)
    about = f"of project {project}" if project else "of all projects"
    return Composed(entries, f"Memory {about}:" if entries else f"The memory {about} is empty.", _MORE, seen.repeated)


class _Seen:
    """What has been chosen already, by id and by what it says."""

    def __init__(self) -> None:
        self.repeated = 0
        self._ids: set[str] = set()
        self._said: list[Signature] = []

    def add(self, observation: Observation) -> bool:
        """Choose it whatever it says; False if it was chosen before."""
        if observation.observation_id in self._ids:
            return False
        self._ids.add(observation.observation_id)
        self._said.append(signature(observation.content))
        return True

    def new(self, observations: Iterable[Observation]) -> list[Observation]:
        """The live ones among them that were not chosen before and repeat none that was; they are chosen now."""
        fresh = []
        for each in observations:
            if each.state != "live" or each.observation_id in self._ids:
                continue
            said = signature(each.content)
            # both sides of a conflict are told, however alike they are
            repeats = each.content and not each.conflicts_with
            if repeats and any(same(said, other) for other in self._said):
                self.repeated += 1
            else:
                self._said.append(said)
                fresh.append(each)
            self._ids.add(each.observation_id)
        return fresh


def _is_rule(observation: Observation, project: str | None) -> bool:
    """True for what is binding in the project; without a project of its own it is binding everywhere."""
    return observation.memory_type in RULE_TYPES and observation.project in (project, None)


def _by_weight(observations: Iterable[Observation]) -> list[Observation]:
    def weight(o: Observation) -> tuple[int, int, int, str]:
        rank = RULE_TYPES.index(o.memory_type) if o.memory_type in RULE_TYPES else len(RULE_TYPES)
        return -o.importance, rank, -o.created_at, o.observation_id

    return sorted(observations, key=weight)


def _newest(observations: Iterable[Observation]) -> list[Observation]:
    return sorted(observations, key=lambda o: (-o.created_at, o.observation_id))


def _digest(observation: Observation) -> str:
    """The text of a short memory, the summary of a long one, without the subject that stands in the head line already."""
    text = observation.content.strip()
    if len(text) > SUMMARY_MAX:
        text = observation.summary
    rest = text.removeprefix(observation.subject)
    return rest.lstrip(" .。;:") if rest[:1] in (" ", ".", "。", ";", ":", "\n", "") else text


def _disputed(observation: Observation) -> str | None:
    """The text of a memory in conflict with the ids of the other sides, which may not fit beside it."""
    others = [f"id:{id_}" for id_ in observation.conflicts_with if id_ != observation.observation_id]
    if not others:
        return None
    more = f" and {len(others) - _SIDES} more" if len(others) > _SIDES else ""
    told = f"In conflict with {', '.join(others[:_SIDES])}{more}: settle it by saving one memory that supersedes all."
    return f"{told}\n{observation.content}"


def _of(heading: str, project: str | None) -> str:
    return f"{heading} of {project}" if project else heading
