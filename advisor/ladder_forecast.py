"""What the ladder of cheap options will ask, before anything is asked: calls, tokens, money and time by rung.

The prompts are those that a run would send, written from the rows that a run would take. Files of many rows are
counted as they are read and known by a sample, so that the forecast does not take longer than the ladder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path
from typing import Literal

from advisor.budget import Allowance, allow, allow_unmeasured
from advisor.data.formats import Unreadable
from advisor.data.rows import Message, Row
from advisor.data.sources import opened
from advisor.data.splitting import stratified_sample, wanted_sizes
from advisor.data.streaming import Reservoir, stream_rows
from advisor.models.at_hand import ModelAtHand, model_at_hand
from advisor.models.counting import count_with
from advisor.pace import Pace, known_pace
from advisor.plan import Plan
from advisor.plan_files import DEV_SHARE, divided, read_files
from advisor.rungs import classifier
from advisor.rungs.context_length import room_by_tokens, too_long
from advisor.rungs.prompts import Prompt, zero_shot
from advisor.stages.baseline import prompts_of
from advisor.walk import check_test_rows, needs_local_model

EXACT_ROWS = 5_000
"""Up to so many rows of all files together are divided as a run divides them; of more only the number is known."""
_SAMPLED = 256
"""Rows of a split whose prompts are written and counted; all of them where there are no more."""
_CHECK_ROWS = 256
_LONGEST = 16
"""Rows that are written out to see whether a prompt fits into the model's context."""
_BYTES_PER_TOKEN = 4
"""Of UTF-8 text, where no tokenizer is at hand: the usual rule of thumb for English; ours for other scripts."""

FORECAST_FIELDS = (
    "data", "train", "dev", "test", "task", "rungs", "prompt_file", "model", "endpoint", "endpoint_model",
    "max_minutes", "precision", "method", "no_train", "seed", "cluster_field", "slices",
)  # fmt: skip
"""Plan fields that the forecast reads; a price is reckoned where it is shown."""


@dataclass(frozen=True)
class Amount:
    """Calls of a model, and the tokens in and out of them."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Amount) -> Amount:
        """Return both together."""
        return Amount(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True)
class RungForecast:
    """One rung.

    Attributes:
        dev: what it asks about dev.
        test: what it asks about test if it is scored there.
        on_test: that is certain (the plain prompt), or depends on whether it wins on dev.
        skipped: why it is left out; empty where it is not.
    """

    rung: str
    dev: Amount = Amount()
    test: Amount = Amount()
    on_test: Literal["always", "if_best", "never"] = "if_best"
    skipped: str = ""


@dataclass(frozen=True)
class LadderForecast:
    """What the ladder takes.

    Attributes:
        train: rows that examples and labels are taken from.
        dev, test: rows that are asked about.
        exact: the rows were divided as a run divides them; else their numbers differ a little.
        rungs: in the order of their cost.
        least, most: of all rungs together; they differ by which rung wins on dev.
        counted: how tokens were counted: by the model's tokenizer, or estimated from the letters.
        pace: how fast the model answered in an earlier run; None where that has to be measured first.
        reductions: what a time limit takes away, sentences.
        limit_waits: a time limit may take rows away, which is known once the speed is measured.
    """

    train: int
    dev: int
    test: int
    exact: bool
    rungs: tuple[RungForecast, ...]
    least: Amount
    most: Amount
    counted: Literal["tokenizer", "letters"]
    pace: Pace | None = None
    reductions: tuple[str, ...] = ()
    limit_waits: bool = False

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Least and most time; None before the speed is known."""
        if self.pace is None:
            return None
        return self.pace.seconds(self.least.calls), self.pace.seconds(self.most.calls)


def forecast_ladder(
    plan: Plan, *, runs: Path | None = None, own: Path | None = None, check: Callable[[], None] = lambda: None
) -> LadderForecast:
    """Forecast the ladder of a plan; reads its data files, asks nothing, fetches nothing.

    Args:
        runs: folder of earlier runs, which know how fast the model is; None looks into none.
        own: the run of this plan, where it has begun.
        check: called every few rows; raises where the forecast is no longer wanted.

    Raises:
        Fault: rows or prompt cannot be used, or nothing could be measured with them; as a run would say it.
    """
    check_test_rows(plan)
    rows = _rows_of(plan, check)
    prompts, skipped = prompts_of(plan, rows.train)
    if "classifier" in plan.rungs and (reason := classifier.applies(rows.train)):
        skipped["classifier"] = reason
    # An endpoint's tokenizer is not at hand, and another model's would be no better than a rule of thumb.
    model = model_at_hand(plan.model) if plan.endpoint is None else None
    counting = _counting(plan, model)
    pace = _pace(plan, rows, counting, runs, own)
    allowance, waits = _allowance(plan, rows, pace)
    if model is not None and rows.exact:
        skipped |= _do_not_fit(plan, model, prompts, rows, allowance, counting.count)
    rungs = tuple(
        _rung(rung, prompts.get(rung), skipped, rows, allowance, counting.count) for rung in plan.rungs
    )
    least, most = _totals(rungs)
    return LadderForecast(
        train=rows.sizes[0],
        dev=allowance.dev_rows,
        test=allowance.test_rows,
        exact=rows.exact,
        rungs=rungs,
        least=least,
        most=most,
        counted=counting.how,
        pace=pace,
        reductions=allowance.reductions,
        limit_waits=waits,
    )


# Rows ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rows:
    """Rows of the splits, or samples of them, and how many there are."""

    train: Sequence[Row]
    dev: Sequence[Row]
    test: Sequence[Row]
    sizes: tuple[int, int, int]
    exact: bool


@dataclass(frozen=True)
class _Surveyed:
    """A file that was read through: how many rows it has, and a sample of them."""

    count: int
    sample: list[Row]


def _rows_of(plan: Plan, check: Callable[[], None]) -> _Rows:
    surveyed = {name: _survey(path, check) for name, path in plan.files().items()}
    if sum(file.count for file in surveyed.values()) <= EXACT_ROWS:
        split = divided(read_files(plan), plan.seed)
        sizes = len(split.train), len(split.dev), len(split.test)
        return _Rows(split.train, split.dev, split.test, sizes, exact=True)
    return _sampled(surveyed)


def _survey(path: Path, check: Callable[[], None]) -> _Surveyed:
    kept: Reservoir[Row] = Reservoir(2 * _SAMPLED)
    count = 0
    with opened(path) as source:
        for read in stream_rows(source):
            count += 1
            if count % _CHECK_ROWS == 0:
                check()
            if not isinstance(read.row, Unreadable):
                kept.take(replace(read.row, id=str(count)))
    return _Surveyed(count, kept.kept)


def _sampled(files: Mapping[str, _Surveyed]) -> _Rows:
    """Sizes as they are wanted; what the division finds differs by whole groups of alike rows."""
    if "data" in files:
        data = files["data"]
        train, dev, test = (round(size) for size in wanted_sizes(data.count))
        return _Rows(data.sample, data.sample, data.sample, (train, dev, test), exact=False)
    train_file, test_file = files["train"], files["test"]
    dev_file = files.get("dev")
    dev = dev_file.count if dev_file else max(1, round(DEV_SHARE * train_file.count))
    train = train_file.count - (0 if dev_file else dev)
    dev_rows = (dev_file or train_file).sample
    return _Rows(train_file.sample, dev_rows, test_file.sample, (train, dev, test_file.count), exact=False)


def _thinned(rows: Sequence[Row]) -> Sequence[Row]:
    """Rows spread over the whole, at most `_SAMPLED`."""
    if len(rows) <= _SAMPLED:
        return rows
    return [rows[at * len(rows) // _SAMPLED] for at in range(_SAMPLED)]


# Tokens -------------------------------------------------------------------------------------------------------------

_Count = Callable[[Sequence[Row]], list[tuple[int, int]]]


@dataclass(frozen=True)
class _Counting:
    how: Literal["tokenizer", "letters"]
    count: _Count


def _counting(plan: Plan, model: ModelAtHand | None) -> _Counting:
    if model is None:
        return _Counting("letters", _by_letters)
    return _Counting("tokenizer", count_with(model.codec, plan.model))


def _by_letters(rows: Sequence[Row]) -> list[tuple[int, int]]:
    return [
        (sum(_estimate(turn["content"]) for turn in row.messages), _estimate(row.answer) + 1) for row in rows
    ]


def _estimate(text: str) -> int:
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


def _asked(prompt: Prompt, rows: Sequence[Row], count: _Count, asked: int) -> Amount:
    """Tokens of `asked` calls, by those of the rows at hand; answers are taken to be as long as the references."""
    if not rows or not asked:
        return Amount(asked)
    some = _thinned(rows)
    counts = count([_with_prompt(row, prompt(row)) for row in some])
    prompt_tokens, completion_tokens = (sum(part) / len(some) for part in zip(*counts, strict=True))
    return Amount(asked, round(prompt_tokens * asked), round(completion_tokens * asked))


def _with_prompt(row: Row, messages: tuple[Message, ...]) -> Row:
    return replace(row, messages=messages)


# Rungs --------------------------------------------------------------------------------------------------------------


def _do_not_fit(
    plan: Plan,
    model: ModelAtHand,
    prompts: Mapping[str, Prompt],
    rows: _Rows,
    allowance: Allowance,
    count: _Count,
) -> dict[str, str]:
    """Rungs that a run will leave out for their length.

    Known by the rows with the most letters, which are not always those with the most tokens: what is said to be left
    out is left out, and what just exceeds the context may be missed.
    """
    by_answer = sorted((*rows.train, *rows.dev, *rows.test), key=lambda row: len(row.answer), reverse=True)
    longest_answer = max((answer for _prompt, answer in count(by_answer[:_LONGEST])), default=0)
    dev = stratified_sample(rows.dev, allowance.dev_rows, plan.seed)
    test = stratified_sample(rows.test, allowance.test_rows, plan.seed)
    longest = sorted((*dev, *test), key=lambda row: len(row.prompt), reverse=True)[:_LONGEST]
    return too_long(model.codec, model.context_length, prompts, longest, room_by_tokens(longest_answer))


def _rung(
    rung: str,
    prompt: Prompt | None,
    skipped: Mapping[str, str],
    rows: _Rows,
    allowance: Allowance,
    count: _Count,
) -> RungForecast:
    if rung in skipped:
        return RungForecast(rung, on_test="never", skipped=skipped[rung])
    on_test: Literal["always", "if_best"] = "always" if rung == "zero_shot" else "if_best"
    if prompt is None:
        return RungForecast(rung, on_test=on_test)
    dev = _asked(prompt, rows.dev, count, allowance.dev_rows)
    test = _asked(prompt, rows.test, count, allowance.test_rows)
    return RungForecast(rung, dev, test, on_test)


def _totals(rungs: Sequence[RungForecast]) -> tuple[Amount, Amount]:
    """What is asked in all, with the cheapest and with the dearest winner on dev."""
    asked = [rung for rung in rungs if not rung.skipped]
    certain = [rung.dev for rung in asked] + [rung.test for rung in asked if rung.on_test == "always"]
    base = reduce(add, certain, Amount())
    winners = [Amount() if rung.on_test == "always" else rung.test for rung in asked] or [Amount()]
    by_cost = sorted(winners, key=lambda amount: (amount.calls, amount.prompt_tokens))
    return base + by_cost[0], base + by_cost[-1]


def _pace(plan: Plan, rows: _Rows, counting: _Counting, runs: Path | None, own: Path | None) -> Pace | None:
    some = _thinned(rows.dev)
    if not some:
        return None
    prompt = zero_shot(plan.task)
    counts = counting.count([_with_prompt(row, prompt(row)) for row in some])
    prompt_tokens, answer_tokens = (sum(part) / len(some) for part in zip(*counts, strict=True))
    return known_pace(plan, runs, prompt_tokens=prompt_tokens, answer_tokens=answer_tokens, own=own)


def _allowance(plan: Plan, rows: _Rows, pace: Pace | None) -> tuple[Allowance, bool]:
    """Rows that are asked about, and whether a time limit may still take some away."""
    _train, dev, test = rows.sizes
    everything = Allowance(dev, test, ())
    if plan.max_minutes is None:
        return everything, False
    if not needs_local_model(plan):
        return allow_unmeasured(dev, test), False
    if pace is None or pace.speed is None:
        return everything, True
    asked = sum(rung != "classifier" for rung in plan.rungs)
    seconds = 60 * plan.max_minutes
    return allow(seconds=seconds, speed=pace.speed, asked_rungs=asked, dev_rows=dev, test_rows=test), False
