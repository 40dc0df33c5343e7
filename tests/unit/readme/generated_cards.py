"""README texts made up from a source of chance: tables of every shape, between everything else that cards hold.

`Chance` is `random.Random`: seeded in bench/fuzz.py, and hypothesis's own in the tests, which makes failures small.
"""

# ruff: noqa: RUF001, SIM905, E501 - look-alikes are input here, words read best as running text, chance is no secret

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random as Chance

MODELS = (
    "Finch-7B|Finch-7B-Instruct|Heron 70B|heron-70b-chat|org/Finch-7B|Finch_7B|7B-Finch|Finch|Heron|GPT-4|GPT-4o|Llama 2|"
    "X-Math-7B|Y-Coder-1.5B|Ours|Finch-7B (ours)|Base|Large|v2.0|Wren-MoE-8x7B|Финч-7B|雀-7B|Finch 7B v0.1|bert-base-uncased|Random|Human"
).split("|")
BENCHMARKS = (
    "MMLU|MMLU (5-shot)|GSM8K|gsm8k_cot|HumanEval pass@1|ARC-c|ARC-e|HellaSwag|TruthfulQA (mc2)|BBH|DROP (3-shot F1)|C-Eval|"
    "Zebra|Rivers (EM/F1)|MNLI-m/mm|WMT14 en-de|LibriSpeech test-clean ↓|ImageNet|MTEB|IFEval|Average|Avg.|Overall|平均|"
    "date_understanding|NumPy|SEED|Natural Questions|MT-Bench|AIME 2024|Lakes (val)|数学|Mathématiques"
).split("|")
BENCHMARKS += ["leaderboard\\|mmlu\\|5"]
METRICS = "acc|Accuracy|F1|EM|BLEU|WER ↓|CER (%)|ROUGE-1/ROUGE-2|pass@1|Score|Value|Precision|Recall|准确率|mAP ↑|perplexity".split(
    "|"
)
QUANTITIES = (
    "# Params|Params (B)|Size (GB)|Latency (ms)|tok/s|Context|Release date|# Shots|n-shot|Version|Stderr|Rank|Δ|Epoch|"
    "Training loss|VRAM|Batch size|License|Link|GPU hours|Bits|参数量|Price ($)|Layers|Training tokens|$ / 1M"
).split("|")
CORNERS = (
    "Model|Models|Benchmark|Benchmarks|Task|Tasks|Dataset|Metric|Name|Benchmark name|Category|Language|Split|模型|数据集|モデル|"
    "Modèle|Modelo|데이터셋|Base model|Backbone|Method|Hyperparameter|||Benchmark (Metric)|Model / Task|Setting"
).split("|")
SECTIONS = "English|Code|General|**Reasoning**|Chinese|5-shot|Finch-7B|Multilingual|Throughput".split("|")
TITLES = (
    "Evaluation|Results|Finch-7B results|Heron-70B|Training data|Hyperparameters|Speed|Benchmarks (5-shot)|评测结果|GLUE|"
    "Comparison with Heron|Baselines|Model architecture"
).split("|")
PROSE = (
    "All numbers are EM/F1.",
    "We compare with `Heron 70B` at 5-shot.",
    "**Results on the test sets**",
    "See [the paper](https://example.org/a_(b)) | and more",
    "Training took 12 hours on 8 GPUs.",
    "| a lone pipe",
    "&nbsp;",
    "<b>bold</b> and <table> in a sentence",
    "",
    "Finch-7B",
)
HOSTILE = (
    "-|—|N/A|nan|inf|infinity|NaN|TBD|x|✗|✓|~85|<1|>99|≥80|12 ms|120 tok/s|8x7B|7B|2024-05-01|2024|1e5|1_000|1E400|8５.2|８５.２|"
    "−0.5|- 0.5|+1.2|--5|1,234|1,234,567|85,2|0,983|1 234|1'234|1.234,5|1,2,3|85-90|85..2|.5|5.|1.2.3|45/50|2/128|1/2/3/4|"
    "85.2 / 86.1|85.2/|/|84.8/93.4/-|85.2 86.1|85.2<br>86.1|85.2 → 86.1|85.2 (+1.3)|85.2 (rank 3)|60.1 (0.4)|95.1 (94.5)|80 (12 ms)|"
    "86.5 (89.0/85.5)|85.2 (5-shot)|85.2±|± 3|$85_{\\pm .3}$|$\\mathbf{85.2}$|$85.2^{*}$|\\$15|$5|3**4|3*4|8**5**|8<b>5</b>|8<!-- 9 -->5|"
    "7<sub>3</sub>|7<sup>3</sup>|2<sup>10</sup>|85.2<sup>1</sup>|85.2[^1]|85.2[1]|85.2*|85.2†|85.2 ↑|↓ 85.2|🥇 85.2|~~80~~ 85|[85.2](u)|[85.2](|"
    "[8](u)[5](u)|![85](u)|`85.2`|``8`5``|<b>85.2|</b>85.2|<85.2>|<!-- 85.2|<!-- 85.2 -->|&#56;5|85&#46;2|85&nbsp;%|&lt;1|8&shy;5|"
    "8\u200b5|8\u202e5.2|\u202e85.2|\u206685.2\u2069|10²|10<sup>5</sup>|\u200f85.2|8\u0007|8\u00005|8\u00a05|8\u00ad5|85.2\ufe0f|٨٥|八五|½|²|8²|1⁄2|99.9.9%|100%|85%|85.2 %|0.852|1.0|0|"
    "000|007.50|-0|99999999999999999999999999|0.00000000000000000000000001|85.2 points|acc=85.2|MMLU: 85.2|Finch-7B|see [1]|"
    "10 000 000|3 / 4 = 0.75|1:2|50th|#1|v1.5|[link](https://example.org/85.2)|85.2 %  ± 1|**|__|*85.2|_85.2_|\\*85.2|85.2\\%|\t85.2"
).split("|")
FORMS: Sequence[Callable[[str, str], str]] = (
    lambda n, _: f"**{n}**",
    lambda n, _: f"*{n}*",
    lambda n, _: f"<u>{n}</u>",
    lambda n, _: f"**{n}**<br>",
    lambda n, m: f"{n} ± {m[-1]}.{m[-1]}",
    lambda n, _: f"{n}%",
    lambda n, m: f"{n} / {m}",
    lambda n, m: f"{n}/{m}",
    lambda n, m: f"{n} ({m})",
    lambda n, _: f"{n}*",
    lambda n, _: f"[{n}](https://example.org)",
    lambda n, _: n.replace(".", ","),
    lambda n, _: f"~{n}",
    lambda n, m: f"{n}<br>{m}",
    lambda n, m: f"{m} → {n}",
    lambda n, m: f"**{n}** {m}",
)
LABEL_FORMS = (
    "**{}**",
    "[{}](https://example.org/{})",
    "`{}`",
    "{}<sup>1</sup>",
    "{}<br>",
    "*{}*",
    "{}[^1]",
    "🔥 {}",
    "<b>{}</b>",
    "{} †",
    " {}  ",
    "{}\u200b",
)


@dataclass(frozen=True, slots=True)
class GeneratedCard:
    text: str
    tables: int
    cuts: tuple[int, ...]
    """Offsets where a block of the text ends that nothing below can continue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    text: str
    tables: int = 0
    ends: bool = False
    """Whether it is a table that is over where it ends."""
    sound: bool = True
    """Whether it leaves nothing open that goes on below: a table, a quote, a comment."""


def generated_card(chance: Chance, *, blocks: int = 8, rows: int = 6) -> GeneratedCard:
    """Blocks of a README, with a blank line between most of them."""
    end = chance.choice(("\n", "\n", "\n", "\r\n", "\r"))
    text = chance.choice(("", "", "", f"---{end}license: mit{end}---{end}", "\ufeff"))
    cuts, tables, sound = [], 0, True
    for _ in range(chance.randint(1, blocks)):
        block = _block(chance, rows)
        tables += block.tables
        text += block.text.replace("\n", end) + end
        sound = sound and block.sound and block.text.count("<!--") == block.text.count("-->")
        if block.ends and sound:
            cuts.append(len(text))
        text += end if block.ends or chance.random() < 0.8 else ""
    return GeneratedCard(text=text, tables=tables, cuts=tuple(cuts))


def _block(chance: Chance, rows: int) -> _Block:
    drawn = chance.random()
    if drawn < 0.55:
        return _Block(text=_markdown(chance, _grid(chance, rows)), tables=1, ends=True)
    if drawn < 0.75:
        return _html(chance, _grid(chance, rows))
    if drawn < 0.85:
        return _Block(text="#" * chance.randint(1, 4) + " " + chance.choice(TITLES))
    if drawn < 0.95:
        return _Block(text=chance.choice(PROSE))
    opening = chance.choice(("```\n", "<!--\n", "<details>\n", "<div>\n\n", "$$\n"))
    closing = {"```\n": "\n```", "<!--\n": "\n-->", "<details>\n": "\n</details>", "<div>\n\n": "\n\n</div>"}
    return _Block(text=opening + _markdown(chance, _grid(chance, 3)) + closing.get(opening, "\n$$"), tables=1)


def _grid(chance: Chance, most: int) -> list[list[str]]:
    """Labels and cells: models beside benchmarks in both directions, columns of measures, or no order at all."""
    width, height = chance.randint(1, 5), chance.randint(0, most)
    across, down = chance.choice(
        ((MODELS, BENCHMARKS), (BENCHMARKS, MODELS), (METRICS, BENCHMARKS), (METRICS, MODELS), (SECTIONS, MODELS))
    )
    hostility = chance.choice((0.0, 0.1, 0.4))
    grid = [[chance.choice(CORNERS), *(_label(chance, across) for _ in range(width))]]
    for _ in range(height):
        row = _row(chance, down, width, hostility)
        grid.append(
            [*row, "extra 9"]
            if chance.random() < 0.03
            else row[: chance.randint(0, width)]
            if chance.random() < 0.05
            else row
        )
    if chance.random() < 0.25:
        _add_column(chance, grid)
    return grid


def _row(chance: Chance, down: Sequence[str], width: int, hostility: float) -> list[str]:
    drawn = chance.random()
    if drawn < 0.04:
        return [chance.choice(SECTIONS), *([""] * width)]
    if drawn < 0.08:
        return ["", *(chance.choice((*METRICS, "5-shot", "0-shot", "")) for _ in range(width))]
    if drawn < 0.11:
        return [_label(chance, QUANTITIES), *(_cell(chance, hostility) for _ in range(width))]
    return [_label(chance, down), *(_cell(chance, hostility) for _ in range(width))]


def _add_column(chance: Chance, grid: list[list[str]]) -> None:
    """A column of groups, shots, metrics or quantities, somewhere."""
    place = chance.randint(0, 2)
    head, cells = chance.choice(
        (
            ("Category", SECTIONS),
            ("Metric", METRICS),
            ("# Shots", ("5", "0", "8-shot")),
            ("", ("70B", "")),
            (chance.choice(QUANTITIES), ("7", "13", "128000")),
            ("", ("", "")),
        )
    )
    for number, row in enumerate(grid):
        row.insert(place, chance.choice(cells) if number else head)


def _label(chance: Chance, words: Sequence[str]) -> str:
    drawn = chance.random()
    if drawn < 0.03:
        return ""
    if drawn > 0.93:
        return chance.choice((*MODELS, *BENCHMARKS, *QUANTITIES, *HOSTILE))
    form = chance.choice(LABEL_FORMS) if chance.random() < 0.15 else "{}"
    return form.replace("{}", chance.choice(words))


def _cell(chance: Chance, hostility: float) -> str:
    if chance.random() < hostility:
        return chance.choice(HOSTILE)
    number, other = _number(chance), _number(chance)
    return chance.choice(FORMS)(number, other) if chance.random() < 0.2 else number


def _number(chance: Chance) -> str:
    """Every number of a text differs from most others, so that a value from a wrong cell is seen."""
    digits = chance.randint(0, 9_999)
    return chance.choice(
        (f"{digits // 100}.{digits % 100:02}", f"{digits // 100}.{digits % 10}", f"0.{digits:04}", str(digits // 100))
    )


def _markdown(chance: Chance, grid: list[list[str]]) -> str:
    """A GFM table: with or without outer pipes, aligned or not, alone, quoted or in a list."""
    outer = chance.random() < 0.85
    space = chance.choice((" ", " ", "", "  "))
    marks = [chance.choice(("---", ":--", "--:", ":-:", "-")) for _ in grid[0]]
    if chance.random() < 0.02:
        marks = marks[1:] or ["--x"]
    escaped = [[cell.replace("\\|", "|").replace("|", "\\|") for cell in row] for row in grid]
    lines = [f"{space}|{space}".join(row) for row in (escaped[0], marks, *escaped[1:])]
    lines = [f"|{space}{line}{space}|" for line in lines] if outer else lines
    if chance.random() < 0.03:
        lines.insert(chance.randint(0, len(lines)), "a line of text")
    first, rest = chance.choice(
        (("", ""),) * 8 + (("> ", "> "), ("- ", "  "), ("1. > ", "   > "), ("  ", ""), ("    ", "    "))
    )
    return "\n".join((rest if number else first) + line for number, line in enumerate(lines))


def _html(chance: Chance, grid: list[list[str]]) -> _Block:
    """An HTML table, now and then with spans, without end tags, nested or broken."""
    broken = chance.random() < 0.15
    tidy = chance.choice(("\n", "\n  ", ""))
    head, *body = [
        _html_row(chance, row, "th" if not number else "td", broken=broken) for number, row in enumerate(grid)
    ]
    parts = [head, *body]
    if chance.random() < 0.4:
        parts = ["<thead>", head, "</thead>", "<tbody>", *body, "</tbody>"]
    if chance.random() < 0.2:
        parts.insert(
            0, chance.choice(("<caption>EM/F1 of Finch-7B</caption>", "<!-- 85.2 -->", "<colgroup><col></colgroup>"))
        )
    opening = chance.choice(
        (
            "<table>",
            "<table>",
            '<table border="1" align=center>',
            "<TABLE class='x>y'>",
            "<div><table>",
            "<center>\n<table>",
        )
    )
    closing = (
        "</table>"
        if not broken
        else chance.choice(("", "</tabel>", "</table", "</div></table>", '<td title="', "<!--"))
    )
    return _Block(text=tidy.join((opening, *parts, closing)), tables=1, ends=not broken, sound=not broken)


def _html_row(chance: Chance, row: Sequence[str], tag: str, *, broken: bool) -> str:
    cells = "".join(_html_cell(chance, cell, tag, broken=broken) for cell in row)
    return f"<tr>{cells}" + ("" if chance.random() < (0.5 if broken else 0.05) else "</tr>")


def _html_cell(chance: Chance, cell: str, tag: str, *, broken: bool) -> str:
    attributes, close = "", f"</{tag}>"
    drawn = chance.random()
    if drawn < 0.08:
        name = chance.choice(("rowspan", "colspan"))
        attributes = f' {name}="{chance.choice(("2", "2", "3", "0", "-1", "99999", "x"))}"'
    elif drawn < 0.12:
        attributes = chance.choice(
            (
                ' style="color: red"',
                " title='85.2 > 3'",
                ' data-x="&quot;9"',
                " hidden",
                ' title="'[: 9 if broken else 1],
            )
        )
    if drawn > (0.7 if broken else 0.97):
        close = chance.choice(("", "", f"</{tag}", "<td>"))
    if drawn > 0.995:
        cell += "<table><tr><td>85.2</td></tr></table>"
    return f"<{tag}{attributes}>{cell}{close}"
