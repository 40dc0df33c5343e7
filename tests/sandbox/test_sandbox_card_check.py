"""What the sandbox says about cards: the Hub's sentences, the Hub's YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st

from evalbot.sandbox.card_check import NO_METADATA, check
from evalbot.sandbox.card_yaml import CardYamlError, parse

if TYPE_CHECKING:
    from tests.sandbox.conftest import Raw

GOOD: dict[str, Any] = {
    "name": "Tiny",
    "results": [
        {
            "task": {"type": "text-generation", "name": "Text Generation"},
            "dataset": {"type": "mmlu", "name": "MMLU", "config": "all", "args": {"num_few_shot": 5}},
            "metrics": [{"type": "acc", "value": 71.5, "args": {"anything": [1]}, "verified": False}],
            "source": {"url": "https://example.com", "name": "Tiny"},
        }
    ],
}
RESULT = '"model-index[0].results[0]'


def _card(metadata: object) -> str:
    return f"---\n{json.dumps(metadata)}\n---\n# Tiny\n"


def _changed(path: str, value: Any) -> dict[str, Any]:
    """GOOD with the value at `results/0/dataset/name` changed, or taken out where it is Ellipsis."""
    changed: dict[str, Any] = {"model-index": [json.loads(json.dumps(GOOD))]}
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = changed["model-index"][0]
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return changed


def test_check__accepts_a_full_model_index_and_unknown_keys() -> None:
    assert check(_card({"model-index": [GOOD], "some": {"thing": "else"}})).errors == []
    assert check(_card(_changed("results/0/dataset", ...))).errors == []
    assert check(_card(_changed("results", []))).errors == []
    assert check(_card(_changed("results/0/metrics/0/value", None))).errors == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("name", ..., '"model-index[0].name" is required'),
        ("results", ..., '"model-index[0].results" is required'),
        ("results", "x", '"model-index[0].results" must be an array'),
        ("results/0", "x", f'{RESULT}" must be of type object'),
        ("results/0/task", ..., f'{RESULT}.task" is required'),
        ("results/0/task/type", ..., f'{RESULT}.task.type" is required'),
        ("results/0/task/type", "", f'{RESULT}.task.type" is not allowed to be empty'),
        ("results/0/dataset/name", ..., f'{RESULT}.dataset.name" is required'),
        ("results/0/dataset/type", 3, f'{RESULT}.dataset.type" must be a string'),
        ("results/0/dataset/config", 5, f'{RESULT}.dataset.config" must be a string'),
        ("results/0/dataset/revision", 1.0, f'{RESULT}.dataset.revision" must be a string'),
        ("results/0/metrics", {}, f'{RESULT}.metrics" must be an array'),
        ("results/0/metrics/0/type", ..., f'{RESULT}.metrics[0].type" is required'),
        ("results/0/metrics/0/value", ..., f'{RESULT}.metrics[0].value" is required'),
        ("results/0/metrics/0/config", 1, f'{RESULT}.metrics[0].config" must be a string'),
        ("results/0/metrics/0/verified", "yes", f'{RESULT}.metrics[0].verified" must be a boolean'),
        ("results/0/metrics/0/args", 3, f'{RESULT}.metrics[0].args" must be one of [string, object, array]'),
        ("results/0/source/url", ..., f'{RESULT}.source.url" is required'),
    ],
)
def test_check__model_index(path: str, value: Any, sentence: str) -> None:
    assert check(_card(_changed(path, value))).errors == [sentence]


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        ("model-index: foo", '"model-index" must be an array'),
        ("model-index:", '"model-index" must be an array'),
        ("language: false", '"language" must be one of [string, array]'),
        ("language: [false]", '"language[0]" must be a string'),
        ("widget: x", '"widget" must be an array'),
        ("tags: {a: 1}", '"tags" must be an array'),
        ("- a\n- b", '"metadata" must be of type object'),
        ("just text", '"metadata" must be of type object'),
    ],
)
def test_check__other_fields(yaml: str, sentence: str) -> None:
    assert check(f"---\n{yaml}\n---\n").errors == [sentence]


def test_check__license_is_one_of_the_list() -> None:
    assert check("---\nlicense: [mit, apache-2.0]\n---\n").errors == []
    (error,) = check("---\nlicense: my-own\n---\n").errors
    assert error.startswith('"license" must be one of [apache-2.0, mit, ')
    (error,) = check("---\nlicense: [my-own]\n---\n").errors
    assert error.startswith('"license[0]" must be one of [')


def test_check__several_errors_are_all_named() -> None:
    index: list[Any] = [{"results": [{"task": {}, "metrics": [{}]}]}]
    assert check(_card({"model-index": index})).errors == [
        '"model-index[0].name" is required',
        '"model-index[0].results[0].metrics[0].type" is required',
        '"model-index[0].results[0].metrics[0].value" is required',
        '"model-index[0].results[0].task.type" is required',
    ]


@pytest.mark.parametrize("card", ["", "# Tiny\n", "text\n---\na: 1\n---\n", "---\n\n---\n", "---\n# only\n---\n"])
def test_check__no_metadata_is_a_warning(card: str) -> None:
    found = check(card)
    assert (found.errors, found.warnings) == ([], [NO_METADATA])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_check__byte_order_mark_and_line_ends(mark: str, end: str) -> None:
    card = f"{mark}---{end}model-index: 3{end}---{end}"
    assert check(card).errors == ['"model-index" must be an array']


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("false", False),
        ("~", None),
        ("", None),
        ("1.10", 1.1),
        ("'1.10'", "1.10"),
        ("1e-3", 0.001),
        ("1_000", "1_000"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        (".inf", None),
        ("-.INF", None),
        (".nan", None),
        ("1e999", None),
        ("!!str 5", "5"),
        ("!!float 5", 5.0),
        ("=", "="),
        ("<<", "<<"),
        ("|\n  two\n  lines", "two\nlines"),
        ("[a, {b: 1}]", ["a", {"b": 1}]),
    ],
)
def test_yaml__is_1_2(text: str, value: object) -> None:
    found = parse(f"key: {text}")["key"]
    assert (found, type(found)) == (value, type(value))


def test_yaml__keys_are_text() -> None:
    assert parse("1: a\ntrue: b\nnull: c") == {"1": "a", "true": "b", "null": "c"}


def test_yaml__aliases_are_written_out() -> None:
    assert parse("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "did not find expected node content at line 2"),
        ("a: 1\na: 2", "duplicated mapping key at line 2, column 1"),
        ("a: &x [*x]", "refers to itself"),
        ("a: *x", "undefined alias"),
        ("a: !!python/object:os.system x", "unknown tag"),
        ("a: !mine x", "unknown tag"),
        ("? [a]\n: b", "a key must be a scalar"),
        ("a: !!int x", "cannot read 'x' as int"),
        ("a: 1\n--- # two\nb: 2", "another document"),
        ("a: \x00", "unacceptable character"),
        ("[" * 200_000, "nested too deeply"),
        ("- " * 200_000 + "x", "nested too deeply"),
        ("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "\n".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{','.join('*' + chr(97 + n) for _ in range(10))}]" for n in range(9)
        ), "too large"),
    ],
)  # fmt: skip
def test_yaml__refused(text: str, says: str) -> None:
    with pytest.raises(CardYamlError, match=says):
        parse(text)
    assert check(f"---\n{text}\n---\n").errors[0].startswith("Invalid YAML: ")


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]))


@given(st.text())
def test_check__never_fails(text: str) -> None:
    for card in (text, f"---\n{text}\n---\n"):
        json.dumps(check(card).as_json())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PRINTABLE,
        lambda inner: st.lists(inner) | st.dictionaries(PRINTABLE, inner),
        max_leaves=8,
    )
)
def test_yaml__reads_json(value: object) -> None:
    assert parse(json.dumps(value, ensure_ascii=False)) == value


def test_validate_yaml__answers_json_on_every_status(raw: Raw) -> None:
    for content, status in (("---\nlicense: mit\n---\n", 200), ("# Bare\n", 200), ("---\nmodel-index: x\n---\n", 400)):
        answer = raw("POST", "/api/validate-yaml", json={"content": content, "repoType": "model"})
        assert answer.status_code == status
        assert answer.json().keys() == {"errors", "warnings"}
    assert raw("POST", "/api/validate-yaml", json={}).json()["errors"]


def test_validate_yaml__as_text(raw: Raw) -> None:
    card = "---\nlanguage: 3\nwidget: 3\n---\n"
    answer = raw("POST", "/api/validate-yaml", json={"content": card}, headers={"Accept": "text/plain"})
    assert answer.status_code == 400
    assert answer.text.splitlines() == [
        '- Error: "language" must be one of [string, array]',
        '- Error: "widget" must be an array',
    ]


def test_validate_yaml__is_what_the_real_card_class_writes(raw: Raw) -> None:
    card = ModelCard(_card({"model-index": [GOOD], "license": "mit"}))
    answer = raw("POST", "/api/validate-yaml", json={"content": str(card)})
    assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})
