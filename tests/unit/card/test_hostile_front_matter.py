"""Front matter that is meant to hurt, or hurts by accident: it is edited to the byte, or refused with the reason.

The numbers are those of the project's list of bad inputs. Each card goes through the command line as a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evalbot.card.document import MAX_CARD_BYTES
from evalbot.card.yaml_reader import MAX_DEPTH
from tests.unit.card.card_file import TABLE, apply_to, before_and_after
from tests.unit.card.untouched import is_insertion, keeps_every_line

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _in_the_cards_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a tag might make would be made there, where every run looks for it."""
    monkeypatch.chdir(tmp_path)


def bomb(levels: int) -> str:
    """Lists of ten aliases each of the list before: ten to the power of `levels` values."""
    return "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, levels + 1))


def card(front_matter: str, body: str = TABLE) -> str:
    return f"---\n{front_matter}---\n{body}"


OTHER = "- name: Other-1B\n  results:\n  - task: {type: text-generation}\n    metrics: [{type: mmlu, value: 1}]\n"
OURS = """\
- name: demo 7b   # as the trainer wrote it
  results:
  - task: {type: text-generation}
    dataset: {type: benchmark, name: "Benchmarks"}   # keep
    metrics:
    - {type: wer, value: 1_0, verified: true, verifyToken: eyJ.a-b_c}
"""

EDITED = {
    "28 an alias bomb too small to hurt, outside": card(bomb(3) + "«+index»\n"),
    "28 aliases of one list in another model's entry": card(
        "model-index:\n- name: Z\n  results:\n  - task: &t {type: a}\n    metrics: &m [{type: b, value: 1}]\n"
        "  - task: *t\n    metrics: *m\n«+entry»\n"
    ),
    "29 nesting just below the limit, outside": card(
        f"deep: {'[' * (MAX_DEPTH - 2)}{']' * (MAX_DEPTH - 2)}\n«+index»\n"
    ),
    "30 a Python tag, outside": card("evil: !!python/object/apply:os.mkdir [made-by-yaml]\n«+index»\n"),
    "30 unknown tags, outside": card("a: !mine [1]\nb: !<tag:example.org,2000:x> {k: v}\n«+index»\n"),
    "32 null": card("model-index:«- null»\n«+entry 2»\nlicense: mit\n"),
    "32 nothing": card("license: mit\nmodel-index:\n«+entry 2»\n"),
    "32 a tilde and a comment": card("model-index:«- ~» # none yet\n«+entry 2»\nlicense: mit\n"),
    "32 an empty list": card("model-index:«- []»\n«+entry 2»\nlicense: mit\n"),
    "33 a result without dataset": card(
        "model-index:\n- name: Demo-7B\n  results:\n  - task: {type: text-generation}\n"
        "    metrics: [{type: wer, value: 1}]\n«+result 2»\n"
    ),
    "33 an entry without results": card("model-index:\n- name: demo_7b\n  results:«- null»\n«+result 4»\n"),
    "34 two models, ours the second": card(
        f"model-index:\n{OTHER}- name: Demo-7B\n  results:\n  - task: {{type: automatic-speech-recognition}}\n"
        "    dataset: {name: C, type: c}\n    metrics: [{type: wer, value: 1}]\n«+result 2»\n"
    ),
    "34 two models, ours the first": card(
        "model-index:\n- name: Demo-7B\n  results:\n    - task: {type: automatic-speech-recognition}\n"
        f"      dataset: {{name: C, type: c}}\n      metrics: [{{type: wer, value: 1}}]\n«+result 4»\n{OTHER}"
    ),
    "34 two models, neither ours": card(f"model-index:\n{OTHER}{OTHER.replace('Other', 'Demo 7B base')}«+entry»\n"),
    "34 our name on two entries": card(
        f"model-index:\n- name: Demo-7B\n  results:«- []»\n«+result 4»\n{OTHER}- name: demo-7b\n  results: []\n"
    ),
    "35 the same dataset twice with other args": card(
        "model-index:\n- name: Demo-7B\n  results:\n"
        "  - {task: {type: text-generation}, dataset: {name: Benchmarks, type: benchmark, args: {num_few_shot: 5}},"
        " metrics: [{type: f1, value: 1}]}\n"
        "  - {task: {type: text-generation}, dataset: {name: Benchmarks, type: benchmark, args: en},"
        " metrics: [{type: f1, value: 2}]}\n«+result 2»\n"
    ),
    "35 the same dataset twice with other sources": card(
        "model-index:\n- name: Demo-7B\n  results:\n"
        "  - {task: {type: text-generation}, dataset: {name: Benchmarks, type: benchmark},"
        " metrics: [{type: f1, value: 1}], source: {name: One, url: 'https://one.example'}}\n"
        "  - {task: {type: text-generation}, dataset: {name: Benchmarks, type: benchmark},"
        " metrics: [{type: f1, value: 2}], source: {name: Two, url: 'https://two.example'}}\n«+result 2»\n"
    ),
    "36 scalars that two YAMLs read in two ways": card(
        "language: no\nversion: 1.10\ndate: 2024-01-01\nat: 12:30\nmode: 0755\nnumber: 0123456\nratio: 1_000\n"
        "answer: [yes, on, off, y, n, ~, Null]\ne: 1e3\nhex: 0x1F\ninf: .inf\n«+index»\n"
    ),
    "36 keys that two YAMLs read in two ways": card("no: a\non: b\n~: c\n1.10: d\n2024-01-01: e\n? f\n: g\n«+index»\n"),
    "37 tabs where they may stand": card("license:\tmit\ntags: [\ta,\tb ]\t# c\n«+index»\n"),
    "38 a byte-order mark": "\ufeff" + card("license: mit\n«+index»\n"),
    "38 a byte-order mark, no front matter": "\ufeff«+front»\n# T\n",
    "38 Windows line ends": card("license: mit\nmodel-index:\n- name: Z\n  results: []\n«+entry»\n").replace(
        "\n", "\r\n"
    ),
    "38 mixed line ends": (
        "---\nlicense: mit\r\nmodel-index:\r\n- name: Z\n  results: []\r\n«+entry»\ntags: []\r\n---\r\n"
    ),
    "38 spaces after the closing marker": f"---\nlicense: mit\n«+index»\n---  \t\n{TABLE}",
    "38 the end of the document marked": card("license: mit\n«+index»\n...\n"),
    "38 a blank line above the closing marker": card("license: mit\n«+index»\n\n"),
    "38 blank lines above": f"\n  \n---\nlicense: mit\n«+index»\n---\n{TABLE}",
    "39 a rule in the body": card("license: mit\n«+index»\n", f"# T\n\n---\n\nmodel-index: no\n\n---\n{TABLE}"),
    "39 a rule in text of the front matter": card("about: |\n  one\n  ---\n  two\nquoted: 'a\n  --- b'\n«+index»\n"),
    "39 a second front matter": card("license: mit\n«+index»\n", f"---\nmodel-index: []\n---\n{TABLE}"),
    "40 comments and anchors": card(
        "# head\nlicense: &l mit   # why\n\n# about tags\ntags: &tags\n- a # one\n# between\n- *l\n«+index»\n\n# end\n"
    ),
    "40 comments and anchors inside": card(
        f"base: &base {{type: a}}\n# above\nmodel-index: # these\n# first\n{OTHER}# between\n- name: Z # last\n"
        "  results:\n  - task: *base # aliased\n    # metrics\n    metrics: [] # none\n«+entry»\n# below\ntags: [x]\n"
    ),
    "42 verified metrics of our model": card(f"model-index:\n{OURS}«+metrics 4»\n# tail\n"),
    "42 verified metrics of another model": card(f"model-index:\n{OURS.replace('demo 7b', 'Other')}«+entry»\n"),
}


@pytest.mark.parametrize("marked", EDITED.values(), ids=EDITED.keys())
def test_hostile__what_can_be_edited__is_edited_to_the_byte_and_once(
    marked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = marked if "| MMLU" in marked.replace("\r", "") else marked + TABLE
    before, after = before_and_after(body)
    assert before != after
    done = apply_to(before, tmp_path, capsys)
    assert (done.code, done.card) == (0, after), done.said
    again = apply_to(after, tmp_path, capsys)
    assert (again.code, again.card, "Up to date" in again.said) == (0, after, True)


def test_hostile__38_another_line_end_above_the_closing_marker__stays_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = f"---\nlicense: mit\r\n---\n{TABLE}".encode()
    done = apply_to(before, tmp_path, capsys)
    assert is_insertion(before, done.card)
    assert keeps_every_line(before, done.card)
    assert b"\nmodel-index:\n" in done.card


def index(results: str) -> str:
    return card(f"model-index:\n- name: Other-1B\n  results: {results}\n")


def value(text: str) -> str:
    return index(f"[{{task: {{type: t}}, metrics: [{{type: wer, value: {text}}}]}}]")


REFUSED = {
    "28 an alias bomb outside": (card(bomb(6)), "aliases expanded"),
    "28 an alias bomb inside": (card(bomb(5) + "model-index: [*a5, *a5, *a5]\n"), "aliases expanded"),
    "28 an alias bomb of keys": (
        card(
            "".join(
                f"a{i}: &a{i} {{x: {f'*a{i - 1}' if i else 1}, y: {f'*a{i - 1}' if i else 2}}}\n" for i in range(25)
            )
        ),
        "aliases expanded",
    ),
    "28 a list in itself": (card("model-index: &m [*m]\n"), "refers to itself"),
    "29 2,000 lists outside": (card(f"deep: {'[' * 2000}{']' * 2000}\n"), "levels deep"),
    "29 2,000 lists inside": (card(f"model-index: {'[' * 2000}{']' * 2000}\n"), "levels deep"),
    "29 2,000 lists in block style": (card("deep:\n" + "- " * 2000 + "x\n"), "levels deep"),
    "29 2,000 mappings": (card(f"deep: {'{a: ' * 2000}1{'}' * 2000}\n"), "levels deep"),
    "29 2,000 lists never closed": (card(f"deep: {'[' * 2000}\n"), "levels deep"),
    "30 a Python tag inside": (value("!!python/object/apply:os.mkdir [made-by-yaml]"), "not plain data"),
    "30 a tag of nobody's inside": (value("!mine x"), "not plain data"),
    "31 two indexes": (card("model-index: []\nlicense: mit\nmodel-index: []\n"), "stands twice"),
    "31 two indexes, one in quotes": (card('model-index: []\n"model-index": []\n'), "stands twice"),
    "31 two indexes, one as a complex key": (card("? model-index\n: []\nmodel-index: []\n"), "stands twice"),
    "31 a key twice inside": (index("[{task: {type: t}, metrics: [], metrics: []}]"), "stands twice"),
    "31 a key twice outside": (card("tags: a\ntags: b\n"), '"tags" stands more than once'),
    "32 a mapping": (card("model-index: {name: a, results: []}\n"), "not a list of models"),
    "32 a mapping in block style": (card("model-index:\n  name: a\n  results: []\n"), "not a list of models"),
    "32 a string": (card("model-index: to be done\n"), "not a list of models"),
    "32 an empty string": (card("model-index: ''\n"), "not a list of models"),
    "32 false": (card("model-index: false\n"), "not a list of models"),
    "32 a list of strings": (card("model-index: [a, b]\n"), "model-index[0]"),
    "32 a list of null": (card("model-index:\n-\n"), "model-index[0]"),
    "33 a result without task": (index("[{dataset: {name: C, type: c}, metrics: []}]"), 'results[0].task" is required'),
    "33 a result without metrics": (index("[{task: {type: t}}]"), 'results[0].metrics" is required'),
    "33 a dataset without type": (
        index("[{task: {type: t}, dataset: {name: a}, metrics: []}]"),
        'dataset.type" is required',
    ),
    "33 a result of nothing": (index("[~]"), "must be an object"),
    "37 a tab for indentation": (card("tags:\n\t- a\n"), "not valid YAML"),
    "37 a tab for indentation inside": (card("model-index:\n- name: a\n\tresults: []\n"), "not valid YAML"),
    "38 no end": ("---\nlicense: mit\n", "begins with ---"),
    "38 the document's end for the marker": ("---\nlicense: mit\n...\n", "begins with ---"),
    "38 spaces after the opening marker": ("---  \nlicense: mit\n---\n", "begins with ---"),
    "38 a byte-order mark and no end": ("\ufeff---\nlicense: mit\n", "begins with ---"),
    "38 old Mac line ends": ("---\rlicense: mit\r---\r", "begins with ---"),
    "38 two documents": ("---\nlicense: mit\n--- # more\ntags: []\n---\n", "not valid YAML"),
    "39 a rule that opens front matter": ("---\n\nSome words.\n\n---\n", "not a mapping"),
    "40 an anchor on the list to grow": (card("model-index: &i\n- name: Z\n  results: []\n"), "an anchor or a tag"),
    "40 an index that is an alias": (card("a: &a [{name: Z, results: []}]\nmodel-index: *a\n"), "model-index"),
    "40 a merge key inside": (
        card("d: &d {type: t}\nmodel-index: [{name: Z, results: [{task: {<<: *d}}]}]\n"),
        "merge key",
    ),
}


@pytest.mark.parametrize(("before", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_hostile__what_cannot_be_edited_safely__is_refused_with_the_reason(
    before: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = before if TABLE in before else before + TABLE
    done = apply_to(whole.encode(), tmp_path, capsys)
    assert (done.code, says in done.said) == (10, True), done.said
    assert len(done.said.splitlines()) >= 2, "what to do about it is not said"


CONFLICTS = {
    "42 another value, verified": "value: 80.1, verified: true, verifyToken: eyJ.a-b_c",
    "42 another value, not verified": "value: 80.1, verified: false",
    "36 a value that two YAMLs read in two ways": "value: 8_5.20",
}


@pytest.mark.parametrize("published", CONFLICTS.values(), ids=CONFLICTS.keys())
def test_hostile__another_value__is_a_conflict_that_writes_nothing(
    published: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = f"    - {{name: MMLU, type: mmlu, {published}}}\n"
    done = apply_to(card(f"model-index:\n{OURS}{metrics}").encode(), tmp_path, capsys)
    assert (done.code, "(model-index) → 85.20 (table)" in done.said) == (6, True), done.said


def test_hostile__42_the_same_values_verified__are_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = "".join(
        f"    - {{name: {name}, type: x, value: {number}, verified: true, verifyToken: t}}\n"
        for name, number in (("MMLU", "85.2"), ("GSM8K", "50.50"))
    )
    before = card(f"model-index:\n{OURS}{same}").encode()
    done = apply_to(before, tmp_path, capsys)
    assert (done.code, done.card, "Up to date" in done.said) == (0, before, True)


@pytest.mark.parametrize(
    "line", ["# no comment of use\n", "key: value\n", "- [a, b]\n", "[" * 99 + "\n", "\u2028" * 30 + "\n"]
)
@pytest.mark.parametrize("end", ["---\n" + TABLE, ""], ids=["closed", "without end"])
def test_hostile__41_50_mb_of_front_matter__are_refused_unread(
    line: str, end: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalbot.card.document.split", None)  # whoever looks into it fails
    before = b"---\n" + line.encode() * (50_000_000 // len(line.encode())) + end.encode()
    done = apply_to(before, tmp_path, capsys)
    assert (done.code, "too large" in done.said) == (10, True), done.said


def test_hostile__41_a_megabyte_of_front_matter__is_edited_to_the_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tags = "tags:\n" + "- a tag of no use to anybody  # kept\n" * 30_000
    before, after = before_and_after(card(f"{tags}«+index»\n"))
    assert MAX_CARD_BYTES / 2 < len(before) < MAX_CARD_BYTES
    assert apply_to(before, tmp_path, capsys).card == after
