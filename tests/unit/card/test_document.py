"""What is read as a card, and what is refused before anything recursive runs."""

from __future__ import annotations

import pytest
from huggingface_hub.repocard import REGEX_YAML_BLOCK

from evalbot.card.document import MAX_CARD_BYTES, decode_card, parse_card
from evalbot.card.yaml_reader import MAX_DEPTH, compose, construct
from evalbot.errors import InvalidCard
from evalbot.front_matter import split

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcde", "bcdef", strict=True)
)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\0\x1a", "binary"),
        ("# Hi".encode("utf-16"), "UTF-16"),
        (b"# ok\n\xff\xfa", "line 2"),
        (b"x" * (MAX_CARD_BYTES + 1), "bytes"),
    ],
)
def test_decode__what_is_no_card__is_refused_by_name(data: bytes, says: str) -> None:
    with pytest.raises(InvalidCard, match=says):
        decode_card(data)


def test_decode__byte_order_mark__is_kept() -> None:
    assert decode_card(b"\xef\xbb\xbf# Hi") == "\ufeff# Hi"


@pytest.mark.parametrize(
    ("card", "says"),
    [
        ("---\na: [\n---\n", "not valid YAML"),
        ("---\n\ta: b\n---\n", "not valid YAML"),
        ("---\na: 1\n", "begins with ---"),
        ("---  \na: 1\n---\n", "begins with ---"),
        ("---\n- a\n---\n", "not a mapping"),
        ("---\njust text\n---\n", "not a mapping"),
        ("---\nmodel-index: []\nmodel-index: []\n---\n", "stands twice"),
        ("---\nmodel-index:\n- name: a\n  name: b\n---\n", "stands twice"),
        (f"---\na: {'[' * 2000}\n---\n", "levels deep"),
        (f"---\n{BOMB}model-index: [*e, *e]\n---\n", "aliases expanded"),
        ("---\na: &a [*a]\n---\n", "refers to itself"),
        ("---\na: *b\n---\n", "undefined alias"),
        ("---\na: &a {model-index: []}\n<<: *a\n---\n", "merge key"),
        ("---\nd: &d {type: t}\nmodel-index: [{name: a, results: [{dataset: {<<: *d}}]}]\n---\n", "merge key"),
        ("---\na: b # c\x85model-index: []\n---\n", "U\\+0085"),
        ("---\na: b\u2028c\n---\n", "U\\+2028"),
    ],
)
def test_parse__what_cannot_be_edited_safely__is_refused(card: str, says: str) -> None:
    with pytest.raises(InvalidCard, match=says):
        parse_card(card)


def test_parse__duplicate_keys_elsewhere__are_not_ours_to_judge() -> None:
    assert parse_card("---\ntags: a\ntags: b\n---\n").root is not None


def test_compose__nesting_up_to_the_limit__is_read() -> None:
    assert compose("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)) is not None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("1.10", 1.1),
        ("1e-3", 0.001),
        ("012", 12),
        ("0o17", 15),
        ("0x1F", 31),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"),
        ("~", None),
        ("'5'", "5"),
        ("<<", "<<"),
        ("-.inf", float("-inf")),
    ],
)
def test_construct__plain_scalars__follow_yaml_1_2_as_the_hub_does(text: str, value: object) -> None:
    node = compose(text)
    assert node is not None
    assert construct(node) == value


def test_construct__python_tags__are_no_data() -> None:
    node = compose("!!python/object/apply:os.system [echo]")
    assert node is not None
    with pytest.raises(InvalidCard, match="not plain data"):
        construct(node)


@pytest.mark.parametrize(
    "card",
    [
        "",
        "# T\n",
        "---\na: 1\n---\nbody",
        "\n  ---\na: 1\n---  \nbody",
        "\ufeff---\r\na: 1\r\n---\r\nbody",
        "---\r\n---\r\n",
        "---\na: 1\n--- x\n---",
        "---\na\n---\n---\nb\n---\n",
    ],
)
def test_split__pieces__are_the_card_again_and_agree_with_the_hubs_library(card: str) -> None:
    pieces = split(card)
    assert pieces.mark + pieces.opening + pieces.yaml + pieces.closing + pieces.body == card
    found = REGEX_YAML_BLOCK.search(card.removeprefix("\ufeff"))
    assert pieces.has_front_matter == (found is not None)
    if found is not None:
        assert (pieces.opening, pieces.yaml, pieces.closing) == (found.group(1), found.group(2), found.group(3))
