"""Tagged failures: read in every form, counted into an answer to S10, and into wrong labels."""

from __future__ import annotations

import pytest
from planted import answers, report

from rubrics.errors import ExitCode, Fault
from rubrics.failures import Failures, answer_from_tags, label_error_from_tags, read_failures
from rubrics.measurements import from_report
from rubrics.reading import Field
from rubrics.rulebook import load_rulebook

LIMITS = load_rulebook().limits


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        ([], None),
        ([{"id": "a", "tag": None}, {"id": "b"}], None),
        (
            [{"id": "a", "tag": "format"}, {"id": "b", "tag": "missing_fact"}],
            Failures(format=1, missing_fact=1),
        ),
        ({"format": 3, "bad_label": 2}, Failures(format=3, bad_label=2)),
        ({"tagged": 20, "missing_facts": 11}, Failures(missing_fact=11, other=9)),
    ],
)
def test_every_form_is_read(given, read):
    assert read_failures(Field(given, "failures")) == read


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ([{"id": "a", "tag": "typo"}], "failures[0].tag"),
        ({"typo": 3}, "failures.typo"),
        ({"tagged": 3, "missing_facts": 4}, "failures.missing_facts"),
        ({"format": -1}, "failures.format"),
        ("format", "failures"),
    ],
)
def test_what_is_no_tag_is_named(given, where):
    with pytest.raises(Fault) as caught:
        read_failures(Field(given, "failures"))

    assert (caught.value.where, caught.value.code) == (where, ExitCode.WRONG_USE)


@pytest.mark.parametrize(
    ("failures", "answer"),
    [
        (Failures(format=5, wrong_pattern=4), None),  # nine are too few
        (Failures(format=4, wrong_pattern=5, missing_fact=1), "yes"),
        (Failures(missing_fact=9, wrong_pattern=1), "no"),
        (Failures(missing_fact=6, wrong_pattern=4), None),  # six of ten may be half of all
        (Failures(missing_fact=21, wrong_pattern=9), "no"),  # the same share of thirty is not
        (Failures(missing_fact=5, wrong_pattern=5), None),  # half is not most
        (Failures(bad_label=8, wrong_pattern=2), None),  # neither pattern nor fact
        (None, None),
    ],
)
def test_s10_is_answered_by_counting(failures, answer):
    assert answer_from_tags(failures, LIMITS) == answer


def test_a_persons_answer_goes_before_the_count():
    tags = {"wrong_pattern": 20}

    assert from_report(report(failures=tags)).answers["failures"] == "yes"
    assert from_report(report(failures=tags, suitability=answers(failures="no"))).answers["failures"] == "no"


def test_wrong_references_lower_the_ceiling_unless_an_audit_is_given():
    tags = {"bad_label": 15, "wrong_pattern": 15}

    assert label_error_from_tags(Failures(**tags), 0.6, LIMITS) == pytest.approx(0.2)
    assert from_report(report(failures=tags)).ceiling == pytest.approx(0.8)
    assert from_report(report(failures=tags, agreement={"label_error": 0.1})).ceiling == pytest.approx(0.9)


def test_counts_are_said_with_the_commonest_first():
    words = Failures(format=2, missing_fact=9).in_words()

    assert words == "11 failures are tagged: 9 missing facts, 2 failures of format"
