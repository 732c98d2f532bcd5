"""The numbers that a verdict stands on, each with its unit, its rows and its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor.texts import N_


@dataclass(frozen=True)
class Fact:
    """One number.

    Attributes:
        label: what it is, untranslated, with `{fields}` for names.
        value: as it is written, unit included.
        names: what the label's fields stand for.
    """

    label: str
    value: str
    names: tuple[tuple[str, str], ...] = ()


def facts_of(verdict: Mapping[str, Any], ladder: Mapping[str, Any] | None) -> list[Fact]:
    """The evidence of a verdict: scores first, then what was wanted, what the test rows can show, and the rows.

    Args:
        verdict: the contract's `verdict` object.
        ladder: the run's baselines artefact; None where only the verdict is known.
    """
    evidence = verdict["evidence"]
    rungs: Sequence[Mapping[str, Any]] = ladder["rungs"] if ladder else ()
    chosen = [rung for rung in rungs if rung["rung"] == evidence.get("rung")]
    return [*_scores(chosen, str(evidence.get("metric"))), *_wanted(evidence), *_rows(evidence)]


def _scores(rungs: Sequence[Mapping[str, Any]], metric: str) -> Iterator[Fact]:
    labels = {"dev": N_("{rung}, dev rows"), "test": N_("{rung}, test rows")}
    for rung in rungs:
        found = rung["metrics"].get(metric)
        if found is not None and rung["split"] in labels:
            value = f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}] · {metric} · n = {rung['n']:,}"
            yield Fact(labels[rung["split"]], value, (("rung", str(rung["rung"])),))


def _wanted(evidence: Mapping[str, Any]) -> Iterator[Fact]:
    for name, label in (
        ("t", N_("Target")),
        ("c", N_("The most that can be reached")),
        ("g", N_("Smallest gain worth it")),
        ("need", N_("Gain that has to be shown")),
    ):
        if evidence.get(name) is not None:
            yield Fact(label, f"{evidence[name]:.3f}")
    if evidence.get("power") is not None:
        yield Fact(
            N_("Chance that the test rows show it"), f"{evidence['power']:.0%} · n = {evidence['n']:,}"
        )


def _rows(evidence: Mapping[str, Any]) -> Iterator[Fact]:
    if evidence.get("train_rows") is not None:
        different = evidence.get("different_train_rows")
        value = f"{evidence['train_rows']:,}"
        yield Fact(
            N_("Training rows, different ones"), value if different is None else f"{value}, {different:,}"
        )
    for name, label in (
        ("leak_share", N_("Test rows that stand in train")),
        ("conflict_share", N_("Rows whose answers conflict")),
        ("label_error", N_("Labels found wrong")),
    ):
        if evidence.get(name) is not None:
            yield Fact(label, f"{evidence[name]:.1%}")
    if evidence.get("prompt_tokens_saved") is not None:
        yield Fact(N_("Prompt tokens saved a request"), f"{evidence['prompt_tokens_saved']:,.0f}")
    if evidence.get("break_even_months") is not None:
        yield Fact(N_("Months until it pays"), f"{evidence['break_even_months']:.1f}")
