"""What a metric is called in a model-index: one type for the spellings that tables and tools use for it."""

from __future__ import annotations

import re

_AT_K = re.compile(r"(?:avg|best|cons|hits|maj|map|mean|mrr|ndcg|pass|precision|recall)@\d+")
SPLITS = frozenset({"val", "validation", "dev", "test", "train", "eval"})
SAYS_NOTHING = frozenset({"score", "scores", "value", "values", "result", "results", "performance", "metric", "%"})
"""Headings of number columns: no metric is told by them."""
_SPELLINGS = {
    "acc": "accuracy",
    "accuracies": "accuracy",
    "em": "exact_match",
    "exactmatch": "exact_match",
    "exact_str_match": "exact_match",
    "f1_score": "f1",
    "f1score": "f1",
    "f_1": "f1",
    "accnorm": "acc_norm",
    "normalized_accuracy": "acc_norm",
    "pass_1": "pass@1",
    "word_error_rate": "wer",
    "character_error_rate": "cer",
    "winrate": "win_rate",
    "ppl": "perplexity",
    "word_perplexity": "perplexity",
    "mcc": "matthews_correlation",
    "matthews": "matthews_correlation",
    "spearman": "spearmanr",
    "spearman_correlation": "spearmanr",
    "pearson": "pearsonr",
    "pearson_correlation": "pearsonr",
    "rouge_1": "rouge1",
    "rouge_2": "rouge2",
    "rouge_l": "rougel",
    "mean_average_precision": "map",
}
_KNOWN = frozenset(_SPELLINGS.values()) | frozenset(
    """
    anls bertscore bleu bleurt chrf code_eval comet google_bleu mae mauve mc1 mc2 mean_iou meteor mse ndcg precision
    recall roc_auc rouge rougelsum sacrebleu sari seqeval smape ter top1 top5
    """.split()  # noqa: SIM905 - as quoted words no easier to read
)
"""Metric ids of the Hub and of evaluation tools: where two of them differ, two things were measured."""


def slug(label: str) -> str:
    """A metric type for a label: lower case, words joined by `_`; `+` is a word (HumanEval+ is not HumanEval)."""
    return "_".join(re.findall(r"[\w@]+", label.lower().replace("+", " plus ").replace("_", " "))) or "score"


def metric_type(printed: str | None) -> str | None:
    """The type of a printed metric (`Acc.` → accuracy), None where nothing is said (`Score`)."""
    words = [word for word in slug(printed or "score").split("_") if word not in SPLITS]
    text = "_".join(words)
    return None if text in SAYS_NOTHING or not text else _SPELLINGS.get(text, text)


def known_type(written: str | None) -> str | None:
    """The type, where it names a metric; None for any other text, such as a benchmark's."""
    found = metric_type(written)
    return found if found is not None and (found in _KNOWN or _AT_K.fullmatch(found)) else None


def splits_in(printed: str | None) -> tuple[str, ...]:
    """The splits a printed metric names beside itself: `val acc` → val."""
    return tuple(word for word in slug(printed or "").split("_") if word in SPLITS)
