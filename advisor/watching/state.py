"""The state of a run, as screens read it: immutable, bounded in size whatever the length of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from advisor.watching.activity import Activity
from advisor.watching.series import Series
from trainer.job import Failure

STAGES = (
    "assess",
    "inspect",
    "split",
    "measure",
    "budget",
    "baseline",
    "decide",
    "forecast",
    "train",
    "evaluate",
    "compare",
    "curve",
    "report",
)
"""In the order of the walk; a stage of tomorrow is added behind them when it is heard of."""

StageStatus = Literal["waiting", "running", "done", "reused", "skipped"]
Life = Literal["starting", "running", "stopping", "paused", "finished", "stopped", "failed", "died"]
"""`starting`: nothing was said yet. `paused`: ended before training, where it was asked to, and training is wanted.
`stopped`: on request. `failed`: with a fault. `died`: nobody works on it, and nobody said why it ended."""


@dataclass(frozen=True)
class StageState:
    """One stage.

    Attributes:
        status: `skipped` where a later stage began without it.
        seconds: what making its artefact took, reuse left out; None before it was made.
        started: time of its last beginning, seconds since the epoch.
        summary: one line about its artefact.
    """

    name: str
    status: StageStatus = "waiting"
    seconds: float | None = None
    started: float | None = None
    summary: str = ""


@dataclass(frozen=True)
class RungAnswer:
    """One of a rung's first answers on dev; `score` is 0..1 by the metric that decides."""

    id: str
    prompt: str
    reference: str
    prediction: str
    score: float


@dataclass(frozen=True)
class RungState:
    """One rung on one split.

    Attributes:
        done: rows answered of `total`; all of them once the ladder is measured.
        n: rows that the score is of.
        value, low, high: mean by `metric` with its 95% interval, 0..1; None before anything was scored.
        selected: chosen on dev; None while the ladder is being measured.
        prompt_tokens, completion_tokens: of all its calls; None while it is measured.
        latency_p50: seconds to an answer.
        answers: the first answers on dev.
    """

    rung: str
    split: str
    metric: str = ""
    done: int = 0
    total: int = 0
    n: int = 0
    value: float | None = None
    low: float | None = None
    high: float | None = None
    selected: bool | None = None
    model: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_p50: float | None = None
    answers: tuple[RungAnswer, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether every row was answered."""
        return self.total > 0 and self.done >= self.total


@dataclass(frozen=True)
class Note:
    """A line of the log; `kind` is `log`, `warning` or `stage`."""

    time: float
    kind: Literal["log", "warning", "stage"]
    text: str


@dataclass(frozen=True)
class SampleTrack:
    """What the model answered to one dev row as it was trained: step and answer, oldest first.

    The first answer and the newest ones are kept.
    """

    prompt: str
    reference: str
    answers: tuple[tuple[int, str], ...]

    @property
    def latest(self) -> str:
        """The newest answer."""
        return self.answers[-1][1]


@dataclass(frozen=True)
class DevScore:
    """The metric that decides over a few dev rows at one step; value and 95% limits 0..1."""

    step: int
    metric: str
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class TrainingState:
    """The main training.

    Attributes:
        status: of its job; empty before it began.
        series: by name: loss, learning_rate, grad_norm, next_token_accuracy, tokens_per_second, memory_bytes,
            eval_loss, eval_next_token_accuracy, and whatever else the trainer measures.
        step, steps: optimizer steps done, and of the whole training (0 while not known).
        epoch: passes over the rows so far.
        seconds_left: until its last step, at the pace so far, as of its last event; None while not known.
        samples: in the order of the dev rows.
        scores: of the dev rows that are answered as it goes.
    """

    status: Literal["", "running", "done", "stopped", "failed"] = ""
    series: Mapping[str, Series] = field(default_factory=lambda: MappingProxyType({}))
    step: int = 0
    steps: int = 0
    epoch: float = 0.0
    seconds_left: float | None = None
    samples: tuple[SampleTrack, ...] = ()
    scores: tuple[DevScore, ...] = ()

    def history(self) -> list[dict[str, Any]]:
        """The points as `rubrics.learning` reads them; those of a long training are thinned out."""
        points: dict[int, dict[str, Any]] = {}
        for name, series in self.series.items():
            for step, value in series.points:
                points.setdefault(step, {"step": step})[name] = value
        ordered = [points[step] for step in sorted(points)]
        per_epoch = self.step / self.epoch if self.epoch else 0.0
        return [{**point, "epoch": point["step"] / per_epoch} for point in ordered] if per_epoch else ordered


@dataclass(frozen=True)
class Finding:
    """A sign of `rubrics.learning`; `so_far` while the training goes on, when it may still pass."""

    rule: str
    message: str
    so_far: bool


@dataclass(frozen=True)
class RunState:
    """All that is known of a run.

    Attributes:
        stages: in the order of the walk.
        activity: what is in progress.
        rungs: dev before test, in the order in which they were measured.
        notes: the newest lines of the log; `warnings` the newest different warnings.
        findings: what the training shows.
        fault: why the last session failed, in the parts of a `Fault`; None where it did not.
        life: what a person should be told first.
        owner, trainer: pids of the processes that work on it; None where none does.
        until: the stage after which the last session was asked to end; empty for none.
        session_started: when the last session began, seconds since the epoch; None before the first.
        artefacts: parsed by the name of their file without `.json`: assessment, split, budget, measurement,
            baselines, verdict, forecast, comparison, as far as they exist. Rows and histories are not among them.
        has_report: report.json lies there.
        disk_free: bytes free where the run lies, to 16 MiB; None where that cannot be told.
        is_writable: whether this process may write there.
        log: last lines of run.log where a run died or failed.
    """

    stages: tuple[StageState, ...] = tuple(StageState(name) for name in STAGES)
    activity: Activity = field(default_factory=Activity)
    rungs: tuple[RungState, ...] = ()
    notes: tuple[Note, ...] = ()
    warnings: tuple[Note, ...] = ()
    training: TrainingState = field(default_factory=TrainingState)
    findings: tuple[Finding, ...] = ()
    fault: Failure | None = None
    ending: Literal["", "done", "paused", "stopped", "failed"] = ""
    life: Life = "starting"
    owner: int | None = None
    trainer: int | None = None
    until: str = ""
    session_started: float | None = None
    artefacts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    has_report: bool = False
    disk_free: int | None = None
    is_writable: bool = True
    log: tuple[str, ...] = ()

    def stage(self, name: str) -> StageState:
        """One stage, by name; a waiting one where nothing was heard of it."""
        return next((stage for stage in self.stages if stage.name == name), StageState(name))

    @property
    def is_live(self) -> bool:
        """Whether a process works on it."""
        return self.life in ("running", "stopping")
