"""The small parts by tables: plain text, numbers, labels, roles, names, lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from evalbot.readme.labels import joint_names, parse_label, prose_names
from evalbot.readme.names import closest_first, same_model
from evalbot.readme.numbers import CommaHabit, comma_habit, read
from evalbot.readme.plain import plain
from evalbot.readme.roles import Kind, role_of
from evalbot.readme.tables import find_tables
from evalbot.readme.wording import is_average, is_metric


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("**85.2**", "85.2"),
        ("[a *b*](https://example.org/x_(y))", "a b"),
        ("[a][ref]", "a"),
        ("![badge](https://example.org/1.png) a", "a"),
        ("open_llama_7b", "open_llama_7b"),
        ("8 * A100", "8 * A100"),
        ("3*4 3**4", "3*4 3**4"),
        ("**7**B", "7B"),
        ("<br/>a<br>b", "a b"),
        ("Finch<sub>full</sub>", "Finch full"),
        ("85<sub>0.3</sub>", "85 (0.3)"),
        ("Finch<sup>+</sup>", "Finch+"),
        ("<sup>1</sup>85.2", "1 85.2"),
        ("a&nbsp;b &amp; c", "a b & c"),
        ("x[^1] y[2]", "x y"),
        ("[16, 8]", "[16, 8]"),
        ("<!-- hidden 99 -->a", "a"),
        ("a\u202eb\u200dc\x07", "abc"),
        ("Finch†", "Finch"),
        ("*Note", "Note"),
        ("$0.15", "$0.15"),
        ("\\# Samples", "# Samples"),
        ("<1", "<1"),
        ("*", ""),
    ],
)
def test_plain(raw: str, text: str) -> None:
    assert plain(raw) == text


@pytest.mark.parametrize(
    ("texts", "habit"),
    [
        (["85,2", "1,234"], "decimal"),
        (["0,983"], "decimal"),
        (["1,234,567"], "thousands"),
        (["85.2", "1,234"], "thousands"),
        (["1,234"], "unknown"),
        (["61,37", "38.03"], "unknown"),
        (["Finch, 1,5 kg"], "unknown"),
    ],
)
def test_comma_habit(texts: list[str], habit: CommaHabit) -> None:
    assert comma_habit(texts) == habit


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("85.2", ["85.2"]),
        (".883", ["0.883"]),
        ("\u22120.5", ["-0.5"]),
        ("85.20", ["85.20"]),
        ("12,345.5", ["12345.5"]),
        ("68.5 (67.6) / 88.4 (87.9)", ["68.5", "88.4"]),
        ("46.39/22.12/38.41", ["46.39", "22.12", "38.41"]),
        ("4.16 +/- 0.18", ["4.16"]),
        ("88.85 (?)", ["88.85"]),
        ("99 % ± 1 %", ["99"]),
        ("1.2.3", []),
        ("85-90", []),
        ("+4/-5", []),
        ("80 (12 ms)", []),
        ("85.2 86.1", []),
        ("1e400", []),
        ("True", []),
    ],
)
def test_read(text: str, values: list[str]) -> None:
    assert [str(number.value) for number in read(text).numbers if number] == values


def test_read__keeps_the_printed_digits() -> None:
    (number,) = read("85.200").numbers
    assert number is not None
    assert number.value == Decimal("85.200")
    assert format(number.value, "f") == "85.200"


@pytest.mark.parametrize(
    ("label", "benchmark", "metric", "shots", "subset"),
    [
        ("MMLU (5-shot)", "MMLU", None, 5, None),
        ("DROP (3-shot F1)", "DROP", "F1", 3, None),
        ("Finch (8-shot, CoT)", "Finch", None, 8, "CoT"),
        ("HumanEval Pass@1", "HumanEval", "Pass@1", None, None),
        ("arc_easy/acc_norm", "arc_easy", "acc_norm", None, None),
        ("Finch (val)", "Finch (val)", None, None, None),
        ("HumanEval+", "HumanEval+", None, None, None),
        ("F1", "F1", "F1", None, None),
    ],
)
def test_parse_label(label: str, benchmark: str, metric: str | None, shots: int | None, subset: str | None) -> None:
    parsed = parse_label(label)
    assert parsed.text == label
    assert (parsed.metric, parsed.shots) == (metric, shots)
    assert parsed.benchmark in {benchmark, benchmark.partition(" (")[0]}
    assert parsed.subset in {subset, "val"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Finch (EM/F1)", ("EM", "F1")),
        ("ROUGE-1 / ROUGE-2 / ROUGE-L", ("ROUGE-1", "ROUGE-2", "ROUGE-L")),
        ("Finch-m/mm", ("m", "mm")),
        ("Finch n=0 n=5", ("n=0", "n=5")),
        ("org/data.set", ()),
        ("Finch", ()),
    ],
)
def test_joint_names(text: str, names: tuple[str, ...]) -> None:
    assert joint_names(text) == names


def test_prose_names__only_one_compound_of_metrics() -> None:
    assert prose_names("Values are PSNR / SSIM.") == ("PSNR", "SSIM")
    assert prose_names("Values are PSNR/SSIM or EM/F1") == ()
    assert prose_names("train/dev") == ()


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("", Kind.EMPTY),
        ("Model", Kind.MODEL),
        ("Base Model", Kind.OTHER_MODEL),
        ("Model size", Kind.NOT_A_SCORE),
        ("Task/Metric", Kind.BENCHMARK),
        ("# Shots", Kind.SHOTS),
        ("5-shot", Kind.SHOTS),
        ("Metric", Kind.METRIC_COLUMN),
        ("Best Test Score", Kind.SCORE),
        ("box mAP", Kind.METRIC),
        ("Average WER", Kind.AVERAGE),
        ("bf16 / fp16", Kind.PRECISION),
        ("Precision", Kind.METRIC),
        ("Params / M", Kind.NOT_A_SCORE),
        ("7B Params", Kind.UNKNOWN),
        ("Latency (ms)", Kind.NOT_A_SCORE),
        ("Training Loss", Kind.NOT_A_SCORE),
        ("Mean Length", Kind.NOT_A_SCORE),
        ("\u2206", Kind.NOT_A_SCORE),
        ("$ / 1M tokens", Kind.NOT_A_SCORE),
        ("H100", Kind.NOT_A_SCORE),
        ("batch=8", Kind.NOT_A_SCORE),
        ("docs / sec", Kind.NOT_A_SCORE),
        ("Finch 128 length", Kind.UNKNOWN),
        ("date_understanding", Kind.UNKNOWN),
        ("Natural Questions", Kind.UNKNOWN),
        ("NumPy", Kind.UNKNOWN),
        ("SEED", Kind.UNKNOWN),
        ("Seed", Kind.NOT_A_SCORE),
        ("DROP", Kind.UNKNOWN),
        ("stderr", Kind.STDERR),
        ("\u663e\u5b58 (GB)", Kind.NOT_A_SCORE),
        ("\u6a21\u578b", Kind.MODEL),
    ],
)
def test_role_of(label: str, kind: Kind) -> None:
    assert role_of(label).kind is kind


def test_is_metric__is_the_whole_label() -> None:
    assert is_metric("pass@1")
    assert not is_metric("HumanEval pass@1")


def test_is_average__not_of_something_named() -> None:
    assert is_average("Mean (Task)")
    assert not is_average("Avg. Perf. on 38 sets of images")


@pytest.mark.parametrize(
    ("label", "wanted", "same"),
    [
        ("**Olmo 3 32B**", "OLMo-3-32B", True),
        ("[Olmo-3-32B](https://example.org)", "olmo_3_32b", True),
        ("32B Olmo 3", "Olmo 3 32B", True),
        ("Olmo 3 32B<sup>1</sup>", "Olmo-3-32B", True),
        ("Olmo 3 32B Think", "Olmo-3-32B", False),
        ("Olmo 3 3 32B", "Olmo-3-32B", False),
        ("Olmo 3 32B (ours)", "Olmo-3-32B", False),
        ("\u041elmo 3 32B", "Olmo-3-32B", False),
        ("", "", False),
        ("**", "", False),
    ],
)
def test_same_model(label: str, wanted: str, same: bool) -> None:
    assert same_model(label, wanted) is same


def test_closest_first__orders_and_never_drops_the_rest() -> None:
    assert closest_first(["Zebra", "Mine-7B-Chat", "Heron"], "Mine-7B")[0] == "Mine-7B-Chat"
    assert len(closest_first(["Zebra", "Mine-7B-Chat", "Heron"], "Mine-7B")) == 3


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines__count_over_front_matter_in_every_line_end(end: str) -> None:
    readme = end.join(["---", "license: mit", "---", "# Title", "", "| a | b |", "|---|---|", "| x | 1 |", ""])
    (table,) = find_tables(readme)
    assert (table.heading, table.line, table.rows[1][1].line) == ("Title", 6, 8)


def test_lines__count_after_a_byte_order_mark() -> None:
    (table,) = find_tables("\ufeff---\na: b\n---\n| a | b |\n|---|---|\n| x | 1 |\n")
    assert table.rows[1][0].line == 6


def test_tables__are_rectangular_and_keep_escaped_pipes_as_printed() -> None:
    (table,) = find_tables("| a | b |\n|---|---|\n| x\\|y | 1 | 2 |\n| z |\n")
    assert [len(row) for row in table.rows] == [2, 2, 2]
    assert table.rows[1][0].raw == "x\\|y"
    assert table.rows[1][0].text == "x|y"
