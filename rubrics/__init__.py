"""Every rule by which the program judges, as data and small pure functions.

Here live suitability criteria, data rules, metrics, statistics and the verdict. No model is run here and
nothing is printed: torch, textual, `advisor` and `trainer` are never imported.
"""
