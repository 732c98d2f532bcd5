"""The report as a page: what a person hands on, with the model's words as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from advisor.predictions import Prediction, write_predictions
from advisor.report.markdown import render

HOSTILE = "a|b `code` <img src=x onerror=alert(1)> **bold** _it_ [link](http://x) ![p](http://x) &lt; \\| \x1b[31m\x07\u202e\nnext"


def prediction(name: str, text: str, right: bool) -> Prediction:
    scores = dict.fromkeys(("exact_match", "squad_exact_match", "token_f1"), float(right))
    prompt = [{"role": "system", "content": "task"}, {"role": "user", "content": f"message of {name}"}]
    return Prediction(id=name, prompt=prompt, reference="the reference", prediction=text, scores=scores)


def answers(run: Path, baseline: list[tuple[str, bool]], tuned: list[tuple[str, bool]]) -> Path:
    for system, found in (("best_baseline", baseline), ("tuned", tuned)):
        rows = [prediction(f"t{at}", text, right) for at, (text, right) in enumerate(found)]
        write_predictions(run / "evaluation" / f"{system}.test.jsonl", rows)
    return run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """One row that both got right, one that was fixed and one that was broken."""
    return answers(
        tmp_path,
        [("same", True), ("cheap and wrong", False), ("cheap and right", True)],
        [("same", True), ("tuned and right", True), (HOSTILE, False)],
    )


def tables(page: str) -> list[list[list[str]]]:
    """Every table of the page as a renderer reads it: rows of the text in their cells."""
    found: list[list[list[str]]] = []
    cell = False
    for token in MarkdownIt("commonmark").enable("table").parse(page):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            cell = True
        elif token.type == "inline" and cell:
            assert token.children is not None
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special"}, (kinds, token.content)
            found[-1][-1].append("".join(child.content for child in token.children))
            cell = False
    return found


def section(page: str, title: str) -> str:
    return page.partition(f"## {title}")[2].partition("\n## ")[0]


def test_the_page_begins_with_the_outcome_and_what_to_do(make_report, run):
    page = render(make_report(), run)

    assert page.startswith("# Route the message\n\n**SHIP_TUNED.** Ship the tuned model.")
    assert page.index("## On the same test rows") < page.index("## Verdict") < page.index("## Cheap options")


def test_numbers_stand_with_n_interval_and_split(make_report, run):
    page = render(make_report(), run)

    assert next(row[:3] for table in tables(page) for row in table if row[0].startswith("base model")) == [
        "base model, no examples",
        "100",
        "0.200 [0.150, 0.250]",
    ]
    assert "+0.300 [+0.200, +0.400] (95%), exact McNemar: p = 1e-07, n = 100." in page
    assert "Fixed 32, broken 2, both right 58, both wrong 8." in page
    assert "- Reduced: 400 of 3,000 test rows are scored (time limit)." in page


def test_broken_rows_come_before_fixed_ones(make_report, run):
    page = render(make_report(), run)

    assert page.index("### Broken (1)") < page.index("### Fixed (1)")
    assert "cheap and right" in section(page, "Row by row").partition("### Fixed")[0]
    assert "tuned and right" in page.partition("### Fixed")[2]
    assert "| t0 |" not in page


def test_model_output_is_text_in_one_cell_whatever_it_holds(make_report, run):
    page = render(make_report(), run)

    [shown] = [row for table in tables(page) for row in table if row[0] == "t2"]
    assert shown == [
        "t2",
        "message of t2",
        "the reference",
        "cheap and right",
        "a|b `code` <img src=x onerror=alert(1)> **bold** _it_ [link](http://x) ![p](http://x) &lt; \\| [31m next",
    ]
    assert all(char.isprintable() or char == "\n" for char in page)
    assert "<img" not in page


def test_a_long_answer_is_cut_and_its_escapes_stay_whole(make_report, tmp_path):
    run = answers(tmp_path, [("x", True)], [("|" * 400, False)])

    [shown] = [row for table in tables(render(make_report(), run)) for row in table if row[0] == "t0"]

    assert shown[-1] == "|" * 119 + "…"


def test_label_names_are_not_cluttered_by_escapes(make_report, tmp_path):
    run = answers(tmp_path, [("x", True)], [("card_arrival", False)])

    assert "card_arrival" in render(make_report(), run)


def test_many_rows_are_shown_up_to_ten(make_report, tmp_path):
    run = answers(tmp_path, [("x", True)] * 25, [("y", False)] * 25)

    page = render(make_report(), run)

    assert "### Broken (25)" in page
    assert "and 15 more in `evaluation/`" in page
    assert "### Fixed (0)\n\nNone." in page


def test_rows_that_stand_in_train_are_not_among_the_flipped(make_report, run):
    data = make_report().data.model_copy(update={"leaked": ["t2"]})

    assert "### Broken (0)" in render(make_report().model_copy(update={"data": data}), run)


def test_a_name_of_a_model_cannot_break_the_table(make_report, tmp_path):
    report = make_report(comparison=None, evaluations=[])
    odd = [entry.model_copy(update={"model": "a|b"}) for entry in report.baselines]

    page = render(report.model_copy(update={"baselines": odd}), tmp_path)

    ladder = next(table for table in tables(page) if table[0][0] == "rung")
    assert {(len(row), row[1]) for row in ladder[1:]} == {(8, "a|b")}


def test_the_command_is_a_block_that_its_own_text_cannot_leave(make_report, run):
    command = "advisor run --task 'one\n\n# two ```\n'"
    part = make_report().run.model_copy(update={"command": command})

    page = render(make_report().model_copy(update={"run": part}), run)

    blocks = [token.content for token in MarkdownIt("commonmark").parse(page) if token.type == "fence"]
    assert blocks == [command + "\n"]


def test_a_report_without_training_says_what_was_not_done(make_report, tmp_path):
    page = render(make_report(comparison=None, evaluations=[], training=None, forecast=None), tmp_path)

    assert "**FINE_TUNE.**" in page
    for part in ("## On the same test rows", "## Training", "## Forecast", "## Row by row"):
        assert part not in page


def test_a_graded_metric_has_no_rows_that_flipped(make_report, tmp_path):
    counts = dict.fromkeys(("fixed", "broken", "both_right", "both_wrong"))
    comparison = make_report().comparison.model_copy(update=counts)

    page = render(make_report().model_copy(update={"comparison": comparison}), tmp_path)

    assert "Row by row" not in page
    assert "Fixed" not in page


def test_the_score_with_leaked_rows_is_shown_beside_the_clean_one(make_report, tmp_path):
    report = make_report(comparison=None, evaluations=[])
    everything = {"n": 120, "metrics": {"exact_match": {"value": 0.7, "low": 0.6, "high": 0.8}}}
    entries = [*report.baselines[:-1], report.baselines[-1].model_copy(update={"with_leaked": everything})]

    page = render(report.model_copy(update={"baselines": entries}), tmp_path)

    assert "with the 20 rows that stand in train: 0.700 on 120 rows" in page


def test_every_rule_that_was_considered_stands_with_what_it_saw(make_report, run):
    page = render(make_report(), run)

    [table] = [
        table for table in tables(page) if table[0] == ["rule", "holds", "when it holds", "what it saw"]
    ]
    assert table[1:] == [
        ["R1", "no", "Condition of R1.", "What R1 saw."],
        ["R11", "not known", "Condition of R11.", "What R11 saw."],
        ["R14", "decides", "Condition of R14.", "What R14 saw."],
    ]


def test_slices_stand_with_their_warning_those_that_lost_most_first(make_report, run):
    score = {"value": 0.5, "low": 0.4, "high": 0.6}
    slices = [
        {"field": "la|bel", "value": name, "n": 10, "baseline": score, "tuned": score, "difference": gain,
         "low": gain - 0.1, "high": gain + 0.1, "fixed": 1, "broken": 2}
        for name, gain in (("better", 0.2), ("w|orse", -0.3))
    ]  # fmt: skip
    values = {"slices": slices, "slices_note": "Slices are descriptive.", "clusters": 7, "notes": ["Beware."]}
    comparison = make_report().comparison.model_dump() | values
    cautions = {"exact_match": ["With 7 clusters."], "token_f1": ["With few rows."]}
    scored = [entry.model_dump() | {"cautions": cautions} for entry in make_report().evaluations]

    page = render(make_report(comparison=comparison, evaluations=scored), run)

    [table] = [table for table in tables(page) if table[0][0] == "la|bel"]
    assert [row[0] for row in table[1:]] == ["w|orse", "better"]
    assert table[1][-2:] == ["-0.300 [-0.400, -0.200]", "1 / 2"]
    assert "Slices are descriptive." in section(page, "Slice by slice")
    assert "- Beware." in section(page, "On the same test rows")
    assert section(page, "On the same test rows").count("- With 7 clusters.") == 1
    assert "With few rows." not in section(page, "On the same test rows")
    assert "7 clusters, which vary as a whole" in page


def test_without_slices_there_is_no_section_of_them(make_report, run):
    assert "Slice by slice" not in render(make_report(), run)


def test_prompts_with_different_answers_are_listed(make_report, run):
    conflict = {"prompt": "7", "answers": {'{"time": "7"}': 2, '{"people": "7"}': 1}, "rows": ["a", "b", "c"]}
    report = make_report()
    report.data.findings[0].details["conflicts"] = [conflict] * 12

    page = render(report, run)

    assert page.count('    - 7: {"time": "7"} (2), {"people": "7"} (1)') == 10
    assert "    - and 2 more in `inspection.json`" in page
