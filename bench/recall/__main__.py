"""How well memories are found again, on labelled sets, beside SQLite's plain full text.

    ./dev recall SET.json.gz... [--fill TEXTS.jsonl.xz --count 20000] [--out FOLDER] [--verdicts]

--fill hides the memories of each group among that many other texts. --out writes one line of JSON a question, to compare
two states question by question. --verdicts shows how sure the answers are: to questions of a store, and to questions of
other stores, which have no answer there. The sets are for evaluation alone: nothing may be learned from them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from metrics import FIRST, Outcome, judge, mean
from sets import Labelled, filler, load
from systems import SYSTEMS, Ours

FOREIGN = 60  # questions of each store that are asked of the others
NOTHING = "nothing"


def measured(data: Labelled, system: str, others: Sequence[str]) -> list[Outcome]:
    """Every question of a set, each group in a store of its own."""
    outcomes = []
    for group in data.groups:
        store = SYSTEMS[system](group.docs, others)
        outcomes += [judge(question, *store.ask(question.text)) for question in group.questions]
        store.close()
    return outcomes


def show(data: Labelled, by_system: dict[str, list[Outcome]], others: int) -> None:
    """A table: a row for each category, four figures for each system."""
    print(data.name + (f" among {others:,} others" if others else ""))
    print(f"{'':16}" + "".join(f"  {system:>36}" for system in by_system))
    print(
        f"{'category':12}{'n':>4}"
        + f"  {f'recall@{FIRST}':>10} {f'hit@{FIRST}':>8} {'MRR':>7} {f'nDCG@{FIRST}':>8}" * len(by_system)
    )
    categories: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for system, outcomes in by_system.items():
        for outcome in outcomes:
            categories[outcome.question.category][system].append(outcome)
            if outcome.question.category != "none":
                categories["all"][system].append(outcome)
    for category in sorted(categories, key=lambda name: (name in ("all", "none"), name)):
        parts = categories[category]
        count = len(next(iter(parts.values())))
        if category == "none":
            told = "; ".join(f"{system}: {_claimed(part)}" for system, part in parts.items())
            print(f"{category:12}{count:4}  {told}")
        else:
            figures = (f"  {r:10.1f} {h:8.1f} {m:7.1f} {d:8.1f}" for r, h, m, d in map(mean, parts.values()))
            print(f"{category:12}{count:4}" + "".join(figures))
    for system, outcomes in by_system.items():
        times = sorted(outcome.cpu_ms for outcome in outcomes)
        print(
            f"{system}: processor time of a search p50 {times[len(times) // 2]:.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms"
        )
    print()


def _claimed(part: Sequence[Outcome]) -> str:
    """What is said to questions without an answer."""
    said = Counter(outcome.verdict or ("something" if outcome.shown else NOTHING) for outcome in part)
    return ", ".join(f"{count} {verdict}" for verdict, count in said.most_common())


def write(folder: Path, data: Labelled, by_system: dict[str, list[Outcome]]) -> None:
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


def verdicts(sets: Sequence[Labelled]) -> None:
    """How sure the answers are to questions with an answer, and to those of other stores."""
    groups = [group for data in sets for group in data.groups]
    own: Counter[str] = Counter()
    foreign: Counter[str] = Counter()
    for group in groups:
        store = Ours(group.docs, ())
        for other in groups:
            asked = [question for question in other.questions if question.answers][:FOREIGN]
            (own if other is group else foreign).update(store.ask(q.text).verdict or NOTHING for q in asked)
        store.close()
    print(f"{'verdict':10} {'of questions with an answer':>28} {'without':>10}")
    for name in ("strong", "fair", "weak", NOTHING):
        print(f"{name:10} {100 * own[name] / own.total():27.1f}% {100 * foreign[name] / foreign.total():9.1f}%")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="./dev recall", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+", metavar="SET")
    parser.add_argument("--fill", metavar="TEXTS")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--out", type=Path, metavar="FOLDER")
    parser.add_argument("--verdicts", action="store_true")
    given = parser.parse_args()
    sets = [load(path) for path in given.sets]
    if given.verdicts:
        verdicts(sets)
        return
    others = filler(given.fill, given.count)
    for data in sets:
        by_system = {system: measured(data, system, others) for system in SYSTEMS}
        show(data, by_system, len(others))
        if given.out:
            write(given.out, data, by_system)


if __name__ == "__main__":
    main()
