"""Dividing rows into train, dev and test without letting the test leak.

Rows that are the same case in other words (equal or nearly equal prompts, or one `Row.group`) form a group that
is never divided, since a score on a test row whose twin was trained on measures memory. Groups are dealt out one
after another to the split that lacks most, counted over all rows and over the label, which keeps sizes and label
shares close to what was asked without a search.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.data.findings import grouped, label_set
from advisor.data.rows import Row
from advisor.data.similarity import components, near_groups
from rubrics.errors import ExitCode, Fault
from rubrics.text import nfc, norm

MIN_TEST_FROM_ROWS = 250
"""From this many rows on, the test split has at least `min_test` rows (contract, `advisor decide`)."""

LEAST_TEST_FROM_ROWS, LEAST_TEST = 130, 30
"""From this many rows on, as many test rows as anything is decided on (R2): a fifth of 140 rows would be 28. Of fewer rows
30 are too large a part to be taken from training unasked."""

NAMES = ("train", "dev", "test")
_TOLERANCE = 0.02
FRACTIONS = (0.7, 0.1, 0.2)
"""Of train, dev and test (contract, `advisor decide`)."""
MIN_TEST = 100


@dataclass(frozen=True, slots=True)
class Split:
    """Three parts of the rows, each in the order of the file.

    Attributes:
        train, dev, test: empty only where no row was asked for.
        reasons: why sizes differ from what was asked by more than 2 points; empty where they do not.
        left_out: rows that no part asked for.
    """

    train: tuple[Row, ...]
    dev: tuple[Row, ...]
    test: tuple[Row, ...]
    reasons: tuple[str, ...] = ()
    left_out: tuple[Row, ...] = ()


def split_rows(
    rows: Sequence[Row],
    *,
    seed: int,
    fractions: tuple[float, float, float] = FRACTIONS,
    min_test: int = MIN_TEST,
) -> Split:
    """Divide rows into train, dev and test (rule D4), the same way for the same rows and seed.

    Args:
        rows: in any order.
        seed: chooses among equally good splits.
        fractions: of train, dev and test; their sum is 1, dev or test may be 0.
        min_test: least test rows where there are 250 rows or more, and 30 of them from 130 rows on; dev and train
            give way in proportion.

    Raises:
        Fault: code 3, fewer rows than give each split one, or fewer groups of near duplicates than splits.
    """
    least = math.ceil(1 / min(filter(None, fractions)) - 1e-9)
    if len(rows) < least:
        raise _too_few(f"{len(rows)} rows are too few to split", f"at least {least} rows are needed")
    wanted = wanted_sizes(len(rows), fractions, min_test)
    return _split(rows, wanted, [1, 1, _least_test(len(rows), wanted[2], min_test)], seed)


def wanted_sizes(
    rows: int, fractions: tuple[float, float, float] = FRACTIONS, min_test: int = MIN_TEST
) -> tuple[float, float, float]:
    """Return how many rows `split_rows` wants in train, dev and test; what it finds differs by whole groups."""
    train, dev, test = (fraction * rows for fraction in fractions)
    least = _least_test(rows, test, min_test)
    if not 0 < test < least:
        return train, dev, test
    rest = (rows - least) / (train + dev)
    return train * rest, dev * rest, float(least)


def _least_test(rows: int, wanted: float, min_test: int) -> int:
    if not wanted or rows < LEAST_TEST_FROM_ROWS:
        return 1
    least = min_test if rows >= MIN_TEST_FROM_ROWS else min(min_test, LEAST_TEST)
    return max(1, min(least, rows - 2))


def split_by_size(rows: Sequence[Row], sizes: tuple[int, int, int], *, seed: int) -> Split:
    """Divide rows into train, dev and test of about these sizes, by the rules of `split_rows`.

    Args:
        rows: in any order.
        sizes: of train, dev and test; none is negative, dev or test may be 0. Rows beyond their sum are left out.
        seed: chooses among equally good splits.

    Raises:
        Fault: code 3, more rows are asked for than there are, or they form fewer groups than there are parts.
    """
    if sum(sizes) > len(rows):
        raise _too_few(f"{sum(sizes):,} rows are asked for", f"there are {len(rows):,}: ask for fewer")
    return _split(rows, sizes, [1, 1, 1], seed)


def _split(rows: Sequence[Row], wanted: Sequence[float], floors: Sequence[int], seed: int) -> Split:
    """Divide into the parts that have a size, and what is left over."""
    over = len(rows) - sum(wanted)
    asked = dict(zip(NAMES, zip(wanted, floors, strict=True), strict=True))
    asked = {name: pair for name, pair in asked.items() if pair[0]}
    sizes, least = [size for size, _ in asked.values()], [floor for _, floor in asked.values()]
    extra = [over] if over >= 1 else []
    divided, largest = _divide(rows, [*sizes, *extra], [*least, *(0 for _ in extra)], seed)
    parts = {
        name: tuple(rows[at] for at in part) for name, part in zip([*asked, "over"], divided, strict=False)
    }
    reasons = _reasons({name: len(parts[name]) for name in asked}, sizes, len(rows), largest)
    train, dev, test, left_out = (parts.get(name, ()) for name in (*NAMES, "over"))
    return Split(train, dev, test, reasons, left_out)


def carve_dev(train_rows: Sequence[Row], seed: int, size: int) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Divide given training rows into (train, dev) by the rules of `split_rows`, with about `size` dev rows.

    Raises:
        Fault: code 3, the rows leave nothing to train on, or are one group of near duplicates.
    """
    if not 0 < size < len(train_rows):
        needed = f"at least {size + 1} training rows are needed for {size} dev rows"
        raise _too_few(f"{len(train_rows)} training rows are too few", needed)
    parts, _ = _divide(train_rows, [len(train_rows) - size, size], [1, 1], seed)
    train, dev = (tuple(train_rows[index] for index in part) for part in parts)
    return train, dev


def stratified_sample(rows: Sequence[Row], n: int, seed: int) -> tuple[Row, ...]:
    """Draw exactly min(n, rows) rows without replacement, in the order of the file.

    Where labels are closed each keeps its share of the rows, to within one row.
    """
    if n >= len(rows):
        return tuple(rows)
    shuffled = random.Random(seed)  # noqa: S311
    strata: list[list[int]] = list(grouped(_labels(rows)).values())
    quotas = [n * len(stratum) / len(rows) for stratum in strata]
    sizes = [math.floor(quota) for quota in quotas]
    order = sorted(range(len(strata)), key=lambda at: (sizes[at] - quotas[at], shuffled.random()))
    for at in order[: n - sum(sizes)]:
        sizes[at] += 1
    chosen = [
        index for stratum, size in zip(strata, sizes, strict=True) for index in shuffled.sample(stratum, size)
    ]
    return tuple(rows[index] for index in sorted(chosen))


def groups_of(rows: Sequence[Row]) -> list[list[int]]:
    """Return the indices of rows that must stay together: equal or near prompts (D2), or the same `group`."""
    prompts = [norm(row.prompt) for row in rows]
    distinct = {prompt: at for at, prompt in enumerate(dict.fromkeys(prompts))}
    named = {
        name: len(distinct) + at for at, name in enumerate({row.group: None for row in rows if row.group})
    }
    links = [
        (distinct[prompt], named[row.group]) for prompt, row in zip(prompts, rows, strict=True) if row.group
    ]
    by_name = ([prompt for prompt, _ in links], [name for _, name in links])
    by_text = (list(range(len(distinct))), _first_of_label(near_groups(list(distinct)).labels.tolist()))
    labels = components(len(distinct) + len(named), [by_name, by_text])
    return list(grouped([labels[distinct[prompt]] for prompt in prompts]).values())


def _first_of_label(labels: Sequence[int]) -> list[int]:
    """Return for each item the first one with its label."""
    first: dict[int, int] = {}
    return [first.setdefault(label, at) for at, label in enumerate(labels)]


def _divide(
    rows: Sequence[Row], wanted: Sequence[float], floors: Sequence[int], seed: int
) -> tuple[list[list[int]], int]:
    """Return sorted row indices for each part, and the size of the largest group."""
    groups = groups_of(rows)
    if len(groups) < len(wanted):
        what = f"the rows form {len(groups)} groups of equal or nearly equal prompts"
        raise _too_few(what, f"at least {len(wanted)} groups are needed, since a group is never divided")
    parts = _deal(groups, _labels(rows), [size / len(rows) for size in wanted], seed)
    _fill_up(parts, floors)
    return [sorted(index for group in part for index in group) for part in parts], max(map(len, groups))


def _deal(
    groups: Sequence[list[int]], labels: Sequence[str], shares: Sequence[float], seed: int
) -> list[list[list[int]]]:
    """Give each group to the part that lacks most; large groups first, while there is room to make up."""
    shuffled = random.Random(seed)  # noqa: S311
    order = sorted(groups, key=lambda group: (-len(group), labels[group[0]], shuffled.random()))
    parts: list[list[list[int]]] = [[] for _ in shares]
    lacking = [0.0] * len(shares)
    lacking_label: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(shares))
    for group in order:
        counts = Counter(labels[index] for index in group)
        for part, share in enumerate(shares):
            lacking[part] += share * len(group)
            for label, count in counts.items():
                lacking_label[label][part] += share * count
        need = [
            lacking[part]
            + sum(lacking_label[label][part] * count / len(group) for label, count in counts.items())
            for part in range(len(shares))
        ]
        chosen = max(range(len(shares)), key=lambda part: (need[part], shares[part]))
        parts[chosen].append(group)
        lacking[chosen] -= len(group)
        for label, count in counts.items():
            lacking_label[label][chosen] -= count
    return parts


def _fill_up(parts: list[list[list[int]]], floors: Sequence[int]) -> None:
    """Move small groups until no part is empty and, as far as groups allow, each has its least rows."""

    def spare(part: int) -> int:
        return sum(map(len, parts[part])) - floors[part]

    for part in range(len(parts)):
        while spare(part) < 0:
            givers = [other for other in range(len(parts)) if other != part and len(parts[other]) > 1]
            giver = max(givers, key=spare, default=part)
            if giver == part or (parts[part] and spare(giver) <= 0):
                break
            # Dealt in order of size: the last group is the smallest.
            parts[part].append(parts[giver].pop())


def _labels(rows: Sequence[Row]) -> list[str]:
    """Return the stratum of each row: its label, or one stratum for all where the answers are open."""
    written = [nfc(row.answer).strip() for row in rows]
    return written if label_set(written) is not None else [""] * len(rows)


def _reasons(found: Mapping[str, int], wanted: Sequence[float], total: int, largest: int) -> tuple[str, ...]:
    return tuple(
        f"{name} has {size} of {total} rows where {asked:.0f} were asked: a group of {largest} rows with"
        " equal or nearly equal prompts cannot be divided"
        for (name, size), asked in zip(found.items(), wanted, strict=True)
        if abs(size - asked) > max(1, _TOLERANCE * total)
    )


def _too_few(what: str, needed: str) -> Fault:
    return Fault(
        what, fix=f"{needed}: add rows, or give train and test files of your own", code=ExitCode.BAD_DATA
    )
