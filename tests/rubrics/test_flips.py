"""Properties of the verdict over random measurements: the unknown never fires a rule, and flips do flip."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted import baselines, data, plan, report, scored

from rubrics.data_state import DataState
from rubrics.failures import Failures
from rubrics.flips import Flip
from rubrics.measured_parts import Agreement, Probe, Rung, Score
from rubrics.measurements import Measurements, from_report
from rubrics.money_parts import Economy
from rubrics.rulebook import Outcome
from rubrics.statistics import wilson
from rubrics.verdict import Verdict, decide, first_that_holds
from rubrics.verdict_flips import dials, find_flips
from rubrics.verdict_rules import RULES


def verdict(**changed) -> Verdict:
    return decide(from_report(report(**changed)))


# What is not known


shares = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(st.none(), strategy)


@st.composite
def scores(draw, n: int | None = None) -> Score:
    value, n = draw(shares), n or draw(st.integers(1, 2000))
    interval = wilson(value * n, n)
    return Score(value, interval.low, interval.high, n)


@st.composite
def measurements(draw) -> Measurements:
    n = draw(st.integers(1, 3000))
    names = draw(
        st.lists(
            st.sampled_from(["classifier", "zero_shot", "few_shot", "retrieval"]), min_size=1, unique=True
        )
    )
    rungs = tuple(
        sorted(
            (Rung(name, dev=draw(scores()), test=draw(maybe(scores(n)))) for name in names),
            key=lambda rung: rung.rank,
        )
    )
    answer = st.sampled_from(["yes", "no"])
    return Measurements(
        metric="accuracy",
        min_gain=draw(st.sampled_from([0.02, 0.05, 0.1])),
        target=draw(maybe(shares)),
        n=draw(maybe(st.just(n))),
        outcome=draw(maybe(st.sampled_from(["suited", "unsuited", "unclear"]))),
        answers=draw(
            st.dictionaries(st.sampled_from(["agreement", "economics", "fresh_facts", "creative"]), answer)
        ),
        data=DataState(
            train_rows=draw(maybe(st.integers(0, 5000))),
            leak_share=draw(maybe(st.sampled_from([0.0, 0.02, 0.3]))),
            conflict_share=draw(maybe(st.sampled_from([0.0, 0.1, 0.3]))),
            overlong=draw(maybe(st.integers(0, 2))),
            smallest_label=draw(maybe(st.integers(3, 30))),
        ),
        rungs=rungs,
        economy=Economy(
            *draw(st.tuples(*[maybe(st.floats(0, 100)) for _ in range(7)], maybe(st.integers(0, 10_000))))
        ),
        agreement=Agreement(*draw(st.tuples(*[maybe(st.floats(0.4, 1)) for _ in range(2)])), None),
        probe=Probe(draw(maybe(st.floats(-0.2, 0.6))), draw(maybe(st.booleans()))),
        failures=draw(maybe(st.just(Failures(missing_fact=7, other=3)))),
        discordance=draw(maybe(shares)),
    )


def blanked(m: Measurements, part: str, name: str) -> Measurements:
    if part == "answers":
        return dataclasses.replace(m, answers={key: value for key, value in m.answers.items() if key != name})
    if part:
        return dataclasses.replace(m, **{part: dataclasses.replace(getattr(m, part), **{name: None})})
    return dataclasses.replace(m, **{name: None})


BLANKS = (
    [("data", name) for name in ("train_rows", "leak_share", "conflict_share", "overlong", "smallest_label")]
    + [("economy", field.name) for field in dataclasses.fields(Economy) if field.name != "horizon_months"]
    + [("agreement", "judge"), ("agreement", "people"), ("probe", "high")]
    + [("answers", name) for name in ("agreement", "economics", "fresh_facts", "creative")]
    + [("", name) for name in ("n", "outcome", "failures", "discordance")]
)


@given(measurements(), st.sampled_from(BLANKS))
@settings(max_examples=300, deadline=None)
@pytest.mark.unmeasured
def test_what_becomes_unknown_never_makes_a_rule_hold(m, blank):
    known = {rule for rule, judge in RULES if judge(m).held}
    unknown = {rule for rule, judge in RULES if judge(blanked(m, *blank)).held}

    assert unknown <= known


def test_with_scores_alone_only_the_last_rule_holds():
    bare = {"task": {"metric": "accuracy"}, "baselines": [scored("few_shot", "dev", 0.6)]}

    result = decide(from_report(bare))

    assert result.rule == "R14"
    assert [entry.rule for entry in result.considered if entry.held] == ["R14"]


# What would flip it


def step_short(dial, value: float) -> float:
    """One step from the flip towards the present value, and not beyond it."""
    sign = 1 if value > dial.present else -1
    nearer = round(value - sign * dial.step, 6)
    return max(nearer, dial.present) if sign > 0 else min(nearer, dial.present)


@given(measurements())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.unmeasured
def test_a_flip_flips_at_its_value_and_not_a_step_before(m):
    result = decide(m)
    by_field = {dial.field: dial for dial in dials(m)}

    for flip in result.flip:
        for way in (flip, *flip.also):
            dial = by_field[way.field]
            assert first_that_holds(dial.move(way.value))[1].outcome == flip.outcome
            assert first_that_holds(dial.move(step_short(dial, way.value)))[1].outcome != flip.outcome
    outcomes = [flip.outcome for flip in result.flip]
    assert result.outcome not in outcomes
    assert len(set(outcomes)) == len(outcomes)


def flip_of(result: Verdict, field: str):
    """The way to another outcome by one number, whether it is the nearest or the next."""
    return next(
        Flip(way.field, way.value, flip.outcome, flip.text)
        for flip in result.flip
        for way in (flip, *flip.also)
        if way.field == field
    )


def test_flip_of_the_score_holds_when_the_report_is_written_anew():
    """Independent of the dials: a report with the printed score is decided from the start."""
    result = verdict(task=plan(target=0.65), baselines=baselines("few_shot", 0.6, 0.6))
    flip = flip_of(result, "baselines.few_shot.accuracy")

    def at(value: float) -> Outcome:
        return verdict(task=plan(target=0.65), baselines=baselines("few_shot", value, value)).outcome

    assert flip.outcome == Outcome.PROMPT_IS_ENOUGH
    assert at(flip.value) == flip.outcome
    assert at(flip.value - 0.001) != flip.outcome
    assert flip.text == (
        f"At {flip.value} on dev for the prompt with examples, with its test score moved as far, or with a "
        "target of 0.60, this becomes PROMPT_IS_ENOUGH."
    )


def test_flip_of_the_target_holds_when_the_report_is_written_anew():
    """Without a score on dev nothing else is near: the lower limit on test, 0.912, is the border."""
    tested = [scored("few_shot", "test", 0.94)]
    result = verdict(task=plan(target=0.95), baselines=tested)
    flip = flip_of(result, "task.target")

    assert (result.rule, flip.outcome, flip.value) == ("R14", Outcome.PROMPT_IS_ENOUGH, 0.912)
    assert verdict(task=plan(target=0.912), baselines=tested).outcome == flip.outcome
    assert verdict(task=plan(target=0.913), baselines=tested).outcome == result.outcome


def test_flip_of_the_rows_agrees_with_the_rows_asked_for():
    result = verdict(
        task=plan(target=0.65),
        discordance=0.1,
        data=data(test=200),
        baselines=baselines("few_shot", 0.6, 0.6, 200),
    )

    assert flip_of(result, "data.splits.test").value == 337
    assert flip_of(result, "data.splits.test").outcome == Outcome.FINE_TUNE


def test_training_rows_flip_at_the_threshold():
    assert flip_of(verdict(), "data.splits.train").value == 49
    assert flip_of(verdict(data=data(train=20)), "data.splits.train").value == 50


def test_a_narrow_band_is_entered_once_and_leaving_it_is_no_flip():
    m = from_report(report())

    def outcome_of(moved: Measurements) -> Outcome:
        return Outcome.FIX_DATA if 0.88 <= moved.target <= 0.89 else Outcome.FINE_TUNE

    (flip,) = find_flips(m, "R14", outcome_of)

    assert (flip.field, flip.value, flip.outcome) == ("task.target", 0.89, Outcome.FIX_DATA)


def test_score_is_not_moved_under_the_next_best_option():
    """There the ladder would have chosen the other one."""
    dial = next(dial for dial in dials(from_report(report())) if dial.field.startswith("baselines"))

    assert (dial.present, dial.low) == (0.6, 0.55)
