"""How a model judges answers by a written rubric, and whether its judgement may decide anything.

`rubric` (the YAML, the bundled `answer.yaml` or the user's), `framing` (what the judge is asked), `verdicts` (what
it said; both orders combined), `tally` (wins, scores, biases), `agreement` (with people, and what follows from it by
`thresholds.yaml`). Pure functions; asking a model is `advisor.judging`.
"""
