"""Near duplicates, found exactly: pairs, groups and matches of texts that are at least 0.8 alike.

The usual way is MinHash with locality-sensitive hashing and verification. On the prompts of the 100,000 rows of
`tests/benchmarks/data_check.py --minhash`, datasketch 2.0 found 30,164 of 36,694 pairs (recall 0.82) in 28.5 s of
processor time with 128 permutations and 35,517 (0.97) in 33.1 s with 256; the join of `set_join` finds all of
them in 1.9 s and 0.34 GiB, needs no seed, and is therefore used alone.

Paraphrases are not found: this sees letters, not meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.data.set_join import PairBlock, SetJoin, distinct
from advisor.data.shingles import Unit, units_of, without_shared_text
from rubrics.data_rules import threshold as rule
from rubrics.text import norm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "NearGroups",
    "PairBlock",
    "components",
    "near_groups",
    "near_matches",
    "near_pair_blocks",
    "near_pairs",
]

COUNTED_PAIRS = 200_000
"""Up to this many pairs are counted one by one; beyond it groups are still exact, and pairs are "at least"."""
_EDGES = 1_000_000


class NearGroups(NamedTuple):
    """Which texts are connected by near pairs.

    Attributes:
        labels: of each text; equal for texts of one group.
        pairs: how many pairs there are, or at least are.
        all_counted: whether `pairs` is the number of all pairs.
        closest: the most similar pair, the first of equals; None without any pair.
        highest: its similarity.
    """

    labels: Ints
    pairs: int
    all_counted: bool
    closest: tuple[int, int] | None
    highest: float


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
    split = None if right is None else len(left)
    join = _joined(texts, threshold, unit=unit, drop_shared=drop_shared, split=split)
    for block in join.blocks():
        yield PairBlock(block.left, block.right - (split or 0), block.jaccard)


def near_matches(left: Sequence[str], right: Sequence[str], *, drop_shared: bool = True) -> list[int]:
    """Return for each of the normalised right texts the index of one near left text, or -1 (rule D4)."""
    join = _joined([*left, *right], drop_shared=drop_shared, split=len(left))
    return [int(at) for at in join.matches()]


def near_groups(
    texts: Sequence[str],
    answers: Sequence[str] | None = None,
    *,
    count_up_to: int = COUNTED_PAIRS,
    drop_shared: bool = True,
) -> NearGroups:
    """Group normalised texts by near pairs (rule D2), in time that a flood of near duplicates does not square.

    Args:
        texts: normalised.
        answers: normalised, of each text; a pair then counts where answers are near, or equal, as well.
        count_up_to: pairs to count before only groups are followed up.
        drop_shared: remove first what most texts begin or end with.
    """
    if answers is None:
        return _grouped(_joined(texts, drop_shared=drop_shared), count_up_to, _all)
    numbers: dict[str, int] = {}
    answer_of = [numbers.setdefault(answer, len(numbers)) for answer in answers]
    known = _joined(list(numbers), drop_shared=False)
    # Answers of two groups are never near: as salts they keep such rows from being compared at all.
    salts = _grouped(known, COUNTED_PAIRS, _all).labels[answer_of]
    join = _joined(texts, drop_shared=drop_shared, salts=salts)
    return _grouped(join, count_up_to, _near_answers(known, answer_of))


def components(count: int, blocks: Iterable[tuple[Any, ...]]) -> list[int]:
    """Return for each of `count` items the label of its connected component; blocks hold (left, right, ...)."""
    import numpy as np

    labels = np.arange(count)
    for left, right in _gathered(blocks):
        _merge(labels, left, right)
    return [int(label) for label in labels]


def _joined(
    texts: Sequence[str],
    threshold: float | None = None,
    *,
    unit: Unit | None = None,
    drop_shared: bool = True,
    salts: Any = None,
    split: int | None = None,
) -> SetJoin:
    compared = without_shared_text(texts) if drop_shared else texts
    units = [unit] * len(compared) if unit else units_of(compared)
    return SetJoin(compared, units, threshold or rule("D2", "jaccard"), salts=salts, split=split)


_Choose = Callable[[PairBlock], PairBlock]


def _all(block: PairBlock) -> PairBlock:
    return block


def _near_answers(known: SetJoin, answer_of: Sequence[int]) -> _Choose:
    import numpy as np

    answers = np.asarray(answer_of, dtype=np.int64)

    def choose(block: PairBlock) -> PairBlock:
        left, right = answers[block.left], answers[block.right]
        keep = left == right
        other = np.flatnonzero(~keep)
        keep[other] = known.similarity(left[other], right[other]) >= known.least
        return PairBlock(block.left[keep], block.right[keep], block.jaccard[keep])

    return choose


def _grouped(join: SetJoin, count_up_to: int, choose: _Choose) -> NearGroups:
    import numpy as np

    labels = np.arange(len(join.sizes))
    pairs, highest, all_counted = 0, 0.0, True
    closest: tuple[int, int] | None = None
    edges: list[PairBlock] = []
    for block in map(choose, join.blocks()):
        if not len(block.left):
            continue
        edges.append(block)
        pairs += len(block.left)
        best = int(block.jaccard.argmax())
        if block.jaccard[best] > highest:
            highest, closest = float(block.jaccard[best]), (int(block.left[best]), int(block.right[best]))
        if pairs > count_up_to:
            all_counted = False
            break
    for left, right in _gathered(edges):
        _merge(labels, left, right)
    if not all_counted:
        _grow(join, labels, choose)
    return NearGroups(labels, pairs, all_counted, closest, highest)


def _grow(join: SetJoin, labels: Ints, choose: _Choose) -> None:
    """Connect what remains, comparing only rows that are not connected yet; `labels` is changed."""
    while sum(_merge(labels, *ends) for ends in _gathered(map(choose, join.links(labels)))):
        pass
    for left, right in _gathered(map(choose, join.across(labels)), 1):
        _merge(labels, left, right)


def _gathered(blocks: Iterable[tuple[Any, ...]], edges: int = _EDGES) -> Iterator[tuple[Any, Any]]:
    """Put small blocks together, since a merge costs as much as there are items."""
    import numpy as np

    lefts: list[Any] = []
    rights: list[Any] = []
    for left, right, *_ in blocks:
        lefts.append(np.asarray(left, dtype=np.int64))
        rights.append(np.asarray(right, dtype=np.int64))
        if sum(map(len, lefts)) >= edges:
            yield np.concatenate(lefts), np.concatenate(rights)
            lefts, rights = [], []
    if lefts:
        yield np.concatenate(lefts), np.concatenate(rights)


def _merge(labels: Ints, left: Ints, right: Ints) -> int:
    """Give one label to the groups that these pairs connect, in place; return by how many the groups became fewer."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Each edge once: the entries of a sparse matrix add up.
    count = len(labels)
    edges = distinct(labels[left] * count + labels[right])
    graph = coo_array(
        (np.ones(len(edges), dtype=np.int8), (edges // count, edges % count)), shape=(count, count)
    )
    remaining, merged = connected_components(graph, directed=False)
    labels[:] = merged[labels]
    return count - int(remaining)
