"""How well memories are found again, on labelled sets, beside SQLite's plain full text.

    ./dev recall SET.json.gz... [--peers] [--fill TEXTS.jsonl.xz --count 20000] [--out FOLDER] [--verdicts]

--peers measures other products too, each installed into an environment of its own (PyPI must be reachable once).
--fill hides the memories of each group among that many other texts. --out writes one line of JSON a question, to compare
two states question by question. --verdicts shows how sure the answers are: to questions of a store, and to questions of
other stores, which have no answer there. The sets are for evaluation alone: nothing may be learned from them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from metrics import FIRST, Outcome, judge
from peers import PEERS, peers
from sets import Group, Labelled, filler, foreign, load, sample
from systems import SYSTEMS, Open, Ours, Unmeasured
from tables import BySystem, show

from places import say

NOTHING = "nothing"


def measured(data: Labelled, name: str, open_: Open, others: Sequence[str], groups: Sequence[Group]) -> list[Outcome]:
    """Every question of a set, each group in a store of its own, and there those of the other stores. Raises Unmeasured."""
    outcomes = []
    for number, group in enumerate(data.groups, 1):
        start = time.monotonic()
        store = open_(group.docs, others)
        questions = [*group.questions, *foreign(group, groups)]
        outcomes += [judge(question, *store.ask(question.text)) for question in questions]
        store.close()
        took = time.monotonic() - start
        say(f"{name}, {data.name}: store {number} of {len(data.groups)}, {len(questions)} questions, {took:.0f} s")
    return outcomes


def write(folder: Path, data: Labelled, by_system: BySystem) -> None:
    """One line a question."""
    folder.mkdir(parents=True, exist_ok=True)
    for system, outcomes in by_system.items():
        with open(folder / f"{data.name}.{system.replace(' ', '-')}.jsonl", "w", encoding="utf-8") as file:
            for outcome in outcomes:
                question = outcome.question
                line = {
                    "id": question.id, "category": question.category, "text": question.text,
                    "answers": sorted(question.answers), "shown": list(outcome.shown[:FIRST]),
                    "recall": outcome.recall, "reciprocal_rank": outcome.reciprocal, "verdict": outcome.verdict,
                }  # fmt: skip
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def verdicts(groups: Sequence[Group]) -> None:
    """How sure the answers are to questions with an answer, and to those of other stores."""
    own: Counter[str] = Counter()
    without: Counter[str] = Counter()
    for group in groups:
        store = Ours(group.docs, ())
        own.update(store.ask(each.text).verdict or NOTHING for each in sample(group))
        without.update(store.ask(each.text).verdict or NOTHING for each in foreign(group, groups))
        store.close()
    print(f"{'verdict':10} {'of questions with an answer':>28} {'without':>10}")
    for name in ("strong", "fair", "weak", NOTHING):
        print(f"{name:10} {100 * own[name] / own.total():27.1f}% {100 * without[name] / without.total():9.1f}%")


def compare(sets: Sequence[Labelled], systems: dict[str, Open], others: Sequence[str], out: Path | None) -> None:
    """A table for each set; what cannot be measured is named with the reason."""
    groups = [group for data in sets for group in data.groups]
    for data in sets:
        by_system: BySystem = {}
        missing = []
        for name, open_ in systems.items():
            try:
                by_system[name] = measured(data, name, open_, others, groups)
            except Unmeasured as reason:
                missing.append(f"{name}: not measured: {reason}")
        show(data.name + (f" among {len(others):,} others" if others else ""), by_system)
        if missing:
            print(*missing, "", sep="\n")
        if out:
            write(out, data, by_system)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./dev recall", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--minutes", type=float, default=30, help="that a store of a peer may take (default: 30)")
    parser.add_argument("--fill", metavar="TEXTS")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--out", type=Path, metavar="FOLDER")
    parser.add_argument("--verdicts", action="store_true")
    given = parser.parse_args()
    sets = [load(path) for path in given.sets]
    if given.verdicts:
        verdicts([group for data in sets for group in data.groups])
        return
    systems = SYSTEMS | (peers(given.minutes) if given.peers else {})
    compare(sets, systems, filler(given.fill, given.count), given.out)
    if given.peers:
        print("\n".join(f"{name}: {peer.how}" for name, peer in PEERS.items()))
        print("Each is timed inside the process that searches.")


if __name__ == "__main__":
    main()
