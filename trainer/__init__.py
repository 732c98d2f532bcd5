"""Every job that needs a model: generate, train, evaluate, measure, convert. Runs as a child process.

`python -m trainer JOB_DIR...` reads `job.json` in each directory, works, and leaves events and artefacts there.
`trainer.job`, `trainer.events` and `trainer.conversation` load no torch: they are the contract that the advisor
imports. Nothing here imports `advisor` or textual.
"""
