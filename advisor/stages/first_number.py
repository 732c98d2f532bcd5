"""The first measured number, before a model is loaded: the linear classifier on the dev rows.

A dry run of the model takes a minute, and the classifier a second or two. Somebody who only wants to know whether labels
can be told apart at all sees it at once; the ladder measures it again with the rest, on the rows that a time limit leaves.
"""

from __future__ import annotations

from advisor.predictions import score_answers
from advisor.rungs import classifier
from advisor.stage import Context
from advisor.stages.ladder_scores import DEV, LadderScores
from advisor.stages.split import SPLIT, rows_of

RUNG = "classifier"


def tell_first_number(context: Context) -> None:
    """Score the classifier on all dev rows and tell it as the ladder will; nothing where it is none of the rungs."""
    train = rows_of(context, "train")
    if RUNG not in context.plan.rungs or classifier.applies(train):
        return
    dev = rows_of(context, "dev")
    live = LadderScores(context.scoring, context.run.jobs, context.emit)
    live.begin(DEV, [RUNG], dev, {}, set(context.get(SPLIT).leaked))
    answers = classifier.classify(train, dev, context.plan.seed)
    live.done(RUNG, score_answers(dev, {row.id: row.messages for row in dev}, answers, context.scoring))
    if context.plan.max_minutes is not None:
        context.say(
            "the classifier was scored on every dev row; under the time limit fewer may choose among the rungs"
        )
