"""The ladder of cheap options: how each rung asks, and the rung that is no language model at all.

A rung turns a row into a conversation; asking and scoring are the same for all (`advisor.stages.baseline`).
"""
