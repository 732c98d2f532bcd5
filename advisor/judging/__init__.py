"""Asking a model to judge answers by a rubric: the files that go in, the calls with their cost, the result.

What is judged by, what a reply means and when a judge may decide stands in `rubrics.judging`.
"""
