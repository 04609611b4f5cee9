"""What is told, in which order, before a task and at the start of a session."""

from __future__ import annotations

import random

from kioku_mesh.clock import DAY
from kioku_mesh.model import Hit, Notice, Observation
from kioku_mesh.service.briefing import Composed, Told, compose_brief, compose_recall
from kioku_mesh.service.packing import pack
from kioku_mesh.text.budget import token_bound
from support.observations import AT, observation

NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu".split()


def memory(number: int, memory_type: str = "note", **fields: object) -> Observation:
    """A memory that says something of its own."""
    name = NAMES[number % len(NAMES)]
    return observation(
        number,
        f"The {name} part number {number} works so.",
        subject=f"{name} {number}",
        memory_type=memory_type,
        **fields,
    )


def hits(*observations: Observation) -> list[Hit]:
    return [Hit(each, 1.0 - n / 100, "words") for n, each in enumerate(observations)]


def numbers(composed: Composed) -> list[int]:
    return [int(each.observation.observation_id, 16) for each in composed.entries]


def headings(composed: Composed) -> list[str]:
    return list(dict.fromkeys(each.heading for each in composed.entries))


def test_recall_tells_rules_first() -> None:
    """Decisions, instructions and preferences of the project stand before the other hits, each group in the order found."""
    found = hits(memory(1, "bug"), memory(2, "decision"), memory(3), memory(4, "instruction"))
    composed = compose_recall(Told(found), "kioku")
    assert numbers(composed) == [2, 4, 1, 3]
    assert headings(composed) == ["Decisions and rules of kioku", "What fits the task"]


def test_recall_rules_of_other_projects_are_ordinary_hits() -> None:
    """A decision of another project binds nobody here; one without a project does."""
    found = hits(memory(1, "decision", project="other"), memory(2, "decision", project=None))
    assert numbers(compose_recall(Told(found), "kioku")) == [2, 1]


def test_recall_weak_rules_do_not_crowd_out_the_answer() -> None:
    """A rule that fits less than half as well as the best hit keeps its place."""
    found = [Hit(memory(1, "bug"), 1.0, ""), Hit(memory(2, "decision"), 0.3, "")]
    assert numbers(compose_recall(Told(found), "kioku")) == [1, 2]


def test_recall_adds_few_important_standing_rules() -> None:
    """Important instructions and preferences are told for every task, at most three; decisions only where they fit."""
    standing = [memory(n, "instruction", importance=5) for n in range(10, 15)] + [
        memory(20, "decision", importance=5),
        memory(21, "preference", importance=2),
    ]
    composed = compose_recall(Told(hits(memory(1)), rules=standing), "kioku")
    assert numbers(composed) == [10, 11, 12, 1]


def test_recall_shows_only_what_is_live_and_new() -> None:
    """Superseded, expired and deleted memories never, near-duplicates once, the same memory once."""
    twin = memory(1)._replace(observation_id="f" * 32)
    found = hits(
        memory(1),
        twin,
        memory(2, state="superseded"),
        memory(3, state="deleted"),
        memory(4, state="expired"),
        memory(1),
        memory(5),
    )
    composed = compose_recall(Told(found))
    assert numbers(composed) == [1, 5]
    assert composed.repeated == 1


def test_recall_tells_what_belongs_to_it() -> None:
    """What names the files of the task comes before what fits it, what is related after; each memory once, and what says the
    same as one that is told is counted."""
    twin = memory(3)._replace(observation_id="e" * 32)
    told = Told(
        hits(memory(1), memory(2, "decision"), memory(3)), hits(memory(3), memory(4)), hits(twin, memory(1), memory(5))
    )
    composed = compose_recall(told, "kioku")
    assert numbers(composed) == [2, 3, 4, 1, 5]
    assert headings(composed) == [
        "Decisions and rules of kioku",
        "About the files and references of the task",
        "What fits the task",
        "Of the same files and references",
    ]
    assert composed.repeated == 1
    assert composed.after == "1 left out, as they say the same."


def test_recall_notes_take_a_small_part() -> None:
    """Notes follow as long as a quarter of the budget, beyond what the entries need, has room for them."""
    notes = [Notice("x", f"remark {n} about the answer") for n in range(20)]
    for budget in (50, 150, 300, 1200):
        after = compose_recall(Told(hits(memory(1))), notes=notes, budget=budget).after
        assert token_bound(after) <= max(2, budget // 4)
        assert after.startswith("note: remark 0") == (budget > 150)


def test_recall_without_hits_says_so() -> None:
    """An empty answer is a sentence, not an empty text."""
    composed = compose_recall(Told())
    assert composed.entries == ()
    assert composed.before


def brief(budget: int = 600) -> Composed:
    conflict = [memory(n, "decision", conflicts_with=(f"{3 - n:032x}",)) for n in (1, 2)]
    standing = [memory(n, "decision", importance=1 + n % 5) for n in range(10, 22)]
    recent = [memory(n, created_at=AT + n * DAY) for n in range(30, 42)]
    return compose_brief(conflict, standing, recent, "kioku", budget)


def test_brief_order() -> None:
    """Conflicts first, then rules by importance, then the newest work, then the rest; and where to ask for more."""
    composed = brief()
    assert headings(composed)[:3] == [
        "Open conflicts: settle each by saving one memory that supersedes both",
        "Decisions and rules of kioku",
        "Lately",
    ]
    rules = [each.observation.importance for each in composed.entries if "ecisions" in each.heading]
    assert rules == sorted(rules, reverse=True)
    assert len(rules) == 12
    news = [each.observation.created_at for each in composed.entries if each.heading in ("Lately", "Earlier")]
    assert news == sorted(news, reverse=True)
    assert len(news) == 12
    assert "recall" in composed.after


def test_brief_shares_its_room() -> None:
    """In a small budget each group is seen, and the text keeps to it."""
    composed = brief(900)
    packed = pack(composed.entries, 900, before=composed.before, after=composed.after)
    assert token_bound(packed.text) <= 900
    assert {each.heading.split()[0] for each in composed.entries[: packed.shown]} == {"Open", "Decisions", "Lately"}


def test_brief_is_stable() -> None:
    """The same memories in any order of fetching give the same bytes: prompt caches hold."""
    texts = set()
    rng = random.Random(3)
    for _ in range(20):
        standing = [memory(n, rng.choice(["decision"]), importance=3) for n in range(12)]
        recent = [memory(n) for n in range(20, 30)]
        rng.shuffle(standing)
        rng.shuffle(recent)
        composed = compose_brief((), standing, recent, "kioku")
        texts.add(pack(composed.entries, 600, before=composed.before, after=composed.after).text)
    assert len(texts) == 1


def test_brief_shows_a_memory_once() -> None:
    """What stands in conflict or as a rule is not told again as recent work."""
    rule = memory(1, "decision")
    assert numbers(compose_brief((), [rule], [rule, memory(2)])) == [1, 2]


def test_brief_of_nothing() -> None:
    """An empty memory says that it is empty, and where to ask."""
    composed = compose_brief(project="kioku")
    assert composed.entries == ()
    assert "kioku" in composed.before
    assert composed.after


def test_brief_digests_long_memories() -> None:
    """A long memory is told by its summary, and the subject is not told twice."""
    long = memory(1, "decision")._replace(content="x " * 500, summary="The short form.")
    plain = memory(2, "decision")._replace(subject="Keep SQLite", content="Keep SQLite. It needs no server.")
    bodies = [each.body for each in compose_brief((), [long, plain], ()).entries]
    assert bodies == ["The short form.", "It needs no server."]
