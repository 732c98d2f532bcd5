"""Can a classifier tell two samples of texts apart? (rule D8)

The two-sample test by classification: if the best that cross-validation gives is a coin's toss (AUC 0.5), nothing
that the classifier can see separates the samples. Lopez-Paz and Oquab (2017), Revisiting classifier two-sample tests.

Two things make such a test lie. A text that stands in both samples is scored by a model that has learned it with
the other label, which pushes the AUC under 0.5 and hides a real difference; near duplicates within a sample are
learned by heart, which pushes it up. Near duplicates therefore share a fold, and the interval counts them as one.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rubrics.data_rules import threshold
from rubrics.errors import ExitCode, Fault
from rubrics.statistics import Interval, wilson

_POWER_Z = 1.959963984540054 + 0.8416212335729143
"""Standard normal quantiles of a two-sided test at 5% and of 80% power."""


@dataclass(frozen=True, slots=True)
class TwoSample:
    """How well the second sample is told from the first.

    Attributes:
        auc: out-of-fold, with its 95% interval; 0.5 is chance.
        scores: of the second sample's texts, higher is less like the first.
    """

    auc: Interval
    scores: list[float]


def smallest_auc(first: int, second: int) -> float:
    """Return the AUC that `tell_apart` sees with 80% power at 5%, from the rank sum's variance under chance."""
    variance = _dependence() * (first + second + 1) / (12 * first * second) if first and second else math.inf
    return min(1.0, 0.5 + _POWER_Z * math.sqrt(variance))


def tell_apart(
    first: Sequence[str],
    second: Sequence[str],
    marks: Sequence[Mapping[str, float]],
    groups: Sequence[int],
    seed: int,
) -> TwoSample:
    """Cross-validate TF-IDF of words and characters, and plain properties, with logistic regression.

    Args:
        first: texts as they are written, none twice; the words are read in lower case, the characters in theirs.
        second: the other sample, as many or fewer or more.
        marks: properties of the first's texts and then the second's, each about 0..1; a mark is lost among
            thousands of characters otherwise.
        groups: of the first's texts and then the second's; texts of one group share a fold.
        seed: of the folds.
    Raises:
        Fault: scikit-learn is not installed; exit code 5.
    """
    import numpy as np

    is_second = np.repeat([False, True], [len(first), len(second)])
    features = _features([*first, *second], marks)
    scores = _out_of_fold(features, is_second, np.asarray(groups), seed)
    auc = auc_interval(scores, is_second, groups, _dependence())
    return TwoSample(auc, scores[is_second].tolist())


def _dependence() -> float:
    """Return by how much the variance exceeds that of independent scores, since the folds' training rows overlap.

    Nadeau and Bengio (2003), Machine Learning 52, 239: 1 + K n_test / n_train, 2.25 for five folds. Measured on
    halves of the shared files: between 1.2 and 2.7.
    """
    folds = threshold("D8", "folds")
    return 1 + folds / (folds - 1)


def _out_of_fold(features: Any, is_second: Any, groups: Any, seed: int) -> Any:
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold

    scores = np.empty(len(groups))
    folds = StratifiedGroupKFold(int(threshold("D8", "folds")), shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A large group can leave a fold uneven; the AUC does not mind.
        warnings.filterwarnings("ignore", category=UserWarning)
        for train, test in folds.split(features, is_second, groups):
            model = LogisticRegression(solver="liblinear", class_weight="balanced", random_state=seed)
            scores[test] = model.fit(features[train], is_second[train]).decision_function(features[test])
    return scores


def _features(texts: Sequence[str], marks: Sequence[Mapping[str, float]]) -> Any:
    """TF-IDF over all texts: which sample a text is from plays no part in it, so nothing leaks."""
    try:
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        fix = "pip install scikit-learn, or leave out --production"
        what = "comparing with production needs scikit-learn, which is not installed"
        raise Fault(what, where="--production", fix=fix, code=ExitCode.LACKING) from None
    from scipy.sparse import hstack

    most = int(threshold("D8", "characters"))
    cut = [text[:most] for text in texts]
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")  # noqa: S106
    characters = TfidfVectorizer(
        sublinear_tf=True, analyzer="char", ngram_range=(1, 3), min_df=2, lowercase=False
    )
    plain = DictVectorizer().fit_transform(marks)
    return hstack([words.fit_transform(cut), characters.fit_transform(cut), plain]).tocsr()


def auc_interval(scores: Any, is_second: Any, groups: Sequence[int], dependence: float = 1.0) -> Interval:
    """Return the AUC with its 95% interval, groups of texts counted as one.

    The variance is DeLong's (1988, Biometrics 44, 837) in its form for clusters (Obuchowski 1997, Biometrics 53, 567);
    the limits are Wilson's at the sample size that has this variance, so that they stay in 0..1 and do not
    collapse at 1 (Kottas et al. 2014).

    Args:
        scores: (N,), higher for the second sample.
        is_second: (N,) booleans, some of each.
        groups: (N,), equal for texts that are not independent.
        dependence: factor of the variance; 1 where the scores come from one model trained on other rows.
    """
    import numpy as np
    from scipy.stats import rankdata

    high, low = scores[is_second], scores[~is_second]
    ranks = rankdata(np.concatenate([high, low]))
    of_high = (ranks[: len(high)] - rankdata(high)) / len(low)
    of_low = 1 - (ranks[len(high) :] - rankdata(low)) / len(high)
    auc = float(of_high.mean())
    _, index = np.unique(groups, return_inverse=True)
    size = int(index.max()) + 1
    a = np.bincount(index[is_second], weights=of_high - auc, minlength=size)
    b = np.bincount(index[~is_second], weights=of_low - auc, minlength=size)
    with_high, with_low = len(set(index[is_second])), len(set(index[~is_second]))
    variance = dependence * (
        _grown(with_high) * float(a @ a) / len(high) ** 2
        + _grown(with_low) * float(b @ b) / len(low) ** 2
        + 2 * _grown(size) * float(a @ b) / (len(high) * len(low))
    )
    most = with_high + with_low
    rows = min(most, auc * (1 - auc) / variance) if variance > 0 else min(with_high, with_low)
    whole = max(1, int(rows))
    return wilson(auc * whole, whole)


def _grown(clusters: int) -> float:
    return clusters / (clusters - 1) if clusters > 1 else 1.0
