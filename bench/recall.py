"""Recall of the product's own search path on labelled sets, per category.

    PYTHONPATH=src python bench/recall.py SET.json.gz... [--fill TEXTS.jsonl.xz --count 20000] [--misses] [--verdicts]

The format of a set: {groups: [{docs: [{id, body, subject?, time?, type?, project?}], queries: [{id, text, rel, cat?,
exclude?}]}]}, gzipped. Each group becomes a store of its own, with the texts of --fill among its memories.
"""

from __future__ import annotations

import argparse
import gzip
import json
import lzma
import math
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kioku_mesh import wire
from kioku_mesh.clock import DAY, SECOND, parse_time
from kioku_mesh.ids import new_id
from kioku_mesh.model import Query
from kioku_mesh.search import engine
from kioku_mesh.store import vectors
from kioku_mesh.store.store import Store

DEPTH = 50  # of the ranks that count for MRR
START = 1_600_000_000 * SECOND  # when the first filler was saved
FOREIGN = 60  # questions of each store that are asked of the others
LEFT_OUT = ("adversarial",)  # LoCoMo counts its categories 1 to 4
BATCH = 500


class Outcome(NamedTuple):
    """One query: share of its evidence among the first 10, any of it there, 1/rank of the first, how many were shown."""

    category: str
    recall: float
    hit: bool
    reciprocal: float
    shown: int
    cpu: float


def build(store: Store, docs: Sequence[dict[str, Any]], filler: Sequence[str]) -> tuple[dict[str, str], int]:
    """Save everything; returns observation ids by document, and the time of the last one."""
    ids = {doc["id"]: new_id() for doc in docs}
    clock = START
    entries = [(new_id(), {"content": text}, None) for text in filler]
    entries += [(ids[doc["id"]], doc, doc.get("time")) for doc in docs]
    for at in range(0, len(entries), BATCH):
        with store.write(clock) as transaction:
            for id_, doc, written in entries[at : at + BATCH]:
                clock = parse_time(written, local=False) if written else clock + SECOND
                fields = {
                    "content": doc.get("body") or doc["content"],
                    "subject": doc.get("subject"),
                    "memory_type": doc.get("type") or "note",
                    "project": doc.get("project"),
                    "importance": 2, "created_at": clock, "agent_family": "bench", "client_id": "bench", "pc_id": "", "host": "",
                }  # fmt: skip
                body = wire.encode_body({key: value for key, value in fields.items() if value is not None})
                transaction.append(wire.OBSERVATION, "mesh", body, id=id_, hlc=clock)
    vectors.fill(store, math.inf)
    return ids, clock


def judge(
    store: Store, queries: Iterable[dict[str, Any]], ids: dict[str, str], now: int, misses: bool
) -> list[Outcome]:
    names = {id_: name for name, id_ in ids.items()}
    outcomes = []
    for query in queries:
        if query.get("cat") in LEFT_OUT or not (query["rel"] or query.get("cat") == "none"):
            continue
        start = time.process_time()
        with store.read(now=now) as snapshot:
            found = engine.find(snapshot, Query(query["text"], limit=DEPTH), None, now).hits
            cpu = time.process_time() - start
            shown = [names.get(id_, "filler") for id_ in snapshot.ids([hit.row for hit in found])]
        ranks = [name for name in shown if name not in query.get("exclude", ())]
        wanted = set(query["rel"])
        first = next((n for n, name in enumerate(ranks, 1) if name in wanted), None)
        recall = len(wanted.intersection(ranks[:10])) / len(wanted) if wanted else 0.0
        outcome = Outcome(query.get("cat") or "", recall, recall > 0, 1 / first if first else 0.0, len(shown), cpu)
        outcomes.append(outcome)
        if misses and wanted and recall < 1:
            print(f"  {outcome.category:12} {query['text']!r} -> {sorted(wanted)} at {first}; first: {ranks[:3]}")
    return outcomes


def verdicts(sets: Sequence[dict[str, Any]]) -> None:
    """How sure the answers are: to questions of a store, and to questions of other stores, which have none there."""
    groups = [group for data in sets for group in data["groups"]]
    asked = [[q["text"] for q in g["queries"] if q["rel"] and q.get("cat") not in LEFT_OUT][:FOREIGN] for g in groups]
    own: Counter[str] = Counter()
    foreign: Counter[str] = Counter()
    for at, group in enumerate(groups):
        with tempfile.TemporaryDirectory() as folder:
            store = Store(folder)
            _, clock = build(store, group["docs"], ())
            for of, texts in enumerate(asked):
                with store.read(now=clock + DAY) as snapshot:
                    found = [engine.find(snapshot, Query(text, limit=1), None, clock + DAY) for text in texts]
                (own if of == at else foreign).update(each.verdict or "nothing" for each in found)
            store.close()
    print(f"{'verdict':10} {'of questions with an answer':>28} {'without':>10}")
    for name in ("strong", "fair", "weak", "nothing"):
        print(f"{name:10} {100 * own[name] / own.total():27.1f}% {100 * foreign[name] / foreign.total():9.1f}%")


def report(name: str, outcomes: Sequence[Outcome]) -> None:
    by_category = defaultdict(list)
    for outcome in outcomes:
        by_category[outcome.category].append(outcome)
    print(f"{name}\n  {'category':12} {'n':>4} {'recall@10':>10} {'hit@10':>8} {'MRR':>6}")
    judged = [outcome for outcome in outcomes if outcome.category != "none"]
    for category, part in [*sorted(by_category.items()), ("all", judged)]:
        if category == "none":
            print(
                f"  {category:12} {len(part):4}   {sum(o.shown > 0 for o in part)} were answered although nothing fits"
            )
        else:
            mean = [
                100 * sum(values) / len(part)
                for values in zip(*((o.recall, o.hit, o.reciprocal) for o in part), strict=True)
            ]
            print(f"  {category:12} {len(part):4} {mean[0]:10.1f} {mean[1]:8.1f} {mean[2]:6.1f}")
    cpu = sorted(o.cpu for o in outcomes)
    print(
        f"  CPU of a search of {DEPTH}: p50 {cpu[len(cpu) // 2] * 1e3:.1f} ms, p95 {cpu[int(len(cpu) * 0.95)] * 1e3:.1f} ms\n"
    )


def filler_texts(path: str | None, count: int) -> list[str]:
    """`count` texts of at least 60 characters from lines of [source, text]; the same ones every time."""
    if not path:
        return []
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        texts = [text for _, text in map(json.loads, lines) if len(text) >= 60]
    return random.Random(0).sample(texts, min(count, len(texts)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--fill")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument(
        "--misses", action="store_true", help="list the queries whose evidence is not all among the first 10"
    )
    parser.add_argument("--verdicts", action="store_true", help="only how sure the answers are")
    given = parser.parse_args()
    sets = [json.loads(gzip.decompress(Path(path).read_bytes())) for path in given.sets]
    if given.verdicts:
        verdicts(sets)
        return
    filler = filler_texts(given.fill, given.count)
    for data in sets:
        outcomes: list[Outcome] = []
        for group in data["groups"]:
            with tempfile.TemporaryDirectory() as folder:
                store = Store(folder)
                ids, clock = build(store, group["docs"], filler)
                outcomes += judge(store, group["queries"], ids, clock + DAY, given.misses)
                store.close()
        report(data["name"] + (f" among {len(filler):,} others" if filler else ""), outcomes)


if __name__ == "__main__":
    main()
