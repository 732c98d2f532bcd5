"""Loss and next-token accuracy equal a plain computation with all logits, whatever the batch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy
from trainer_jobs import rows, run, write_job

from rubrics.errors import Fault
from trainer.batches import IGNORED, collate
from trainer.conversation import Example
from trainer.errors import Stopped
from trainer.events import Event
from trainer.job import (
    RESULT_FILE,
    ROW_SCORES_FILE,
    EvaluateJob,
    ModelSpec,
    RowScores,
    TokenScores,
    read_json_lines,
)
from trainer.model import LoadedModel, load
from trainer.scoring import score_batches, score_examples, score_rows, token_sums


@pytest.fixture(scope="module", params=["eager", "sdpa"])
def loaded(request: pytest.FixtureRequest, tiny_model: Path) -> LoadedModel:
    return load(ModelSpec(path=tiny_model, precision="fp32", attention=request.param))


@pytest.fixture(scope="module")
def examples(loaded: LoadedModel) -> list[Example]:
    return [loaded.codec.example(row["messages"], row["answer"]) for row in rows(11, seed=2)]


@torch.no_grad()
def _plain(loaded: LoadedModel, examples: list[Example]) -> TokenScores:
    """One row at a time, without padding, with the logits of every position."""
    loss, correct, tokens = 0.0, 0, 0
    for example in examples:
        logits = loaded.model(input_ids=torch.tensor([example.ids])).logits[0]
        predicting = logits[example.supervised_from - 1 : -1]
        targets = torch.tensor(example.ids[example.supervised_from :])
        loss += float(cross_entropy(predicting, targets, reduction="sum"))
        correct += int((predicting.argmax(dim=-1) == targets).sum())
        tokens += len(targets)
    return TokenScores(loss=loss / tokens, next_token_accuracy=correct / tokens, supervised_tokens=tokens)


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_scores_equal_a_plain_computation(
    loaded: LoadedModel, examples: list[Example], batch_size: int
) -> None:
    # given rows with answers of different lengths, when they are scored in batches
    scores = score_examples(loaded, examples, batch_size)
    # then loss, accuracy and count are those of the rows one by one
    plain = _plain(loaded, examples)
    assert scores.loss == pytest.approx(plain.loss, abs=1e-5)
    assert scores.next_token_accuracy == plain.next_token_accuracy
    assert scores.supervised_tokens == plain.supervised_tokens


@pytest.mark.parametrize("batch_size", [1, 4])
def test_the_sums_of_a_row_are_those_of_the_row_alone(
    loaded: LoadedModel, examples: list[Example], batch_size: int
) -> None:
    # given rows scored in batches of similar length, then each has its own sums, in the order of the rows
    found = score_rows(loaded, examples, batch_size)
    for example, sums in zip(examples, found, strict=True):
        alone = _plain(loaded, [example])
        assert sums.loss == pytest.approx(alone.loss * alone.supervised_tokens, abs=1e-4)
        assert sums.correct == round(alone.next_token_accuracy * alone.supervised_tokens)
        assert sums.tokens == alone.supervised_tokens


def test_an_evaluate_job_leaves_the_sums_of_each_row(tiny_model: Path, tmp_path: Path) -> None:
    spec = ModelSpec(path=tiny_model, precision="fp32", attention="eager")
    directory = write_job(tmp_path / "job", EvaluateJob(model=spec, max_length=256), rows=rows(5))
    run(directory)
    found = [RowScores.model_validate(row) for row in read_json_lines(directory / ROW_SCORES_FILE)]
    whole = TokenScores.model_validate_json((directory / RESULT_FILE).read_bytes())
    assert [row.id for row in found] == [f"r{at}" for at in range(5)]
    assert sum(row.tokens for row in found) == whole.supervised_tokens
    assert sum(row.loss for row in found) == pytest.approx(whole.loss * whole.supervised_tokens)


def test_accuracy_is_not_stuck_at_zero(loaded: LoadedModel, examples: list[Example]) -> None:
    # given a row whose answer is what the model itself would say
    ids = list(examples[0].ids[: examples[0].supervised_from])
    with torch.no_grad():
        for _ in range(3):
            ids.append(int(loaded.model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    # then beside a row that it would not say, just its three tokens are right
    wrong = Example([*ids[:-1], (ids[-1] + 1) % 300], examples[0].supervised_from)
    right = Example(ids, examples[0].supervised_from)
    assert score_examples(loaded, [right], 1).next_token_accuracy == 1
    assert score_examples(loaded, [right, wrong], 2).next_token_accuracy == pytest.approx(5 / 6)


def test_gradient_is_that_of_the_plain_loss(loaded: LoadedModel, examples: list[Example]) -> None:
    # given the gradient of the head's weights from a padded batch
    head = loaded.model.lm_head.weight
    (mine,) = torch.autograd.grad(token_sums(loaded.model, collate(examples[:3], 0)).loss, head)
    # then it is the sum of the rows' own gradients
    total = torch.zeros_like(head)
    for example in examples[:3]:
        logits = loaded.model(input_ids=torch.tensor([example.ids])).logits[
            0, example.supervised_from - 1 : -1
        ]
        targets = torch.tensor(example.ids[example.supervised_from :])
        total += torch.autograd.grad(cross_entropy(logits, targets, reduction="sum"), head)[0]
    assert torch.allclose(mine, total, atol=1e-4)


def test_nothing_to_score_is_a_fault(loaded: LoadedModel, examples: list[Example]) -> None:
    # given a batch without a supervised token
    batch = collate(examples[:2], 0)
    batch["labels"].fill_(IGNORED)
    # then there is no mean of nothing
    with pytest.raises(Fault, match="no supervised token"):
        score_batches(loaded.model, [batch])


@pytest.mark.parametrize("training", [True, False])
def test_scoring_leaves_the_mode_as_it_was(
    loaded: LoadedModel, examples: list[Example], training: bool
) -> None:
    # given a model in either mode, when it is scored, then it is in that mode again
    loaded.model.train(training)
    score_examples(loaded, examples[:2], 2)
    assert loaded.model.training is training
    loaded.model.eval()


def test_evaluate_job_writes_its_scores_and_can_be_stopped(tiny_model: Path, tmp_path: Path) -> None:
    # given a job of eleven rows
    job = EvaluateJob(model=ModelSpec(path=tiny_model, precision="fp32"), batch_size=4, max_length=200)
    directory = write_job(tmp_path / "job", job, rows=rows(11, seed=2))
    # when it is asked to stop, then it does, without a result
    with pytest.raises(Stopped):
        run(directory, should_stop=lambda: True)
    assert not (directory / "result.json").exists()
    # and run again it tells how far it is, and writes the scores
    events: list[Event] = []
    run(directory, emit=events.append)
    assert [event.done for event in events if event.type == "progress"] == [4, 8, 11]
    scores = TokenScores.model_validate_json((directory / "result.json").read_bytes())
    assert scores.supervised_tokens > 11
