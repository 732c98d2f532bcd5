"""The table of metrics: what each declares, and how its options arrive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.errors import ExitCode, Fault
from rubrics.scoring import (
    FORGIVING,
    METRICS,
    Options,
    deciding_metric,
    format_failures,
    scorer,
    unused_options,
)

GIVEN = Options(schema={}, pattern="x", tolerance="1", labels=("x", "y"))
ANSWERS = [
    "",
    '[{"name": "f", "arguments": {}}]',
    "x",
    "X.",
    "서울",
    "42",
    '{"a": 1}',
    "I cannot help",
    "\x00",
    "a" * 2_000,
]


@pytest.mark.parametrize("name", METRICS)
def test_scores_lie_between_0_and_1_and_binary_ones_at_the_ends(name):
    metric = METRICS[name]
    references = [text for text in ANSWERS if not metric.reference_problem(text)]
    score = scorer(name, GIVEN)

    found = {score(answer, [reference]) for answer in ANSWERS for reference in references}

    assert references
    assert all(0 <= value <= 1 for value in found)
    assert not metric.binary or found <= {0.0, 1.0}


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_says_what_it_is_for(name):
    assert len(METRICS[name].description) > 30
    assert METRICS[name].description.endswith(".")


def test_only_scores_of_rows_that_are_better_when_higher_decide():
    assert {name for name, metric in METRICS.items() if not metric.decides} == {
        "macro_f1",
        "label_macro_f1",
        "refusal_rate",
    }
    assert deciding_metric("chrf").name == "chrf"
    for name in ("macro_f1", "refusal_rate"):
        with pytest.raises(Fault, match="cannot decide") as raised:
            deciding_metric(name)
        assert raised.value.code == ExitCode.WRONG_USE
        assert "label_match" in raised.value.fix


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("schema_validity", "--schema"),
        ("format_adherence", "--pattern"),
        ("label_match", "the closed set of labels"),
    ],
)
def test_a_missing_option_is_named(name, flag):
    with pytest.raises(Fault, match=f"needs {flag}") as raised:
        scorer(name, Options())

    assert raised.value.code == ExitCode.WRONG_USE


def test_options_arrive():
    assert scorer("numeric_match", Options(tolerance="1"))("8", ["7"]) == 1.0
    assert scorer("numeric_match", Options())("8", ["7"]) == 0.0
    assert scorer("format_adherence", Options(pattern="a+"))("aa", []) == 1.0
    assert scorer("schema_validity", Options(schema={"type": "array"}))("{}", []) == 0.0
    assert scorer("label_match", Options(labels=("a", "b")))("it is a", ["a"]) == 1.0


def test_an_option_that_nothing_reads_is_told():
    assert unused_options(["exact_match"], GIVEN) == ["schema", "pattern", "tolerance"]
    assert unused_options(["numeric_match", "schema_validity"], GIVEN) == ["pattern"]
    assert unused_options(["exact_match"], Options()) == []


rights = st.lists(st.sampled_from([(1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]), min_size=1)


@given(rights)
def test_failures_of_form_add_up(rows):
    found = format_failures([strict for strict, _ in rows], [forgiving for _, forgiving in rows])

    assert found.n == len(rows)
    assert (found.right, found.form, found.wrong) == tuple(map(rows.count, [(1, 1), (0, 1), (0, 0)]))
    assert found.share == pytest.approx(found.form / len(rows))
    assert 0 <= found.share <= found.share_of_failures <= 1 or found.form == found.wrong == 0


def test_failures_of_form_need_right_or_wrong():
    with pytest.raises(ValueError, match="right/wrong"):
        format_failures([0.5], [1])
    with pytest.raises(ValueError, match="at least one row"):
        format_failures([], [])
    assert all(METRICS[name].binary for pair in FORGIVING.items() for name in pair)


@pytest.mark.parametrize(("strict", "forgiving"), FORGIVING.items())
@given(answer=st.text(max_size=20))
def test_what_is_strictly_right_is_right_in_any_form(strict, forgiving, answer):
    options = Options(labels=("yes", "no", answer))
    references = ['{"a": 1}'] if strict.startswith("json") else ["yes"]
    for text in (answer, references[0]):
        assert scorer(strict, options)(text, references) <= scorer(forgiving, options)(text, references)


def test_knowing_the_metrics_loads_nothing_heavy():
    heavy = {
        "numpy",
        "scipy",
        "sklearn",
        "regex",
        "yaml",
        "jsonschema",
        "rouge_score",
        "nltk",
        "sacrebleu",
        "evaluate",
    }
    code = f"import sys, rubrics.scoring; sys.exit(len({heavy!r} & set(sys.modules)))"

    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], check=False).returncode
        == 0
    )
