"""Scoring and comparing answers that exist, against the official scores and against files that people send."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from advisor.answer_files import read_references, read_texts
from advisor.comparing import Terms, compare_files
from advisor.predictions import Prediction, write_predictions
from advisor.scoring_files import metric_names, score_file
from rubrics.errors import ExitCode, Fault

SYSTEMS = ("bert", "logistic_regression_baseline", "match_lstm_with_ans_ptr", "r_net", "slqa")
COMPARISON = {
    "metric", "baseline", "tuned", "difference", "low", "high", "p_value", "test",
    "fixed", "broken", "both_right", "both_wrong", "outcome",
}  # fmt: skip
"""The contract's `comparison` object."""


def lines(path: Path, *rows: Any) -> Path:
    text = "".join(
        (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows
    )
    path.write_text(text, encoding="utf-8")
    return path


def answers_of_table(folder: Path, table: list[list[int]]) -> tuple[Path, Path, Path]:
    """Two prediction files and references that give this table of (both right, broken), (fixed, both wrong)."""
    (both_right, broken), (fixed, both_wrong) = table
    cells = (
        [("x", "x")] * both_right + [("x", "y")] * broken + [("y", "x")] * fixed + [("y", "y")] * both_wrong
    )
    return (
        lines(folder / "a.jsonl", *({"id": at, "prediction": one} for at, (one, _) in enumerate(cells))),
        lines(folder / "b.jsonl", *({"id": at, "prediction": two} for at, (_, two) in enumerate(cells))),
        lines(folder / "r.jsonl", *({"id": at, "answer": "x"} for at in range(len(cells)))),
    )


@pytest.mark.parametrize("system", SYSTEMS)
def test_scores_are_those_of_the_official_script(system, shared_data):
    folder = shared_data / "qa_em_f1"
    official = json.loads((folder / "official_scores_a.json").read_text(encoding="utf-8"))["scores"][system]

    found = score_file(
        folder / f"pred_{system}_a.json", folder / "xquad_en_a.jsonl", ["squad_exact_match", "token_f1"]
    )

    assert (found.n, found.missing) == (612, official["unanswered"])
    assert 100 * found.metrics["squad_exact_match"].value == pytest.approx(official["exact_match"], abs=5e-5)
    assert 100 * found.metrics["token_f1"].value == pytest.approx(official["f1"], abs=5e-5)


def test_a_missing_answer_scores_nothing_and_is_counted(tmp_path):
    predictions = lines(tmp_path / "p.jsonl", {"id": "a", "prediction": "x"}, {"id": "z", "prediction": "x"})
    references = lines(tmp_path / "r.jsonl", *({"id": name, "answer": "x"} for name in "abcd"))

    found = score_file(predictions, references, ["exact_match", "token_f1"])

    assert (found.n, found.missing, found.unknown) == (4, 3, 1)
    assert {score.value for score in found.metrics.values()} == {0.25}


def test_a_missing_answer_is_not_an_empty_one(tmp_path):
    references = lines(tmp_path / "r.jsonl", {"id": "a", "answer": ""}, {"id": "b", "answer": ""})

    found = score_file(
        lines(tmp_path / "p.jsonl", {"id": "a", "prediction": ""}), references, ["exact_match"]
    )

    assert found.metrics["exact_match"].value == 0.5


@pytest.mark.parametrize(
    "fields",
    [{"answer": "x"}, {"output": "x"}, {"completion": "x"}, {"reference": "x"}, {"answers": ["y", "x"]}],
)
def test_references_come_under_several_names(fields, tmp_path):
    references = read_references(lines(tmp_path / "r.jsonl", {"id": 1, "question": "q", **fields}))

    assert "x" in references["1"]


def test_predictions_come_as_lines_or_as_one_object(tmp_path):
    by_line = lines(
        tmp_path / "l.jsonl", {"id": 7, "prediction": "x"}, "", {"id": "b", "prediction": "a\u2028b\x85"}
    )
    whole = tmp_path / "w.json"
    whole.write_text("\ufeff" + json.dumps({"7": "x", "b": "a\u2028b\x85"}, indent=1), encoding="utf-8")
    single = lines(tmp_path / "s.jsonl", {"id": "b", "prediction": "x"})

    assert read_texts(by_line) == read_texts(whole) == {"7": "x", "b": "a\u2028b\x85"}
    assert read_texts(single) == {"b": "x"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (['{"id": "a", "prediction": "x"}', "{oops"], "line 2: is not JSON"),
        (["", "", '{"id": "a"}'], "line 3: expected an id and a text `prediction`"),
        (['{"id": "a", "text": "x"}'], "line 1: expected an id and a text `prediction`"),
        (['{"prediction": "x"}'], "line 1: expected an id"),
        (['{"id": "a", "prediction": 7}'], "line 1: expected an id and a text `prediction`"),
        (
            ['{"id": "a", "prediction": "x"}', '{"id": "a", "prediction": "y"}'],
            "line 2: the id 'a' stands twice",
        ),
        (["[1, 2]"], "line 1: expected an object, found list"),
        (['{"a": "x", "b": 7}'], "prediction of 'b' is not a text"),
    ],
)
def test_a_prediction_that_does_not_fit_is_named_by_its_line(rows, said, tmp_path):
    path = lines(tmp_path / "p.jsonl", *rows)

    with pytest.raises(Fault) as raised:
        read_texts(path)

    assert raised.value.code == ExitCode.BAD_DATA
    assert said in raised.value.what
    assert raised.value.where == str(path)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ['{"id": "a", "answer": "x"}', '{"id": "b", "question": "q"}'],
            "line 2: expected an id and `answers`",
        ),
        (['{"answer": "x"}'], "line 1: expected an id"),
        (['{"id": "a", "answers": []}'], "line 1: expected an id and `answers`"),
        (['{"id": "a", "answers": ["x", 7]}'], "line 1: expected an id and `answers`"),
        (['{"id": "a", "answer": "x"}', '{"id": "a", "answer": "x"}'], "line 2: the id 'a' stands twice"),
        ([], "holds no references"),
    ],
)
def test_a_reference_that_does_not_fit_is_named_by_its_line(rows, said, tmp_path):
    with pytest.raises(Fault) as raised:
        read_references(lines(tmp_path / "r.jsonl", *rows))

    assert (raised.value.code, said in raised.value.what) == (ExitCode.BAD_DATA, True)


def test_files_that_are_none_are_refused_by_their_kind(tmp_path):
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    cases = {tmp_path / "absent": ExitCode.WRONG_USE, tmp_path: ExitCode.WRONG_USE, binary: ExitCode.BAD_DATA}

    for path, code in cases.items():
        with pytest.raises(Fault) as raised:
            read_texts(path)
        assert (raised.value.code, raised.value.where) == (code, str(path))


def test_metrics_are_named_one_by_one_and_never_guessed():
    assert metric_names("exact_match, token_f1") == ["exact_match", "token_f1"]
    for wrong in ("", " , ", "exact_match,f1"):
        with pytest.raises(Fault) as raised:
            metric_names(wrong)
        assert raised.value.where == "--metric"


def test_every_reference_table_gives_its_p_value(shared_data, tmp_path):
    text = (shared_data / "stats/statsmodels_mcnemar_vectors.jsonl").read_text(encoding="utf-8")
    vectors = [json.loads(line) for line in text.splitlines()]
    vectors = [vector for vector in vectors if vector["test"] == "mcnemar_exact"]
    assert len(vectors) >= 3

    for vector in vectors:
        a, b, references = answers_of_table(tmp_path, vector["table"])

        found = compare_files(a, b, Terms(references))

        assert found["p_value"] == pytest.approx(vector["expected_p"], abs=10.0 ** -vector["decimals"])
        assert found["test"] == "exact McNemar"


def test_a_comparison_has_the_contract_s_fields_and_counts_every_row(tmp_path):
    a, b, references = answers_of_table(tmp_path, [[50, 2], [40, 8]])

    found = compare_files(a, b, Terms(references))

    assert found.keys() >= COMPARISON
    assert (found["both_right"], found["broken"], found["fixed"], found["both_wrong"]) == (50, 2, 40, 8)
    assert (found["n"], found["metric"]) == (100, "exact_match")
    assert found["difference"] == pytest.approx(0.38)
    assert found["low"] < found["difference"] < found["high"]
    assert (found["baseline"], found["tuned"]) == (str(a), str(b))
    assert found["outcome"] == "SHIP_TUNED"


@pytest.mark.parametrize(
    ("table", "min_gain", "outcome"),
    [
        ([[50, 40], [2, 8]], 0.05, "KEEP_BASELINE"),
        ([[50, 4], [6, 40]], 0.05, "INCONCLUSIVE"),
        ([[900, 1], [20, 79]], 0.2, "KEEP_BASELINE"),
    ],
)
def test_the_outcome_follows_the_rules_of_the_verdict(table, min_gain, outcome, tmp_path):
    a, b, references = answers_of_table(tmp_path, table)

    assert compare_files(a, b, Terms(references, min_gain=min_gain))["outcome"] == outcome


def test_a_graded_metric_has_no_counts_of_rows(shared_data):
    folder = shared_data / "qa_em_f1"

    found = compare_files(
        folder / "pred_bert_a.json",
        folder / "pred_slqa_a.json",
        Terms(folder / "xquad_en_a.jsonl", "token_f1"),
    )

    assert found["test"] == "sign-flip permutation"
    assert {found[name] for name in ("fixed", "broken", "both_right", "both_wrong")} == {None}


@pytest.mark.parametrize("gain", [0, -0.1, 1.5, float("nan")])
def test_a_gain_that_is_none_is_refused(gain, tmp_path):
    a, b, references = answers_of_table(tmp_path, [[1, 1], [1, 1]])

    with pytest.raises(Fault) as raised:
        compare_files(a, b, Terms(references, min_gain=gain))

    assert raised.value.where == "--min-gain"


def prediction(name: str, text: str, reference: str = "x") -> Prediction:
    return Prediction(id=name, prompt=[], reference=reference, prediction=text, scores={})


def finished_run(path: Path, text: str, *, tuned: bool = True, reference: str = "x") -> Path:
    """The files of a run from which a comparison reads: the tuned model's test answers, or the chosen rung's."""
    predictions = [prediction(f"t{at}", text, reference) for at in range(30)]
    if tuned:
        write_predictions(path / "evaluation/tuned.test.jsonl", predictions)
        text = "never read"
    path.mkdir(exist_ok=True)
    (path / "baselines.json").write_text(json.dumps({"selected": "few_shot"}), encoding="utf-8")
    rung = [prediction(f"t{at}", text, reference) for at in range(30)]
    write_predictions(path / "baselines/few_shot.test.jsonl", rung)
    return path


def test_two_runs_are_compared_by_what_they_would_ship(tmp_path):
    before, after = finished_run(tmp_path / "a", "y", tuned=False), finished_run(tmp_path / "b", "x")

    found = compare_files(before, after, Terms())

    assert (found["fixed"], found["n"], found["outcome"]) == (30, 30, "SHIP_TUNED")


def test_runs_on_different_rows_under_the_same_ids_are_not_compared(tmp_path):
    before, after = finished_run(tmp_path / "a", "y"), finished_run(tmp_path / "b", "x", reference="z")

    with pytest.raises(Fault, match="different rows"):
        compare_files(before, after, Terms())


def test_files_without_references_ask_for_them(tmp_path):
    a, b, _ = answers_of_table(tmp_path, [[1, 1], [1, 1]])

    with pytest.raises(Fault, match="no references") as raised:
        compare_files(a, b, Terms())

    assert "--references" in raised.value.fix


def test_a_run_without_answers_is_named(tmp_path):
    with pytest.raises(Fault, match="no test answers") as raised:
        compare_files(tmp_path, tmp_path, Terms())

    assert raised.value.where == str(tmp_path)


def json_lines(path, field, texts):
    return lines(path, *(json.dumps({"id": str(at), field: text}) for at, text in enumerate(texts)))


def test_real_answers_are_scored_strictly_and_after_label_extraction(shared_data, tmp_path, advisor):
    path = shared_data / "classification/banking77_qwen7b_baseline_outputs.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    given = json_lines(tmp_path / "p.jsonl", "prediction", [row["raw_output"] for row in rows])
    wanted = json_lines(tmp_path / "r.jsonl", "answer", [row["true_label"] for row in rows])

    ran = advisor(
        "evaluate",
        "--predictions",
        given,
        "--references",
        wanted,
        "--metric",
        "exact_match,label_match",
        "--json",
    )

    found = ran.json()
    assert found["n"] == 3076
    assert found["metrics"]["exact_match"]["value"] == 45 / 3076
    assert found["metrics"]["label_match"]["value"] == 1942 / 3076
    assert found["details"]["format_failures"]["exact_match"] == {
        "right": 45,
        "form": 1897,
        "wrong": 1134,
        "share": 1897 / 3076,
        "share_of_failures": 1897 / 3031,
    }
    words = advisor(
        "evaluate", "--predictions", given, "--references", wanted, "--metric", "exact_match,label_match"
    )
    assert "1897 of 3076 answers are right but for their form" in words.out


def test_confusions_of_a_file_come_with_macro_f1(tmp_path):
    given = json_lines(tmp_path / "p.jsonl", "prediction", ["a", "It is b", "c", "a"])
    wanted = json_lines(tmp_path / "r.jsonl", "answer", ["a", "b", "b", "a", "a"])

    found = score_file(given, wanted, ["macro_f1", "label_macro_f1"]).to_json()

    assert found["missing"] == 1
    assert found["details"]["macro_f1"]["confusion"] == [[2, 0, 1], [0, 0, 2]]
    assert found["details"]["macro_f1"]["no_label"] == 3
    assert found["metrics"]["macro_f1"]["value"] == pytest.approx((0.8 + 0) / 2)
    assert found["details"]["label_macro_f1"]["confusion"] == [[2, 0, 1], [0, 1, 1]]
    assert found["metrics"]["label_macro_f1"]["value"] == pytest.approx((0.8 + 2 / 3) / 2)


def test_auto_takes_the_proposed_metric_and_those_beside_it(tmp_path):
    given = json_lines(
        tmp_path / "p.jsonl", "prediction", ['{"b": 2, "a": 1}', 'Sure: {"a": 1}', '{"a": 1, "a": 2}']
    )
    wanted = json_lines(tmp_path / "r.jsonl", "answer", ['{"a": 1, "b": 2}', '{"a": 1}', '{"a": 2}'])

    found = score_file(given, wanted, ["auto", "length_ratio"])

    values = {name: score.value for name, score in found.metrics.items()}
    assert values == pytest.approx(
        {
            "json_equality": 1 / 3,
            "json_inside": 2 / 3,
            "field_f1": (1 + 0 + 2 / 3) / 3,
            "json_validity": 2 / 3,
            "length_ratio": (4 / 4 + 2 / 3 + 2 / 4) / 3,
        }
    )
    assert found.details["proposed"].startswith("json_equality: every answer is a JSON document")
    assert found.details["repeated_keys"] == 1
    fields = found.details["fields"]
    assert (fields["matched"], fields["answered"], fields["expected"]) == (3, 4, 4)
    assert (fields["precision"], fields["recall"]) == (3 / 4, 3 / 4)
    assert found.details["relative_length"] == pytest.approx((4 + 3 + 4) / (4 + 2 + 2))


def test_the_options_of_metrics_arrive_from_the_command_line(tmp_path, advisor):
    given = json_lines(tmp_path / "p.jsonl", "prediction", ["99", "{}", "7"])
    wanted = json_lines(tmp_path / "r.jsonl", "answer", ["100", "5", "7"])
    (tmp_path / "schema.json").write_text('{"type": "integer", "minimum": 10}', encoding="utf-8")
    words = ["--predictions", given, "--references", wanted, "--json", "--metric"]

    ran = advisor(
        *("evaluate", *words, "numeric_match,schema_validity,format_adherence"),
        *("--schema", tmp_path / "schema.json", "--pattern", r"\d+", "--tolerance", "1%"),
    )

    values = {name: score["value"] for name, score in ran.json()["metrics"].items()}
    assert values == pytest.approx(
        {"numeric_match": 2 / 3, "schema_validity": 1 / 3, "format_adherence": 2 / 3}
    )
    for name, flag in (("schema_validity", "--schema"), ("format_adherence", "--pattern")):
        refused = advisor("evaluate", *words, name)
        assert (refused.code, flag in refused.err) == (ExitCode.WRONG_USE, True)
    unread = advisor("evaluate", *words, "exact_match", "--tolerance", "1")
    assert (unread.code, "--tolerance is read by none" in unread.err) == (ExitCode.WRONG_USE, True)


def test_a_comparison_takes_options_and_refuses_what_only_all_rows_have(tmp_path, advisor):
    before = json_lines(tmp_path / "a.jsonl", "prediction", ["90"] * 20)
    after = json_lines(tmp_path / "b.jsonl", "prediction", ["99"] * 20)
    wanted = json_lines(tmp_path / "r.jsonl", "answer", [f"{at / 10}" for at in range(985, 1005)])
    words = ["compare", before, after, "--references", wanted, "--json", "--metric"]

    found = advisor(*words, "numeric_match", "--tolerance", "5%").json()

    assert (found["metric"], found["fixed"], found["test"]) == ("numeric_match", 20, "exact McNemar")
    proposed = advisor(*words, "auto", "--tolerance", "0").json()
    assert (proposed["both_wrong"], proposed["fixed"]) == (19, 1)
    assert proposed["metric_reason"].startswith("numeric_match: every answer is one number")
    refused = advisor(*words, "macro_f1")
    assert (refused.code, "cannot decide" in refused.err) == (ExitCode.WRONG_USE, True)


def test_a_cluster_field_makes_clusters_the_evidence(tmp_path):
    # Given 40 fixed rows that all belong to four documents
    a, b, references = answers_of_table(tmp_path, [[60, 0], [40, 0]])
    rows = [json.loads(line) for line in references.read_text().splitlines()]
    lines(references, *(row | {"document": row["id"] // 10, "source": "mail"} for row in rows))

    alone = compare_files(a, b, Terms(references))
    found = compare_files(a, b, Terms(references, cluster_field="document", slices=["source"]))

    # Then four changed documents cannot be significant, and the comparison says so
    assert (alone["test"], alone["clusters"], alone["outcome"]) == ("exact McNemar", None, "SHIP_TUNED")
    assert (found["test"], found["clusters"]) == ("exact sign-flip over 10 clusters", 10)
    assert found["p_value"] == pytest.approx(2 / 2**4)
    assert found["low"] <= 0 < found["difference"]
    assert found["outcome"] == "INCONCLUSIVE"
    assert (found["fixed"], found["broken"]) == (40, 0)
    assert any("differ on 4 clusters" in note for note in found["notes"])
    [part] = [part for part in found["slices"] if part["field"] == "source"]
    assert (part["value"], part["n"], part["difference"]) == ("mail", 100, pytest.approx(0.4))


def test_the_clusters_of_a_run_are_those_of_its_split(tmp_path):
    before, after = finished_run(tmp_path / "a", "y", tuned=False), finished_run(tmp_path / "b", "x")
    clusters = {f"t{at}": f"document {at // 6}" for at in range(30)}
    (tmp_path / "a/split.json").write_text(json.dumps({"clusters": clusters}), encoding="utf-8")

    assert compare_files(before, after, Terms())["clusters"] == 5


def test_a_margin_declares_that_the_new_one_saves(tmp_path):
    a, b, references = answers_of_table(tmp_path, [[900, 3], [3, 94]])

    assert compare_files(a, b, Terms(references))["outcome"] == "KEEP_BASELINE"
    found = compare_files(a, b, Terms(references, margin=0.02))
    assert (found["outcome"], found["rule"]) == ("SHIP_TUNED", "T4")


@pytest.mark.parametrize("field", ["cluster_field", "slices"])
def test_a_field_that_no_reference_has_is_refused(field, tmp_path):
    a, b, references = answers_of_table(tmp_path, [[1, 1], [1, 1]])

    with pytest.raises(Fault, match="no row has a field") as raised:
        compare_files(a, b, Terms(references, **{field: ["doc"] if field == "slices" else "doc"}))

    assert raised.value.code == ExitCode.WRONG_USE


def test_what_cannot_be_told_says_how_many_more_rows_would(tmp_path):
    a, b, references = answers_of_table(tmp_path, [[120, 10], [14, 56]])

    found = compare_files(a, b, Terms(references))

    # Two points seen on 200 rows; the simulation of tests/rubrics/test_power.py holds the formula to its 80%.
    assert (found["outcome"], found["rule"]) == ("INCONCLUSIVE", "T6")
    [note] = found["notes"]
    rows, more = (int(part.replace(",", "")) for part in re.findall(r"[\d,]*\d(?= test rows| more)", note))
    assert 900 < rows < 1200
    assert more == rows - 200


def test_what_lies_on_the_border_is_settled_by_no_number_of_rows(tmp_path):
    a, b, references = answers_of_table(tmp_path, [[120, 10], [20, 50]])

    found = compare_files(a, b, Terms(references))

    assert found["rule"] == "T6"
    assert "no number of test rows" in found["notes"][0]
