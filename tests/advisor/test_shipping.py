"""What there is to ship: what won first, where it lies, and code that says what was measured."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from made_runs import Made, change_artefact, make_run, pattern, shipping

from advisor.data.rows import Message, Row
from advisor.predictions import read_predictions
from advisor.shipping import Offer, _before, read_shipment
from advisor.usage_code import Opening, endpoint_code, local_code
from rubrics.errors import Fault
from trainer.job import ModelSpec, write_json_lines


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> Path:
    """As much of a model folder as writing code for it reads."""
    from tokenizers import Tokenizer, models

    folder = tmp_path / "model"
    folder.mkdir()
    Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "<unk>": 2}, unk_token="<unk>")).save(
        str(folder / "tokenizer.json")
    )
    (folder / "tokenizer_config.json").write_text('{"eos_token": "</s>", "unk_token": "<unk>"}')
    return folder


def ran(code: str, words: Sequence[str], folder: Path) -> str:
    """What a program prints."""
    file = folder / "answer.py"
    file.write_text(code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(file), *words], capture_output=True, text=True, check=True, cwd=folder
    )
    return done.stdout.removesuffix("\n")


def names_in(code: str) -> dict[str, object]:
    """The constants and `conversation` of a program, nothing of it loaded."""
    kept = [
        part for part in code.split("\n\n") if part.strip().startswith(("MODEL", "URL", "def conversation"))
    ]
    found: dict[str, object] = {}
    exec("\n\n".join(kept), found)  # noqa: S102 - the code under test
    return found


def offer_of(run: Path, kind: str) -> Offer:
    return next(offer for offer in read_shipment(run).offers if offer.kind == kind)


def test_the_adapter_that_won_is_offered_first(tmp_path: Path, tokenizer_folder: Path) -> None:
    run = make_run(tmp_path / "run", shipping(), model=tokenizer_folder)

    found = read_shipment(run)

    assert (found.why, found.worth, found.lacking) == (("SHIP_TUNED", "T3", ""), True, ())
    assert [(offer.system, offer.kind) for offer in found.offers] == [
        ("tuned", "adapter"),
        ("best_baseline", "prompt"),
    ]
    assert found.offers[0].place == run / "training" / "adapter"
    assert found.offers[0].packages == ("torch", "transformers", "peft")


@pytest.mark.parametrize("kind", ["adapter", "prompt"])
def test_the_code_asks_what_was_asked(kind: str, tmp_path: Path, tokenizer_folder: Path) -> None:
    run = make_run(tmp_path / "run", shipping(), model=tokenizer_folder)
    file = {"adapter": "evaluation/tuned", "prompt": "baselines/few_shot"}[kind]
    asked = read_predictions(run / f"{file}.test.jsonl")[4]

    code = names_in(offer_of(run, kind).code)

    turns = [{"role": "user", "content": "My parcel 4 has not come, where is it?"}]
    assert code["conversation"](turns) == asked.prompt  # type: ignore[operator]
    assert code["END"] == [1]
    assert code.get("ADAPTER") == (str(run / "training" / "adapter") if kind == "adapter" else None)


def test_the_evaluate_command_is_one_that_the_program_takes(tmp_path: Path, tokenizer_folder: Path) -> None:
    from advisor.cli.app import app

    run = make_run(tmp_path / "run", shipping(), model=tokenizer_folder)

    words = shlex.split(offer_of(run, "adapter").commands[0])

    command = typer.main.get_command(app).commands["evaluate"]  # type: ignore[attr-defined]
    with command.make_context("evaluate", words[2:]) as context:
        assert context.params["task"] == "Route the message."
        assert context.params["adapter"] == run / "training" / "adapter"


def test_the_classifier_answers_as_it_was_measured(tmp_path: Path) -> None:
    from advisor.rungs.classifier import classify

    run = make_run(tmp_path / "run", Made(pattern(6, 1), pattern(6, 6), selected="classifier"))
    rows = [
        Row(f"r{at}", (Message(role="user", content=text),), answer)
        for at, (text, answer) in enumerate(
            [("red ship", "a"), ("red boat", "a"), ("blue sky", "b"), ("blue air", "b")] * 3
        )
    ]
    write_json_lines(run / "splits" / "train.jsonl", [row.to_json() for row in rows])
    wanted = Row("new", (Message(role="user", content="a blue thing"),), "")

    offer = offer_of(run, "classifier")

    assert ran(offer.code, ["a blue thing"], tmp_path) == next(classify(rows, [wanted], 0)).text == "b"
    assert offer.place == run / "splits" / "train.jsonl"


def test_code_for_an_endpoint_asks_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "chat"))
    from server import serving

    opening = Opening(
        "Be short.", ({"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}), True
    )
    with serving() as server:
        code = endpoint_code("the prompt", server.url, "gpt-fake", opening, 12)
        assert ran(code, ["hello"], tmp_path) == "echo hello"
    sent = server.requests[0]
    assert sent["messages"] == [
        {"role": "system", "content": "Be short."},
        *opening.examples,
        {"role": "user", "content": "hello"},
    ]
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("gpt-fake", 0, 12)


@pytest.mark.parametrize(
    ("outcome", "worth", "says"),
    [
        ("PROMPT_IS_ENOUGH", True, ""),
        ("FINE_TUNE", False, "step Plan"),
        ("COLLECT_TRAIN_DATA", False, "30 points are left"),
    ],
)
def test_before_training(outcome: str, worth: bool, says: str, tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "run", Made(pattern(9, 1), pattern(9, 4), selected="classifier", outcome=outcome)
    )

    found = read_shipment(run)

    assert found.worth is worth
    assert says in " ".join(found.lacking)
    assert [offer.kind for offer in found.offers] == ["classifier"]


def test_the_option_that_is_enough_is_offered_and_not_the_one_that_scores_best(
    tmp_path: Path, tokenizer_folder: Path
) -> None:
    made = replace(shipping(), tuned=None, outcome="PROMPT_IS_ENOUGH")
    run = make_run(tmp_path / "run", made, model=tokenizer_folder)
    change_artefact(run, "verdict", rule="R5", rung="zero_shot")

    [offer] = read_shipment(run).offers

    assert "plain prompt" in offer.name
    assert offer.place == run / "baselines" / "zero_shot.test.jsonl"


def test_answers_that_fail_by_their_form_are_not_worth_using_yet(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "run",
        Made(pattern(9, 1), pattern(9, 4), selected="classifier", outcome="PROMPT_IS_ENOUGH"),
    )
    change_artefact(run, "verdict", rule="R7", case="format")

    found = read_shipment(run)

    assert not found.worth
    assert "30 points are left" in found.lacking[0]


@pytest.mark.parametrize(("needed", "says"), [(400, "300 more test rows, 400 in all"), (None, "100,000")])
def test_where_the_test_cannot_tell_it_says_how_many_rows_would(
    needed: int | None, says: str, tmp_path: Path, tokenizer_folder: Path
) -> None:
    run = make_run(tmp_path / "run", shipping(), model=tokenizer_folder)
    change_artefact(run, "comparison", outcome="INCONCLUSIVE", rows_needed=needed)

    found = read_shipment(run)

    assert not found.worth
    assert says in found.lacking[0]
    assert [offer.system for offer in found.offers] == ["best_baseline", "tuned"]


def test_before_the_verdict_there_is_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping())
    (run / "verdict.json").unlink()

    with pytest.raises(Fault, match="no verdict yet"):
        read_shipment(run)


def test_a_model_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", shipping(), model=tmp_path / "gone")

    with pytest.raises(Fault, match="tokenizer") as told:
        read_shipment(run)
    assert told.value.where == str(tmp_path / "gone")


def test_a_classifier_that_won_is_offered_without_the_model_that_is_gone(tmp_path: Path) -> None:
    scores = pattern(20, 15)
    made = Made(pattern(20, 2), scores, scores, selected="classifier")
    run = make_run(tmp_path / "run", made, model=tmp_path / "gone")
    change_artefact(run, "comparison", outcome="KEEP_BASELINE")

    assert [offer.kind for offer in read_shipment(run).offers] == ["classifier"]


def test_a_job_that_is_gone_is_named(tmp_path: Path, tokenizer_folder: Path) -> None:
    run = make_run(tmp_path / "run", shipping(), model=tokenizer_folder)
    (run / "jobs" / "tuned-test" / "job.json").unlink()

    with pytest.raises(Fault, match="which model answered") as told:
        read_shipment(run)
    assert told.value.where.endswith("tuned-test/job.json")


def test_a_row_with_its_own_system_turn_tells_what_was_added() -> None:
    row = Row("r", (Message(role="system", content="Own."), Message(role="user", content="Hi")), "a")
    shots = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    prompt = [{"role": "system", "content": "Own.\n\nAnswer shortly."}, *shots, row.messages[1]]

    assert _before(row, prompt, joins=True) == Opening("Answer shortly.", tuple(shots), True)  # type: ignore[arg-type]
    assert _before(row, list(row.messages), joins=False) == Opening("", (), False)


@pytest.mark.parametrize(
    "text",
    ['"""; import os', "a\\", "tab\there", "line\nline", "\u2028 \x0b 'quoted' \"twice\"", "한국어", "{x}"],
)
def test_any_task_makes_code_that_says_it_again(text: str, tokenizer_folder: Path) -> None:
    code = local_code(text, ModelSpec(path=tokenizer_folder, precision="fp32"), Opening(text), 4)

    compile(code, "answer.py", "exec")
    assert names_in(code)["SYSTEM"] == text


def test_four_bit_models_are_loaded_in_four_bits(tokenizer_folder: Path) -> None:
    spec = ModelSpec(path=tokenizer_folder, precision="bf16", quantisation="nf4")

    code = local_code("a", spec, Opening(), 4)

    compile(code, "answer.py", "exec")
    assert "bnb_4bit_compute_dtype=torch.bfloat16" in code
    assert "quantization_config=four_bit" in code
    assert ".to(" not in code.split("model.eval()")[0]
    assert names_in(code)["conversation"]([{"role": "user", "content": "x"}]) == [  # type: ignore[operator]
        {"role": "user", "content": "x"}
    ]
