"""Everything the verdict's rules read, as one frozen object, and how it is read from report.json.

The rules are only as trustworthy as it is clear what they saw. Whatever was not measured is None here and stays
None: a missing part never turns into a zero that fires a rule. The derived values carry the one-letter names of
KNOWLEDGE section 8, so that rule and text can be laid side by side.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rubrics.data_state import DataState, read_data
from rubrics.failures import Failures, answer_from_tags, label_error_from_tags, read_failures
from rubrics.measured_parts import (
    Agreement,
    Probe,
    Rung,
    read_agreement,
    read_answers,
    read_clean_rows,
    read_limits,
    read_metric,
    read_min_gain,
    read_probe,
    read_rungs,
)
from rubrics.money_parts import Economy, read_economy
from rubrics.reading import Field
from rubrics.rulebook import Limits, load_rulebook
from rubrics.scoring import METRICS

_BLOCKERS = ("creative", "changing")


# Without slots, so that `chosen` is worked out once: looking for flips asks for it half a million times.
@dataclass(frozen=True)
class Measurements:
    """All that the rules may look at.

    Attributes:
        metric: name of the metric that decides; its scores are in 0..1.
        target: t, None where the plan has none.
        min_gain: g, smallest gain worth it, over 0.
        n: clean test rows.
        outcome: suited, unsuited or unclear.
        answers: yes or no by criterion key; an unknown one is left out.
        rungs: the cheap options, cheapest first.
        failures: tagged failures of the prompted model; None where nobody tagged any.
        margin: loss that was declared acceptable before training, 0..1.
        discordance: share of rows on which two systems differ, as given.
        churn: that share less the gain: rows that change without any gain, as the two best rungs show it on dev. A
            gain x then changes churn + x of the rows.
        independent: how many independent rows a test row is worth, 0..1; under 1 where rows come in clusters.
        deviation: standard deviation of a row's difference between the two best rungs, for graded metrics.
    """

    metric: str
    min_gain: float
    target: float | None = None
    n: int | None = None
    outcome: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    data: DataState = field(default_factory=DataState)
    rungs: tuple[Rung, ...] = ()
    economy: Economy = field(default_factory=Economy)
    agreement: Agreement = field(default_factory=Agreement)
    probe: Probe = field(default_factory=Probe)
    failures: Failures | None = None
    margin: float | None = None
    discordance: float | None = None
    churn: float | None = None
    independent: float = 1.0
    deviation: float | None = None
    limits: Limits = field(default_factory=lambda: load_rulebook().limits)

    @functools.cached_property
    def chosen(self) -> Rung | None:
        """The rung marked as selected, else the best on dev, else on test; among equals the cheapest."""
        marked = [rung for rung in self.rungs if rung.selected]
        for pool in (marked, self.rungs):
            for split in ("dev", "test"):
                scored = [rung for rung in pool if getattr(rung, split)]
                if scored:
                    return max(scored, key=lambda rung: float(getattr(rung, split).value))
        return None

    @property
    def b(self) -> float | None:
        """Score on dev of the chosen rung."""
        return self.chosen.dev.value if self.chosen and self.chosen.dev else None

    @property
    def low(self) -> float | None:
        """L: lower 95% limit of the chosen rung on test."""
        return self.chosen.test.low if self.chosen and self.chosen.test else None

    @property
    def label_error(self) -> float | None:
        """Share of the references that are wrong: by an audit, else estimated from tagged failures."""
        audited = self.agreement.label_error
        return label_error_from_tags(self.failures, self.b, self.limits) if audited is None else audited

    @property
    def ceiling(self) -> float:
        """c: the score that nothing can pass, from people's agreement and the label audit; 1 if unknown."""
        people, wrong = self.agreement.people, self.label_error
        return min(1.0 if people is None else people, 1.0 - (wrong or 0.0))

    @property
    def graded(self) -> bool:
        """Whether the metric gives partial credit; one that the program does not know counts right/wrong."""
        return self.metric in METRICS and not METRICS[self.metric].binary

    @property
    def need(self) -> float | None:
        """The gain that the test set must be able to show; KNOWLEDGE section 8."""
        if self.b is None:
            return None
        room = self.ceiling - self.b
        if self.target is None:
            return max(self.min_gain, room / 2)
        return min(max(self.min_gain, self.target - self.b), room)

    @property
    def retrieval_measured(self) -> bool:
        """Whether the ladder has tried retrieval."""
        return any(rung.name == "retrieval" for rung in self.rungs)

    def answered(self, key: str, value: str) -> bool | None:
        """Whether a suitability question was answered so; None where it was not answered."""
        return self.answers[key] == value if key in self.answers else None

    @property
    def unsuited(self) -> bool | None:
        """Whether suitability speaks against the task, by its outcome or by a yes to S5 or S6."""
        if self.outcome == "unsuited" or any(self.answered(key, "yes") for key in _BLOCKERS):
            return True
        return None if self.outcome is None else False


def from_report(inputs: Mapping[str, object]) -> Measurements:
    """Read the parts of report.json, and the optional measurements beside them.

    Read are `task`, `suitability`, `data`, `baselines`; optionally `prices`, `volume`, `probe`, `agreement`,
    `failures`, `discordance`, `churn`, `independent`, `deviation`, `thresholds`. An absent part is unknown.

    Raises:
        Fault: a field is of the wrong kind, or one without which its part says nothing is missing; the fault
            names it by its path; exit code 2.
    """
    report = Field(inputs)
    limits, metric = read_limits(report["thresholds"]), read_metric(report)
    failures = read_failures(report["failures"])
    data, rungs = read_data(report["data"]), read_rungs(report["baselines"], metric)
    measured = Measurements(
        metric=metric,
        min_gain=read_min_gain(report["task"], limits),
        target=report["task"]["target"].share(),
        outcome=report["suitability"]["outcome"].choice("suited", "unsuited", "unclear"),
        answers=_with_tags(read_answers(report["suitability"]["criteria"]), failures, limits),
        data=data,
        rungs=rungs,
        economy=read_economy(report["prices"], report["volume"]),
        agreement=read_agreement(report["agreement"]),
        probe=read_probe(report["probe"]),
        failures=failures,
        margin=report["task"]["margin"].share(),
        discordance=report["discordance"].share(),
        churn=report["churn"].share(),
        independent=report["independent"].share() or 1.0,
        # Two options that did the same on every row say nothing of how a tuned model will differ.
        deviation=report["deviation"].share() or None,
        limits=limits,
    )
    return replace(measured, n=read_clean_rows(report["data"], data.leak_share, measured.chosen))


def _with_tags(answers: dict[str, str], failures: Failures | None, limits: Limits) -> dict[str, str]:
    """Add the answer to S10 that the tags give, where a person gave none."""
    counted = answer_from_tags(failures, limits)
    return answers if counted is None else {"failures": counted} | answers
