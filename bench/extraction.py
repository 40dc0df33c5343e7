"""What reading tables is worth and costs: verdicts against hand-made labels, time against a full parse, worst cases.

`python -m bench.extraction [CORPUS]`: the corpus of real cards is third-party text and stands beside this checkout,
in ../shared/corpus. Run by `make bench`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from evalbot.errors import EvalbotError
from evalbot.readme.extract import Wanted, extract
from evalbot.readme.survey import TableReport, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

CORPUS = Path(__file__).parents[1].parent / "shared" / "corpus"
RUNS = 9
FULL_PARSE = "full Markdown parse"
LABELS_UNKNOWN = "survey, labels unknown"
EXTRACTIONS = "extractions"
SLOW = 2.0
"""Seconds a card may take at the very worst."""
LABEL_CACHES = {"role_of", "parse_label"}
"""Caches of what single labels mean: warm in a program that reads many cards, as a parser's own tables are."""

MINE = Wanted(model_name="Mine-7B")
PROSE = "A sentence about *birds* and [links](https://example.org). " * 40
HEAD = "| Benchmark | Mine-7B | Other |\n|---|---|---|\n"
HTML_HEAD = "<table><tr><th>Benchmark<th>Mine-7B</tr>"
ROW = "| Zebra | 50.5 | 40.5 |\n"
WORST = {
    "1 MB of prose and tables": (PROSE + "\n\n" + HEAD + ROW * 12 + "\n") * 390,
    "one table of 1 MB": HEAD + "| Zebra 7B with a longer name | 50.5 ± 0.3 | **40.5** |\n" * 18_000,
    "a table of 20,000 rows": HEAD + ROW * 20_000,
    "a table of 1,990 rows": HEAD + ROW * 1_990,
    "a cell of 100,000 characters": HEAD + "| Zebra | " + "x" * 100_000 + " | 40.5 |\n" + ROW,
    "100,000 [ in prose": "[" * 100_000,
    "100,000 [ in a cell": HEAD + "| Zebra | " + "[" * 100_000 + " | 40.5 |\n",
    "100,000 <td>": "<table><tr>" + "<td>" * 100_000 + "</table>",
    "100,000 <td> in a cell": HEAD + "| Zebra | " + "<td>" * 100_000 + " | 40.5 |\n",
    "100,000 <tr><td>1": "<table>" + "<tr><td>1" * 100_000 + "</table>",
    "100,000 <table>": "<table>" * 100_000,
    "100,000 <table><tr><td>": "<table><tr><td>" * 100_000,
    "100,000 </table>": "<table>" + "</table>" * 100_000,
    "50,000 <div> inside each other": "<div>" * 50_000 + "<table><tr><th>a<td>1</table>" + "</div>" * 50_000,
    "rowspan and colspan of 99,999": "<table>" + '<tr><td rowspan="99999" colspan="99999">1' * 50 + "</table>",
    "1,000 cells of colspan 1,000": "<table><tr>" + '<td colspan="1000">1</td>' * 1_000 + "</tr></table>",
    "100,000 &": "&" * 100_000,
    "100,000 & in an HTML cell": "<table><tr><td>" + "&" * 100_000 + "</td></tr></table>",
    "100,000 unclosed <!--": "<table>" + "<!--" * 100_000,
    "100,000 < in an HTML cell": "<table><tr><td>" + "<" * 100_000 + "</td></tr></table>",
    "100,000 <a of no end": "<table><tr><td>" + "<a " * 100_000,
    "100,000 unclosed attribute quotes": "<table>" + '<td a="' * 100_000,
    "an attribute of 1 MB": "<table><tr><td title='" + "x" * 1_000_000 + "'>1</td></tr></table>",
    "1 MB of blanks in a tag": "<table" + " " * 1_000_000 + ">",
    "an HTML table of 20,000 rows": "<table>" + "<tr><td>MMLU</td><td>1.5</td></tr>" * 20_000 + "</table>",
    "an HTML table of 1,990 rows": HTML_HEAD + "<tr><td>Zebra</td><td>1.5</td></tr>" * 1_990 + "</table>",
    "400 HTML tables": (HTML_HEAD + "<tr><td>MMLU</td><td>1.5</td></tr></table>\n\n") * 400,
    "1,000 tables in one another": "<table><tr><td>" * 1_000 + "1" + "</td></tr></table>" * 1_000,
    "2,000 lists inside each other": "- " * 2_000 + HEAD + ROW,
    "2,000 quotes inside each other": "> " * 2_000 + HEAD + ROW,
    "1 MB of list items of one letter": "- a\n" * 250_000,
    "1 MB of paragraphs of one letter": "a\n\n" * 330_000,
    "1 MB of lines with a pipe": "a | b\n" * 170_000,
}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def texts_of(corpus: Path) -> dict[str, str]:
    return {f"readmes/{path.name}": path.read_bytes().decode() for path in sorted((corpus / "readmes").iterdir())}


def detection(corpus: Path, texts: Mapping[str, str]) -> None:
    """Is this table an evaluation: precision and recall over the labelled Markdown tables."""
    reports: dict[tuple[str, object], TableReport] = {
        (name, report.table.number): report for name, text in texts.items() for report in survey(text)
    }
    labelled = [row for row in rows_of(corpus / "tables.jsonl") if row["is_eval"] in (True, False)]
    told = [(row, reports[row["file"], row["table_index"]]) for row in labelled]
    right = sum(row["is_eval"] and report.is_evaluation for row, report in told)
    taken, wanted = sum(report.is_evaluation for _, report in told), sum(row["is_eval"] for row, _ in told)
    print(f"is a table an evaluation ({len(told)} labelled tables, {wanted} are)")
    print(f"precision {right / taken:8.4f}   ({right} of {taken})")
    print(f"recall    {right / wanted:8.4f}   ({right} of {wanted})")
    for row, report in told:
        if row["is_eval"] != report.is_evaluation:
            kind = "taken" if report.is_evaluation else "missed"
            print(f"  {kind:6} {row['file'].removeprefix('readmes/')} table {row['table_index']}: {report.reason}")


def caches() -> Iterator[tuple[str, Any]]:
    """Every function of evalbot.readme that remembers answers."""
    modules = [module for name, module in sys.modules.items() if name.startswith("evalbot.readme")]
    for module in modules:
        yield from ((name, value) for name, value in vars(module).items() if hasattr(value, "cache_clear"))


def forget(*, labels: bool) -> None:
    for name, cached in caches():
        if labels or name not in LABEL_CACHES:
            cached.cache_clear()


def timed(work: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def cost(corpus: Path, texts: Mapping[str, str]) -> None:
    """Medians over alternating runs in one process; nothing about a text is remembered from one run to the next."""
    cases = [(texts[case["file"]], wanted_of(case)) for case in rows_of(corpus / "gold.jsonl")]
    parser = MarkdownIt("commonmark").enable("table")
    medians = alternating({
        FULL_PARSE: lambda: [parser.parse(text) for text in texts.values()],
        "survey": lambda: [survey(text) for text in texts.values()],
        LABELS_UNKNOWN: lambda: [survey(text) for text in texts.values()],
        EXTRACTIONS: lambda: try_each(cases),
    })  # fmt: skip
    print(
        f"\n{len(texts)} cards, {sum(map(len, texts.values())) // 1000:,} thousand characters ({RUNS} alternating runs)"
    )
    print(f"{'work':30} {'median':>10} {'ratio':>7}")
    for name, median in medians.items():
        bound = "   must be at most 1.0" if name == "survey" else ""
        print(f"{name:30} {median * 1000:7.1f} ms {median / medians[FULL_PARSE]:7.2f}{bound}")
    each = medians[EXTRACTIONS] / len(cases) * 1000
    print(f"{len(cases)} extractions are one for each labelled case, {each:.1f} ms on average; many are of one card")


def alternating(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS):
        for name, work in works.items():
            forget(labels=name == LABELS_UNKNOWN)
            times[name].append(timed(work))
    return {name: statistics.median(measured) for name, measured in times.items()}


def try_each(cases: Sequence[tuple[str, Wanted]]) -> None:
    for text, wanted in cases:
        with contextlib.suppress(EvalbotError):
            extract(text, wanted)


def wanted_of(case: Mapping[str, Any]) -> Wanted:
    if case["match"] == "override":
        return Wanted(table=case["table_index"], exact_label=case["override"])
    return Wanted(table=case["table_index"], model_name=case["model_name"])


def worst_cases() -> None:
    print(f"\n{'worst case':34} {'survey':>8} {'extract':>8}   in seconds, nothing remembered")
    for name, text in WORST.items():
        surveying, outcome = fresh(lambda text: f"read, {len(survey(text))} table(s)", text)
        extracting, answer = fresh(lambda text: f"read, {len(extract(text, MINE).scores)} score(s)", text)
        slow = f"   OVER {SLOW:.0f} s" if max(surveying, extracting) > SLOW else ""
        print(f"{name:34} {surveying:8.3f} {extracting:8.3f}{slow}   {outcome}")
        if answer != outcome:
            print(f"{'':52}   {answer}")


def fresh(work: Callable[[str], str], text: str) -> tuple[float, str]:
    """Seconds, and what was read or the limit that refused it."""
    forget(labels=True)
    started = time.perf_counter()
    try:
        outcome = work(text)
    except EvalbotError as refusal:
        outcome = f"refused: {refusal.message[:100]}"
    return time.perf_counter() - started, outcome


def main(corpus: Path) -> int:
    if not (corpus / "tables.jsonl").exists():
        print(f"There is no corpus of real cards in {corpus}: verdicts and times are not measured")
        return 0
    texts = texts_of(corpus)
    detection(corpus, texts)
    cost(corpus, texts)
    worst_cases()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
