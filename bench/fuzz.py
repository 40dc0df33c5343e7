"""100,000 tables made up by chance, each held to the properties of tests/unit/readme. Run by `make fuzz`.

`python -m bench.fuzz [TABLES] [SEED]`: the same seed gives the same tables. Exit code 1 where a property failed.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections import Counter
from random import Random

from tests.unit.readme.generated_cards import GeneratedCard, generated_card
from tests.unit.readme.table_properties import Tally, check

TABLES = 100_000
SHOWN_FAILURES = 20
PROGRESS = 10_000


def add(total: Tally, tally: Tally) -> None:
    total.tables += tally.tables
    total.evaluations += tally.evaluations
    total.extractions += tally.extractions
    total.scores += tally.scores
    total.refusals.update(tally.refusals)


def failure_of(card: GeneratedCard, total: Tally) -> str | None:
    """What went wrong, or None: any exception is a failure, for refusals are caught where they are asked for."""
    try:
        add(total, check(card.text, card.cuts))
    except Exception as failure:  # noqa: BLE001 - what is looked for
        last = traceback.extract_tb(failure.__traceback__)[-1]
        return f"{type(failure).__name__} in {last.name}, line {last.lineno}: {str(failure)[:300]}"
    return None


def run(tables: int, seed: int) -> int:
    """The number of failures."""
    total, failures, slowest = Tally(), Counter[str](), (0.0, "")
    number, started = 0, time.perf_counter()
    while total.tables < tables:
        name = f"{seed}:{number}"
        card = generated_card(Random(name))  # noqa: S311 - chance, no secret
        number, before, steps = number + 1, time.perf_counter(), total.tables // PROGRESS
        failure = failure_of(card, total)
        slowest = max(slowest, (time.perf_counter() - before, name))
        if total.tables // PROGRESS > steps:
            print(f"{total.tables:,} tables, {total.scores:,} scores, {failures.total()} failures", file=sys.stderr)
        if failure is not None:
            failures[failure.partition(":")[0]] += 1
            if failures.total() <= SHOWN_FAILURES:
                print(f"card {name}: {failure}", flush=True)
    report(total, failures, number, time.perf_counter() - started)
    print(f"slowest card             {slowest[0]:.3f} s ({slowest[1]})")
    return failures.total()


def report(total: Tally, failures: Counter[str], cards: int, seconds: float) -> None:
    print(f"cards                    {cards:>10,}")
    print(f"tables read              {total.tables:>10,}, {total.evaluations:,} of them evaluations")
    print(f"extractions tried        {total.extractions:>10,}")
    print(f"scores checked           {total.scores:>10,}")
    for name, count in total.refusals.most_common():
        print(f"refusals, {name:15}{count:>10,}")
    print(f"seconds                  {seconds:>10.0f}")
    print(f"failures                 {failures.total():>10,} {dict(failures) or ''}")


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:3]]
    sys.exit(1 if run(*(arguments + [TABLES, 1][len(arguments) :])) else 0)
