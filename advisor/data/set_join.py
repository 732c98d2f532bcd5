"""A set join with a prefix filter: every pair of sets whose Jaccard similarity reaches a threshold, exactly.

Bayardo, Ma and Srikant, "Scaling up all pairs similarity search" (2007): of two sets whose similarity reaches t,
the |x| - ceil(t |x|) + 1 first elements, in any one order of all elements, share at least one. With the rarest
first, most of these stand in no other set and propose nothing. Xiao et al., "Efficient similarity joins for near
duplicate detection" (2008): at the first element that two sets share, their positions bound what they can share
in all. What passes is verified on the full sets, so recall and precision are 1 and nothing depends on a seed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from advisor.data.prefix_filter import by_shingle, prefixes, run_starts
from advisor.data.shingles import HASH_BITS, ShingleSets, Unit, hashed_shingles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Hashes = NDArray[np.uint64]

_Numbers = TypeVar("_Numbers", "Ints", "Hashes")

_CHUNK_PAIRS = 2_000_000
"""Pairs looked at together; keeps the memory of a join near 200 MiB beside its sets."""
_LARGE = 50
"""From this many rows with one common shingle on, most are connected first, before pairs are looked at."""
_YIELDED_PAIRS = 100_000
"""Most pairs of a block: who has seen enough stops early."""
_VERIFIED_PAIRS = 2 ** (64 - HASH_BITS)


class PairBlock(NamedTuple):
    """Some of the pairs: rows of the left texts, rows of the right texts, their Jaccard similarity."""

    left: Ints
    right: Ints
    jaccard: Floats


class _Partners(NamedTuple):
    """Entries with the entries of other rows that have the same shingle: places[first : first + number] of each."""

    entry: Ints
    first: Ints
    number: Ints
    places: Ints


class SetJoin:
    """The sets of some texts, ready to be joined with themselves or, from row `split` on, with those before.

    Args:
        texts: normalised.
        units: what the shingles of each are made of.
        least: Jaccard similarity in (0, 1].
        salts: texts with different salts are never paired.
        split: first row of the right side; None joins the texts with themselves.
    """

    def __init__(
        self,
        texts: Sequence[str],
        units: Sequence[Unit],
        least: float,
        *,
        salts: Sequence[int] | None = None,
        split: int | None = None,
    ) -> None:
        import numpy as np

        self.least = least
        self.split = split
        sets = list(hashed_shingles(texts, units, salts))
        self.sizes = np.concatenate([np.zeros(0, dtype=np.int64), *(part.sizes for part in sets)])
        _drop_lonely(sets, self.sizes, least)
        entries, self._kept, self._signatures = prefixes(sets, least)
        self._starts = np.concatenate(([0], np.cumsum(self._kept.sizes)))
        self._row, position, self._group = by_shingle(entries, self.sizes)
        self._size = self.sizes[self._row]
        self._rest = self._size - position
        # Whether it can be the first that the set shares with one at least as large.
        self._short = self._rest >= 2 * least / (1 + least) * self._size - 1e-6
        here = np.arange(len(self._group))
        self._group_start = np.maximum.accumulate(np.where(run_starts(self._group), here, 0))

    def blocks(self) -> Iterator[PairBlock]:
        """Yield every pair once, in blocks of bounded memory, in no particular order."""
        for probe, index in self._sides():
            partners = self._partners(probe, index)
            for part in _runs(self._row[partners.entry], partners.number):
                yield from self._checked(partners, part)

    def matches(self) -> Ints:
        """Return for each right row one left row that it is paired with, or -1.

        A row that has a partner is asked no further: a flood on both sides stays linear.
        """
        import numpy as np

        assert self.split is not None
        found = np.full(len(self.sizes), -1, dtype=np.int64)
        (right, left_index), (left, right_index) = self._sides()
        self._match_in_steps(self._partners(right, left_index), found)
        while len((partners := self._partners(left, right_index & (found[self._row] < 0))).entry):
            part = next(_runs(self._row[partners.entry], partners.number))
            for block in self._checked(partners, part):
                found[block.right[::-1]] = block.left[::-1]
            left &= self._row > self._row[partners.entry[part]].max()
        return found[self.split :]

    def _match_in_steps(self, partners: _Partners, found: Ints) -> None:
        """Look at a few partners of each entry, then at more for the rows that are still without a match."""
        import numpy as np

        step = 4
        while len(partners.entry):
            now = partners._replace(number=np.minimum(partners.number, step))
            for part in _runs(np.arange(len(now.entry)), now.number):
                for block in self._checked(now, part):
                    found[block.right[::-1]] = block.left[::-1]
            rest = (partners.number > step) & (found[self._row[partners.entry]] < 0)
            partners = _Partners(
                partners.entry[rest],
                partners.first[rest] + step,
                partners.number[rest] - step,
                partners.places,
            )
            step *= 8

    def _sides(self) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Return which entries look for partners and which are looked for; the larger set always looks for the smaller.

        Of the smaller set fewer entries can be the first that the two share, so a template whose rows differ
        enough proposes nothing (the index prefix of Xiao et al.).
        """
        import numpy as np

        if self.split is None:
            return [(np.ones(len(self._row), dtype=bool), self._short)]
        right = self._row >= self.split
        return [(right, self._short & ~right), (~right, self._short & right)]

    def _partners(self, probe: NDArray[np.bool_], index: NDArray[np.bool_]) -> _Partners:
        """Return for each probing entry the indexed entries of its shingle that stand before it: no larger sets."""
        import numpy as np

        before: Ints = np.cumsum(index) - index
        first: Ints = before[self._group_start]
        entry = np.flatnonzero(probe & (before > first))
        entry = entry[np.argsort(self._row[entry], kind="stable")]
        return _Partners(entry, first[entry], (before - first)[entry], np.flatnonzero(index))

    def links(self, labels: Ints) -> Iterator[PairBlock]:
        """Yield pairs of rows with different labels that are neighbours among the rows with one common shingle.

        Far fewer than all pairs, and enough to connect nearly all of a flood.
        """
        import numpy as np

        here, first = np.arange(len(self._group)), self._group_start
        large = np.bincount(self._group, minlength=1)[self._group] > _LARGE
        for partner in (here - 1, first):
            apart = labels[self._row] != labels[self._row[partner]]
            entry = np.flatnonzero((partner >= first) & (partner < here) & apart & large)
            partners = _Partners(entry, partner[entry], np.ones(len(entry), dtype=np.int64), here)
            for part in _runs(np.arange(len(entry)), partners.number):
                yield from self._checked(partners, part)

    def across(self, labels: Ints) -> Iterator[PairBlock]:
        """Yield every pair of rows whose labels differ, some pairs more than once.

        Labels may be merged in place between blocks: pairs that then have one label are left out.
        """
        import numpy as np

        begins = np.flatnonzero(run_starts(self._group))
        found = labels[self._row]
        mixed = np.minimum.reduceat(found, begins) != np.maximum.reduceat(found, begins)
        left = np.flatnonzero(mixed[self._group])
        order = left[np.lexsort((found[left], self._group[left]))]
        group, label, short = self._group[order], found[order], self._short[order]
        here = np.arange(len(order))
        first = np.maximum.accumulate(np.where(run_starts(group), here, 0))
        same = np.maximum.accumulate(np.where(run_starts(group) | run_starts(label), here, 0))
        # The smaller set of a pair has a short entry here, but either may have the earlier label.
        for probe, index in ((np.ones(len(order), dtype=bool), short), (short, ~short)):
            before: Ints = np.cumsum(index) - index
            count: Ints = before[same] - before[first]
            entry = np.flatnonzero(probe & (count > 0))
            entry = entry[np.argsort(self._row[order[entry]], kind="stable")]
            partners = _Partners(
                order[entry], before[first[entry]], count[entry], order[np.flatnonzero(index)]
            )
            for part in _runs(self._row[partners.entry], partners.number):
                yield from self._checked(partners, part, labels)

    def similarity(self, left: Ints, right: Ints) -> Floats:
        """Return the Jaccard similarity of pairs of rows that are similar to some row at all; else too low."""
        import numpy as np

        parts = [np.zeros(0)]
        for at in range(0, len(left), _VERIFIED_PAIRS):
            a, b = left[at : at + _VERIFIED_PAIRS], right[at : at + _VERIFIED_PAIRS]
            shared = self._shared(a, b)
            parts.append(shared / (self.sizes[a] + self.sizes[b] - shared))
        return np.concatenate(parts)

    def _checked(self, partners: _Partners, part: slice, labels: Ints | None = None) -> Iterator[PairBlock]:
        """Look at the partners of some entries, and keep the pairs of rows that reach the threshold."""
        import numpy as np

        count = partners.number[part]
        right = np.repeat(partners.entry[part], count)
        places = np.arange(len(right)) + np.repeat(partners.first[part] - np.cumsum(count) + count, count)
        left = partners.places[places]
        reach = self._can_reach(left, right)
        one, other = self._row[left[reach]], self._row[right[reach]]
        low, high = np.minimum(one, other).astype(np.uint64), np.maximum(one, other).astype(np.uint64)
        differ = low != high if labels is None else labels[one] != labels[other]
        packed = distinct((high << np.uint64(32) | low)[differ])
        a = (packed & np.uint64(2**32 - 1)).astype(np.int64)
        b = (packed >> np.uint64(32)).astype(np.int64)
        alike = self._look_alike(a, b)
        a, b = a[alike], b[alike]
        for at in range(0, len(a), _YIELDED_PAIRS):
            yield from self._verified(a[at : at + _YIELDED_PAIRS], b[at : at + _YIELDED_PAIRS], labels)

    def _verified(self, left: Ints, right: Ints, labels: Ints | None) -> Iterator[PairBlock]:
        if labels is not None:
            apart = labels[left] != labels[right]
            left, right = left[apart], right[apart]
        jaccard = self.similarity(left, right)
        keep = jaccard >= self.least
        if keep.any():
            yield PairBlock(left[keep], right[keep], jaccard[keep])

    def _can_reach(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Tell which pairs of entries may belong to similar rows, were this the first shingle that they share."""
        import numpy as np

        needed = self.least / (1 + self.least) * (self._size[left] + self._size[right]) - 1e-6
        return np.minimum(self._rest[left], self._rest[right]) >= needed  # type: ignore[no-any-return]

    def _look_alike(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """Tell which pairs of rows may be similar, by their signatures: no more bits differ than shingles do."""
        import numpy as np

        differ = np.bitwise_count(self._signatures[left] ^ self._signatures[right]).sum(
            axis=1, dtype=np.int64
        )
        allowed = (1 - self.least) / (1 + self.least) * (self.sizes[left] + self.sizes[right]) + 1e-6
        return differ <= allowed  # type: ignore[no-any-return]

    def _shared(self, left: Ints, right: Ints) -> Ints:
        """Count the shingles that the rows of each of at most 4096 pairs share: in a sorted list they stand twice."""
        import numpy as np

        both = np.concatenate((left, right))
        sizes = self._kept.sizes[both]
        owner = np.repeat(np.tile(np.arange(len(left), dtype=np.uint64), 2), sizes)
        place = np.arange(len(owner)) + np.repeat(self._starts[both] - np.cumsum(sizes) + sizes, sizes)
        packed = np.sort(owner << np.uint64(HASH_BITS) | self._kept.hashes[place])
        twice = packed[1:][packed[1:] == packed[:-1]] >> np.uint64(HASH_BITS)
        return np.bincount(twice.astype(np.int64), minlength=len(left))


def _drop_lonely(sets: list[ShingleSets], sizes: Ints, least: float) -> None:
    """Empty the sets that stand alone in their part and that no other is near enough in size to be paired with.

    Such parts are texts of over a million characters; what they hold would only take memory.
    """
    import numpy as np

    ordered = np.sort(sizes)
    for at, part in enumerate(sets):
        if len(part.sizes) == 1:
            size = int(part.sizes[0])
            low, high = np.searchsorted(
                ordered, [math.ceil(least * size - 1e-6), math.floor(size / least + 1e-6) + 1]
            )
            if high - low < 2:
                sets[at] = ShingleSets(part.hashes[:0].copy(), np.zeros(1, dtype=np.int64))


def distinct(values: _Numbers) -> _Numbers:
    """Return the values sorted, each once; sorting is several times faster here than the hashing of numpy's unique."""
    import numpy as np

    ordered = np.sort(values)
    return ordered[run_starts(ordered)]


def _runs(rows: Ints, pairs: Ints) -> Iterator[slice]:
    """Divide entries ordered by row into runs of about `_CHUNK_PAIRS` pairs that never divide a row."""
    import numpy as np

    reach = np.cumsum(pairs)
    start = 0
    while start < len(rows):
        before = reach[start - 1] if start else 0
        end = int(np.searchsorted(reach, before + _CHUNK_PAIRS, side="right"))
        if end < len(rows):
            row = rows[max(end - 1, start)]
            fits = int(np.searchsorted(rows, row))
            end = fits if fits > start else int(np.searchsorted(rows, row, side="right"))
        yield slice(start, end)
        start = end
