"""A byte-level BPE vocabulary learnt from a text, and the tokenizer.json that holds it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BEGIN, END, PAD, USER, ASSISTANT = SPECIAL = ("<s>", "</s>", "<pad>", "<|user|>", "<|assistant|>")

_WORD = re.compile(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+")
"""Close to how GPT-2 cuts a text before merging; what differs is merged a little worse, and nothing else."""

Pair = tuple[str, str]


def learnt(text: str, size: int, *, surely: Mapping[str, int]) -> tuple[dict[str, int], list[Pair]]:
    """Tokens with their numbers, and merges in their order. `surely` counts words that are to be one token."""
    words = Counter(_WORD.findall(text)) + Counter(surely)
    cut = {tuple(_LETTERS[byte] for byte in word.encode()): count for word, count in words.items()}
    tokens = [*SPECIAL, *sorted(_LETTERS.values())]
    merges: list[Pair] = []
    while len(tokens) < size:
        pairs: Counter[Pair] = Counter()
        for word, count in cut.items():
            for pair in pairwise(word):
                pairs[pair] += count
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        tokens.append("".join(best))
        cut = {_merged(word, best): count for word, count in cut.items()}
    return {token: number for number, token in enumerate(tokens)}, merges


def _merged(word: tuple[str, ...], pair: Pair) -> tuple[str, ...]:
    if pair[0] not in word:
        return word
    parts: list[str] = []
    for part in word:
        if parts and (parts[-1], part) == pair:
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)


def _byte_letters() -> dict[int, str]:
    """The printable letter that stands for each byte, as in GPT-2: a space is `Ġ`."""
    printable = {*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)}
    others = (byte for byte in range(256) if byte not in printable)
    shifted = {byte: chr(256 + place) for place, byte in enumerate(others)}
    return {byte: shifted.get(byte, chr(byte)) for byte in range(256)}


_LETTERS = _byte_letters()


def tokenizer(tokens: Mapping[str, int], merges: list[Pair]) -> dict[str, Any]:
    """tokenizer.json of the `tokenizers` library: every text starts with `<s>`, as Llama's do."""
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    begin, first, second = (
        {"SpecialToken": {"id": BEGIN, "type_id": 0}},
        *({"Sequence": {"id": name, "type_id": 0}} for name in "AB"),
    )
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": tokens[token], "content": token, **plain} for token in SPECIAL],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, first],
            "pair": [begin, first, second],
            "special_tokens": {BEGIN: {"id": BEGIN, "ids": [tokens[BEGIN]], "tokens": [BEGIN]}},
        },
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": dict(tokens),
            "merges": [list(pair) for pair in merges],
        },
    }
