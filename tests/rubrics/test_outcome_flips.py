"""What would change the decision after training: every printed number does, and one step short of it does not."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubrics.compared import Compared, Guard, OtherOption, PairedResult
from rubrics.outcome import first_that_holds, judge
from rubrics.outcome_flips import find_outcome_flips, outcome_dials, recount


@st.composite
def comparisons(draw) -> Compared:
    n = draw(st.integers(20, 800))
    fixed = draw(st.integers(0, n // 2))
    paired = recount(fixed, draw(st.integers(0, n // 2)), n)
    if draw(st.booleans()):
        paired = dataclasses.replace(paired, fixed=None, broken=None)
    margin = draw(st.one_of(st.none(), st.sampled_from([0.02, 0.05])))
    return Compared(
        paired,
        draw(st.sampled_from([0.02, 0.05, 0.1])),
        margin=margin,
        saving=draw(st.booleans()),
        others=[draw(other_options(name, n)) for name in draw(st.sampled_from([(), ("a",), ("a", "b")]))],
    )


@st.composite
def other_options(draw, rung: str, n: int) -> OtherOption:
    rows = draw(st.integers(20, 300))
    lead = recount(draw(st.integers(0, rows // 2)), draw(st.integers(0, rows // 2)), rows)
    tested = recount(draw(st.integers(0, n // 2)), draw(st.integers(0, n // 2)), n)
    on_test = draw(st.one_of(st.none(), st.just(tested)))
    return OtherOption(rung, lead.difference, lead.low, lead.high, rows, on_test)


@given(comparisons())
@settings(max_examples=60, deadline=None)
def test_a_flip_flips_at_its_value_and_not_a_step_before(c):
    present = judge(c).outcome
    by_field = {dial.field: dial for dial in outcome_dials(c)}

    for flip in find_outcome_flips(c):
        assert flip.outcome != present
        for way in (flip, *flip.also):
            dial = by_field[way.field]
            sign = 1 if way.value > dial.present else -1
            short = round(way.value - sign * dial.step, 6)
            short = max(short, dial.present) if sign > 0 else min(short, dial.present)
            assert first_that_holds(dial.move(way.value))[1] == flip.outcome
            assert first_that_holds(dial.move(short))[1] != flip.outcome


def test_a_flip_by_counts_is_what_the_test_would_say_of_those_counts():
    """14 fixed and 8 broken of 100 cannot be told from chance; the flip names how many fixed ones could."""
    c = Compared(recount(14, 8, 100), min_gain=0.05)
    flip = next(flip for flip in find_outcome_flips(c) if flip.outcome == "SHIP_TUNED")

    ways = {way.field: way.value for way in (flip, *flip.also)}
    fixed = int(ways["comparison.fixed"])
    assert judge(Compared(recount(fixed, 8, 100), min_gain=0.05)).outcome == "SHIP_TUNED"
    assert judge(Compared(recount(fixed - 1, 8, 100), min_gain=0.05)).outcome == "INCONCLUSIVE"
    assert f"With {fixed} test rows fixed by training instead of 14" in flip.text or "broken" in flip.text


def test_an_interval_that_is_not_of_the_counts_is_moved_as_it_is():
    given_elsewhere = PairedResult(0.06, -0.2, 0.3, 0.6, 100, 14, 8)

    fields = [dial.field for dial in outcome_dials(Compared(given_elsewhere, 0.05))]

    assert "comparison.difference" in fields
    assert "comparison.fixed" not in fields


def test_a_guard_that_decided_says_what_fall_would_have_to_be_accepted():
    gained = Compared(
        PairedResult(0.2, 0.1, 0.3, 1e-6), min_gain=0.05, guards=[Guard("general", -0.06, -0.02, allowed=0.0)]
    )

    (flip,) = [flip for flip in find_outcome_flips(gained) if flip.outcome == "SHIP_TUNED"]

    # The upper limit of the fall, 2 points, must lie within what is allowed.
    assert (flip.field, flip.value) == ("guard.allowed", pytest.approx(0.02))
    assert "fall of 2 points on the guard set is accepted" in flip.text


def test_flips_name_what_is_known_of_another_option():
    """The gain over it, the lead on dev, the dev rows: each by itself ships what it kept from being shipped."""
    lead = recount(6, 8, 60)
    waiting = OtherOption("few_shot", lead.difference, lead.low, lead.high, 60)
    tested = dataclasses.replace(waiting, on_test=recount(160, 136, 400))
    better = recount(60, 20, 400)

    fields = {}
    for option in (waiting, tested):
        c = Compared(better, 0.05, others=[option])
        (flip,) = [flip for flip in find_outcome_flips(c) if flip.outcome == "SHIP_TUNED"]
        fields[option.on_test is None] = {flip.field, *(way.field for way in flip.also)}

    assert "comparison.contenders.few_shot.difference" in fields[True]
    assert "comparison.contenders.few_shot.on_test.difference" in fields[False]
