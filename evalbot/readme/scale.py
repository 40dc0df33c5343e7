"""Whether a score is printed out of 100 or out of 1, by its own table; never converted, only recorded."""

# ruff: noqa: SIM905 - words as running text are read and extended more easily than as quoted lists

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from evalbot.readme.wording import is_known_benchmark, metric_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalbot.score import Scale

_BOUNDED = frozenset(
    "acc accuracy accuracies em exactmatch f1 f2 fscore fmeasure f1score map ap ap50 ap75 miou iou dice auc auroc "
    "rocauc auprc prauc mrr ndcg recall precision hit hits hitrate pass maj cons winrate rouge rouge1 rouge2 rougel "
    "rougelsum uas las clas top1 top5 topk sensitivity specificity resolved successrate mc1 mc2 multiplechoicegrade "
    "accnorm accnone 准确率 正确率 精确率 召回率 正解率 精度 정확도 genauigkeit exactitude precisión exactitud".split()
)
"""Metrics whose best value is 1, or 100 where it is printed as a percentage."""
_OTHERWISE = frozenset(
    "mtbench ocrbench wikitext wikitext2 wikitext103 ptb c4 librispeech commonvoice fleurs voxpopuli tedlium "
    "gigaspeech ami flores flores200 wmt wmt14 wmt19 alpacaeval imagenet256 coco".split()
)
"""Known benchmarks that are also reported by metrics without such a bound: perplexity, WER, BLEU, judges' grades."""
HUNDRED = Decimal(100)


def scale_of(
    value: Decimal, *, unit: str | None, metric: str | None, benchmark: str, peers: Iterable[Decimal]
) -> Scale | None:
    """`peers` are the values that other models have on the same benchmark in this table."""
    if unit == "%":
        return "percent"
    if not is_out_of_hundred(metric, benchmark):
        return None
    values = [value, *peers]
    if any(peer < 0 or peer > HUNDRED for peer in values):
        return None
    if max(values) > 1:
        return "percent"
    # A lone 0 or 1 is the worst or the best on one scale and next to nothing on the other.
    return "fraction" if any(peer != peer.to_integral_value() for peer in values) else None


@lru_cache(maxsize=4096)
def is_out_of_hundred(metric: str | None, benchmark: str) -> bool:
    if metric is not None:
        return bool(_BOUNDED & set(metric_tokens(metric)))
    name = "".join(character for character in benchmark.lower() if character.isalnum())
    return is_known_benchmark(benchmark) and name not in _OTHERWISE
