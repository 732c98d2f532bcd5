"""The stages of a run, one file each, in the order of `advisor.walk`.

A stage reads the plan and earlier artefacts and leaves one artefact. What is judged is judged in `rubrics`; what
needs a model is asked of the trainer.
"""
