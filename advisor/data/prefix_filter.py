"""What of each set takes part in a join: the prefix filter of Bayardo, Ma and Srikant (2007), and signatures.

Everything works on the hashes of thousands of sets at a time. Shingles that stand in one text only are dropped here:
they make a set larger, but no pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.data.shingles import HASH_BITS, ShingleSets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

_SLOTS = 2**25
"""Most slots of the table that tells rare shingles from common ones; a shared slot costs time, not a pair."""


class Entries(NamedTuple):
    """Shingles of the prefixes that occur elsewhere: `key` of the shingle, its row, its position in the row."""

    key: Hashes
    row: Ints
    position: Ints


def prefixes(sets: list[ShingleSets], least: float) -> tuple[Entries, ShingleSets, Hashes]:
    """Take the prefixes of the sets, and of rows that have an entry there all shingles that may occur elsewhere.

    The third part is the signatures of the rows.

    `sets` is emptied on the way, so that a million rows are held once.
    """
    import numpy as np

    table = _occurrences(sets)
    keys, rows, positions, kept, kept_sizes, signatures = [], [], [], [], [], []
    offset = 0
    sets.reverse()
    while sets:
        hashes, sizes = sets.pop()
        owner = np.repeat(np.arange(len(sizes)), sizes)
        signatures.append(_signatures(hashes, owner, len(sizes)))
        hashes, common = _rarest_first(hashes, owner, table)
        position = np.arange(len(hashes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        length = sizes - np.ceil(least * sizes - 1e-9).astype(np.int64) + 1
        entry = common & (position < length[owner])
        active = np.bincount(owner[entry], minlength=len(sizes)) > 0
        stays = common & active[owner]
        keys.append(hashes[entry])
        rows.append(owner[entry] + offset)
        positions.append(position[entry])
        kept.append(hashes[stays])
        kept_sizes.append(np.bincount(owner[stays], minlength=len(sizes)))
        offset += len(sizes)
    if not keys:
        none = np.zeros(0, dtype=np.int64)
        nothing = none.astype(np.uint64)
        return Entries(nothing, none, none), ShingleSets(nothing, none), nothing.reshape(0, 2)
    entries = Entries(np.concatenate(keys), np.concatenate(rows), np.concatenate(positions))
    sets_kept = ShingleSets(np.concatenate(kept), np.concatenate(kept_sizes))
    return entries, sets_kept, np.concatenate(signatures)


def _signatures(hashes: Hashes, owner: Ints, rows: int) -> Hashes:
    """Return (rows, 2) words of 64 bits: bit k is whether the row has an odd number of shingles that fall to k.

    Each shingle that only one of two sets has changes one bit at most (Sandes, Teodoro and Melo, "Bitmap filter:
    speeding up exact set similarity joins with bitwise operations", 2020).
    """
    import numpy as np

    bit = (hashes >> np.uint64(HASH_BITS - 7)).astype(np.int64)
    odd = np.bincount(owner * 128 + bit, minlength=rows * 128) & 1
    return np.packbits(odd.astype(np.uint8).reshape(rows, 128), axis=1).view(np.uint64)


def _occurrences(sets: Sequence[ShingleSets]) -> NDArray[np.int32]:
    """Count the shingles by the low bits of their hash: never too few, too many where two share a slot."""
    import numpy as np

    total = sum(len(part.hashes) for part in sets)
    slots = min(_SLOTS, 1 << max(12, (2 * total).bit_length()))
    table = np.zeros(slots, dtype=np.int32)
    waiting: list[Ints] = []
    held = 0
    for number, part in enumerate(sets, 1):
        waiting.append((part.hashes & np.uint64(slots - 1)).astype(np.int64))
        held += len(part.hashes)
        if held >= slots // 4 or number == len(sets):
            table += np.bincount(np.concatenate(waiting), minlength=slots).astype(np.int32)
            waiting, held = [], 0
    return table


def _rarest_first(hashes: Hashes, owner: Ints, table: NDArray[np.int32]) -> tuple[Hashes, NDArray[np.bool_]]:
    """Order the shingles of each row from rare to common, equally common ones by hash; tell which are not unique."""
    import numpy as np

    count = table[(hashes & np.uint64(len(table) - 1)).astype(np.int64)]
    capped = np.minimum(count, 2**24 - 1).astype(np.uint64)
    place = np.arange(len(hashes), dtype=np.uint64)
    packed = np.sort(owner.astype(np.uint64) << np.uint64(HASH_BITS) | capped << np.uint64(28) | place)
    order = (packed & np.uint64(2**28 - 1)).astype(np.int64)
    return hashes[order], count[order] > 1


def by_shingle(entries: Entries, sizes: Ints) -> tuple[Ints, Ints, Ints]:
    """Bring the entries of equal shingles together, smaller sets first; return rows, positions, group numbers.

    The key gives way to the place in the list where both do not fit 64 bits: two shingles may then form one
    group, which proposes pairs that verification drops.
    """
    import numpy as np

    by_size = np.argsort(sizes[entries.row], kind="stable")
    bits = max(1, len(by_size).bit_length())
    high = entries.key[by_size] << np.uint64(64 - HASH_BITS) >> np.uint64(bits) << np.uint64(bits)
    packed = np.sort(high | np.arange(len(by_size), dtype=np.uint64))
    order = (packed & np.uint64(2**bits - 1)).astype(np.int64)
    group = np.cumsum(run_starts(packed >> np.uint64(bits)))
    shared = np.bincount(group, minlength=1)[group] > 1
    order, group = by_size[order[shared]], group[shared]
    return entries.row[order], entries.position[order], np.cumsum(run_starts(group)) - 1


def run_starts(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark where a run of equal values begins."""
    import numpy as np

    return np.concatenate((np.ones(min(1, len(values)), dtype=bool), values[1:] != values[:-1]))
