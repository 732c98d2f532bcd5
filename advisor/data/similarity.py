"""Near duplicates, found exactly.

A set join with a prefix filter (Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007): two
sets whose Jaccard similarity reaches t share at least one of their |x| - ceil(t |x|) + 1 rarest elements. Only
those enter the sparse product that proposes pairs, every proposed pair is verified on the full sets, so recall
and precision are 1, unlike with MinHash, and a report never depends on a seed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from rubrics.data_rules import threshold as rule
from rubrics.text import norm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

Unit = Literal["words", "characters"]

_CJK = re.compile(
    "[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U000323af]"
)
_CHUNK_CELLS = 4_000_000
"""Upper bound on the cells of one dense-looking block; keeps the memory of a join near 200 MiB."""


class PairBlock(NamedTuple):
    """Some of the pairs: rows of the left texts, rows of the right texts, their Jaccard similarity."""

    left: Ints
    right: Ints
    jaccard: Floats


def near_pairs(
    left: Sequence[str],
    right: Sequence[str] | None = None,
    threshold: float | None = None,
    *,
    unit: Unit | None = None,
    drop_shared: bool = True,
) -> list[tuple[int, int, float]]:
    """List every pair of texts at least `threshold` alike (rule D2), equal texts included.

    Args:
        left: texts; they are normalised here.
        right: other texts; None compares `left` with itself, each pair once with i < j.
        threshold: Jaccard similarity in (0, 1]; None takes the rule's 0.8.
        unit: what shingles are made of; None chooses for each text as the contract says.
        drop_shared: remove first what most texts begin or end with.

    Returns:
        (i, j, similarity) sorted by i, then j.
    """
    blocks = near_pair_blocks(left, right, threshold, unit=unit, drop_shared=drop_shared)
    return sorted(
        (int(i), int(j), float(score)) for block in blocks for i, j, score in zip(*block, strict=True)
    )


def near_pair_blocks(
    left: Sequence[str],
    right: Sequence[str] | None = None,
    threshold: float | None = None,
    *,
    unit: Unit | None = None,
    drop_shared: bool = True,
) -> Iterator[PairBlock]:
    """Yield the pairs of `near_pairs` in blocks of bounded memory, in no particular order.

    A text made of word shingles is compared with texts made of word shingles, and likewise for characters.
    """
    texts = [norm(text) for text in (*left, *(right or ()))]
    if drop_shared:
        texts = without_shared_text(texts)
    units = [unit or unit_of(text) for text in texts]
    for kind in sorted(set(units)):
        rows = [row for row, chosen in enumerate(units) if chosen == kind]
        sets = [shingles(texts[row], kind) for row in rows]
        split = sum(row < len(left) for row in rows)
        yield from _join(
            sets, rows, split, None if right is None else len(left), threshold or rule("D2", "jaccard")
        )


def components(count: int, blocks: Iterable[tuple[Any, ...]]) -> list[int]:
    """Return for each of `count` items the label of its connected component; blocks hold (left, right, ...)."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    labels = np.arange(count)
    for left, right, *_ in blocks:
        edges = (np.ones(len(left), dtype=np.int8), (labels[left], labels[right]))
        graph = coo_array(edges, shape=(count, count))
        labels = connected_components(graph, directed=False)[1][labels]
    return [int(label) for label in labels]


def unit_of(text: str) -> Unit:
    """Choose the shingle unit of a normalised text: characters where words would see too little."""
    if len(text.split()) < rule("D2", "fewest_words") or _mostly_cjk(text):
        return "characters"
    return "words"


def shingles(text: str, unit: Unit) -> frozenset[str]:
    """Return the n-grams (n = 5) of a normalised text; a shorter text is its own one shingle."""
    if unit == "words":
        words, n = text.split(" "), int(rule("D2", "shingle_words"))
        return frozenset(" ".join(words[start : start + n]) for start in range(max(1, len(words) - n + 1)))
    n = int(rule("D2", "shingle_characters"))
    return frozenset(text[start : start + n] for start in range(max(1, len(text) - n + 1)))


def jaccard(a: str, b: str) -> float:
    """Return the similarity of two normalised texts in 0..1; texts of different units share nothing."""
    unit = unit_of(a)
    if unit != unit_of(b):
        return 0.0
    left, right = shingles(a, unit), shingles(b, unit)
    return len(left & right) / len(left | right)


def without_shared_text(texts: Sequence[str]) -> list[str]:
    """Remove from normalised texts what most of the distinct ones begin or end with: a common instruction.

    The same instruction before every question would make all questions near duplicates of each other.
    """
    prefix = _shared_prefix(set(texts))
    trimmed = [text.removeprefix(prefix).strip() for text in texts]
    suffix = _shared_prefix({text[::-1] for text in trimmed})[::-1]
    return [text.removesuffix(suffix).strip() for text in trimmed]


def _shared_prefix(distinct: set[str]) -> str:
    """Return the longest prefix of most texts: sorted, the texts that share it stand side by side."""
    if len(distinct) < rule("D2", "shared_texts"):
        return ""
    ordered = sorted(distinct)
    reach = int(len(ordered) * rule("D2", "shared_share"))
    best = ""
    for first, last in zip(ordered, ordered[reach:], strict=False):
        if first[: len(best) + 1] == last[: len(best) + 1]:
            best = _common_prefix(first, last)
    if " " in best or not _CJK.search(best):
        best = best[: best.rfind(" ") + 1]
    return best if len(best.strip()) >= rule("D2", "shared_characters") else ""


def _common_prefix(a: str, b: str) -> str:
    differ = (at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    return a[: next(differ, min(len(a), len(b)))]


def _mostly_cjk(text: str) -> bool:
    if text.isascii():
        return False
    letters = sum(character.isalpha() for character in text)
    return len(_CJK.findall(text)) > letters * rule("D2", "cjk_share")


def _join(
    sets: Sequence[frozenset[str]], rows: Sequence[int], split: int, offset: int | None, least: float
) -> Iterator[PairBlock]:
    """Join the sets before `split` with those after it, or all with themselves where `offset` is None."""
    import numpy as np

    matrix = _incidence(sets)
    sizes = np.diff(matrix.indptr)
    prefixes = _prefixes(matrix, sizes, least)
    names = np.asarray(rows, dtype=np.int64)
    first = 0 if offset is None else split
    end = len(sets) if offset is None else split
    others = prefixes[first:].T.tocsr()
    step = max(1, _CHUNK_CELLS // max(1, others.shape[1]))
    for start in range(0, end, step):
        proposed = (prefixes[start : min(start + step, end)] @ others).tocoo()
        i, j = proposed.row.astype(np.int64) + start, proposed.col.astype(np.int64) + first
        keep = np.minimum(sizes[i], sizes[j]) >= least * np.maximum(sizes[i], sizes[j]) - 1e-9
        keep &= i < j
        yield from _verified(matrix, sizes, i[keep], j[keep], names, offset or 0, least)


def _incidence(sets: Sequence[frozenset[str]]) -> Any:
    """Build the sets x shingles matrix (CSR); columns run from the rarest shingle to the commonest."""
    import numpy as np
    from scipy.sparse import csr_array

    numbers: dict[str, int] = {}
    flat = [numbers.setdefault(shingle, len(numbers)) for row in sets for shingle in row]
    columns = np.asarray(flat, dtype=np.int32)
    rarity = np.argsort(np.argsort(np.bincount(columns, minlength=1), kind="stable")).astype(np.int32)
    starts = np.concatenate(([0], np.cumsum([len(row) for row in sets], dtype=np.int64)))
    ones = np.ones(len(flat), dtype=np.int32)
    matrix = csr_array((ones, rarity[columns], starts), shape=(len(sets), max(1, len(numbers))))
    matrix.sort_indices()
    return matrix


def _prefixes(matrix: Any, sizes: Any, least: float) -> Any:
    """Keep of each row only the rarest shingles, of which a similar row must share at least one."""
    import numpy as np
    from scipy.sparse import csr_array

    lengths = sizes - np.ceil(least * sizes - 1e-9).astype(sizes.dtype) + 1
    position = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], sizes)
    keep = position < np.repeat(lengths, sizes)
    starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    return csr_array((matrix.data[keep], matrix.indices[keep], starts), shape=matrix.shape)


def _verified(
    matrix: Any, sizes: Any, i: Ints, j: Ints, names: Ints, offset: int, least: float
) -> Iterator[PairBlock]:
    """Count what each proposed pair shares and keep the pairs that reach the threshold."""
    step = max(1, _CHUNK_CELLS // max(1, math.ceil(sizes.mean())))
    for start in range(0, len(i), step):
        a, b = i[start : start + step], j[start : start + step]
        shared = matrix[a].multiply(matrix[b]).sum(axis=1)
        jaccard = shared / (sizes[a] + sizes[b] - shared)
        keep = jaccard >= least
        if keep.any():
            yield PairBlock(names[a[keep]], names[b[keep]] - offset, jaccard[keep])
