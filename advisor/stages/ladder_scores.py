"""The ladder while it is being measured: the answers that have come in so far, scored and told once a second.

Answers of a batch lie in its `completions.jsonl` as they come, whoever gives them. The scores told here are for
watching; those that choose and decide are computed from all answers when the batch is done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from advisor.chat.local import COMPLETIONS_FILE
from advisor.data.rows import Message, Row
from advisor.predictions import Prediction, mean_score
from advisor.rungs.prompts import Prompt
from advisor.scoring import Scoring
from trainer.events import Event, JobStarted, Listener, Progress, RungAnswered, RungScored

_LEAST_SECONDS = 1.0
_SHOWN_ANSWERS = 5
DEV = "dev"


@dataclass
class _Split:
    """What is being asked: rows by id, and of each rung the scores so far."""

    name: str
    completions: Path
    rows: Mapping[str, Row]
    prompts: Mapping[str, Prompt]
    left_out: AbstractSet[str]
    answered: dict[str, int] = field(default_factory=dict)
    scores: dict[str, list[float]] = field(default_factory=dict)
    offset: int = 0


class LadderScores:
    """Tells how the rungs do; `hearing` hooks it to the events of whoever answers."""

    def __init__(self, scoring: Scoring, folder: Path, emit: Listener) -> None:
        self._metric = scoring.metric
        self._score = scoring.scorers[scoring.metric]
        self._folder = folder
        self._emit = emit
        self._split: _Split | None = None
        self._looked = 0.0

    def hearing(self, listener: Listener) -> Listener:
        """A listener that passes events on and looks for new answers when there was progress."""

        def hear(event: Event) -> None:
            listener(event)
            is_time = isinstance(event, Progress) and time.monotonic() - self._looked >= _LEAST_SECONDS
            # What an interrupted try has answered is told as the next one begins, long before its first answer.
            if is_time or isinstance(event, JobStarted):
                self._look()
                self._looked = time.monotonic()

        return hear

    def begin(
        self,
        split: str,
        rungs: Sequence[str],
        rows: Sequence[Row],
        prompts: Mapping[str, Prompt],
        left_out: AbstractSet[str],
    ) -> None:
        """Rungs are about to be asked about the rows of a split.

        Args:
            left_out: ids of rows that are answered and not scored.
        """
        path = self._folder / f"baseline-{split}" / COMPLETIONS_FILE
        self._split = _Split(split, path, {row.id: row for row in rows}, prompts, left_out)
        for rung in rungs:
            self._emit(RungScored(rung=rung, split=split, metric=self._metric, done=0, total=len(rows), n=0))

    def done(self, rung: str, predictions: Sequence[Prediction]) -> None:
        """All rows of the split are answered and scored on this rung."""
        split = self._split
        assert split is not None
        kept = [prediction for prediction in predictions if prediction.id not in split.left_out]
        if split.name == DEV and not split.answered.get(rung):
            for one in kept[:_SHOWN_ANSWERS]:
                self._show(rung, one.id, one.prompt, one.reference, one.prediction, one.scores[self._metric])
        split.answered[rung] = len(predictions)
        split.scores[rung] = [prediction.scores[self._metric] for prediction in kept]
        self._tell(split, rung)

    def _look(self) -> None:
        split = self._split
        if split is None:
            return
        changed = {self._take(split, line) for line in _new_lines(split)}
        for rung in sorted(changed - {""}):
            self._tell(split, rung)

    def _take(self, split: _Split, line: bytes) -> str:
        """Score one answer; the name of its rung, or empty for a row that is not asked about now."""
        answer = json.loads(line)
        rung, _, row_id = str(answer["id"]).partition("/")
        row = split.rows.get(row_id)
        if row is None:
            return ""
        split.answered[rung] = split.answered.get(rung, 0) + 1
        if row_id not in split.left_out:
            score = self._score(answer["text"], row.references)
            split.scores.setdefault(rung, []).append(score)
            if split.name == DEV and rung in split.prompts and split.answered[rung] <= _SHOWN_ANSWERS:
                prompt = split.prompts[rung](row)
                self._show(rung, row_id, prompt, row.answer, answer["text"], score)
        return rung

    def _show(
        self, rung: str, row: str, prompt: Sequence[Message], reference: str, prediction: str, score: float
    ) -> None:
        text = "\n\n".join(f"{message['role']}: {message['content']}" for message in prompt)
        self._emit(
            RungAnswered(
                rung=rung, id=row, prompt=text, reference=reference, prediction=prediction, score=score
            )
        )

    def _tell(self, split: _Split, rung: str) -> None:
        scores = split.scores.get(rung, [])
        score = mean_score(scores, self._metric) if scores else None
        self._emit(
            RungScored(
                rung=rung,
                split=split.name,
                metric=self._metric,
                done=split.answered[rung],
                total=len(split.rows),
                n=len(scores),
                **(score.model_dump() if score else {}),
            )
        )


def _new_lines(split: _Split) -> list[bytes]:
    """The whole lines that were added since the last look."""
    try:
        with split.completions.open("rb") as file:
            file.seek(split.offset)
            data = file.read()
    except FileNotFoundError:
        return []
    end = data.rfind(b"\n") + 1
    split.offset += end
    return [line for line in data[:end].split(b"\n") if line.strip()]
