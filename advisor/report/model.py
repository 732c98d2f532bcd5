"""report.json, as a type: others' scripts depend on its shape, so fields are added and never changed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from advisor.predictions import Score
from advisor.report.comparison_parts import STRICT, ComparisonPart, FlipPart


class _Part(BaseModel):
    model_config = STRICT


_Cautions = Annotated[
    dict[str, list[str]], Field(description="of each metric, why its interval may be narrower than it claims")
]


class RunPart(_Part):
    """The run itself; `duration_s` is working time, interruptions left out."""

    id: str
    created: str
    version: str
    seed: int
    duration_s: float
    directory: str
    command: str
    stage_seconds: dict[str, float]
    reductions: list[str] = Field(description="what a time limit took away, in words")


class TaskPart(_Part):
    """What was asked."""

    description: str
    metric: str
    target: float | None
    min_gain: float
    margin: float | None = None
    metric_reason: str = Field(default="", description="why this metric decides, in words")
    metric_warning: str = Field(default="", description="what it cannot see, in words")


class CriterionPart(_Part):
    """One question of the suitability rubric."""

    id: str
    question: str
    answer: Literal["yes", "no", "unknown"]
    source: Literal["user", "data", "default"]
    effect: float
    reason: str
    reference: str


class SuitabilityPart(_Part):
    """Does the task suit fine-tuning?"""

    outcome: Literal["suited", "unsuited", "unclear"]
    score: float
    criteria: list[CriterionPart]
    parts: dict[str, float] = Field(
        default={}, description="what of the score speaks for and against, and its range"
    )


class FindingPart(_Part):
    """One finding of the data checks."""

    check: str
    severity: Literal["info", "warning", "error"]
    count: int
    rows: list[str]
    message: str
    fix: str
    details: dict[str, Any] = {}
    example: str = ""


class SplitsPart(_Part):
    """Rows of each split."""

    train: int
    dev: int
    test: int


class DataPart(_Part):
    """What the checks found; `leaked` are test rows that stand in train and are left out of the score."""

    rows: int
    format: str
    findings: list[FindingPart]
    splits: SplitsPart
    checked: int | None = Field(default=None, description="rows of the file that the findings count")
    labels: dict[str, int | None] = Field(
        default={}, description="training rows of the rarest label, test labels that train lacks"
    )
    leaked: list[str] = []
    statistics: dict[str, Any] = {}


class LatencyPart(_Part):
    """Seconds to an answer."""

    p50: float
    p95: float


class BaselinePart(_Part):
    """One rung on one split."""

    rung: str
    model: str
    split: Literal["dev", "test"]
    n: int
    metrics: dict[str, Score]
    prompt_tokens: int
    completion_tokens: int
    latency_s: LatencyPart
    cost: float | None
    selected: bool
    with_leaked: dict[str, Any] | None = None
    cautions: _Cautions = {}


class VerdictPart(_Part):
    """The verdict before training."""

    outcome: Literal[
        "FINE_TUNE",
        "PROMPT_IS_ENOUGH",
        "USE_RETRIEVAL",
        "COLLECT_EVAL_DATA",
        "COLLECT_TRAIN_DATA",
        "FIX_DATA",
        "NOT_SUITED",
    ]
    rule: str
    case: str = Field(default="", description="of the rule, where what to do differs between its cases")
    rung: str | None = Field(default=None, description="the cheap option that the verdict speaks of")
    reasons: list[str]
    evidence: dict[str, Any]
    considered: list[dict[str, Any]]
    flip: list[FlipPart]
    minimum_detectable_effect: float | None


class OverruledPart(_Part):
    """The verdict was not followed: `choice` is what was done instead, `reason` the person's words, empty for none."""

    outcome: str
    choice: Literal["train", "no_train"]
    reason: str


class ForecastPart(_Part):
    """Predicted and measured side by side; measured values are of the training where there was one."""

    method: str
    memory_bytes: int
    memory_measured_bytes: int | None
    seconds: float | None
    seconds_measured: float | None
    trainable_parameters: int
    alternatives: list[dict[str, Any]]
    memory: dict[str, int] = {}
    notes: list[str] = []
    curve_seconds: float | None = Field(default=None, description="predicted, of the learning curve besides")
    device: str = ""
    device_memory_bytes: int | None = Field(default=None, description="in all, or what a container allows")


class HistoryPart(_Part):
    """What was measured at one optimizer step."""

    step: int
    loss: float | None
    learning_rate: float | None
    next_token_accuracy: float | None
    eval_loss: float | None
    eval_next_token_accuracy: float | None
    epoch: float | None = None
    grad_norm: float | None = None


class TrainingPart(_Part):
    """How the training went; `config` is what was in effect."""

    method: str
    config: dict[str, Any]
    steps: int
    epochs: float
    history: list[HistoryPart]
    best_step: int
    stopped_early: bool
    findings: list[dict[str, str]]
    adapter: str
    train_rows: int | None = None
    device: str = ""
    planned_steps: int | None = None
    out_of_time: bool = Field(default=False, description="the time limit ended it before the planned steps")


class EvaluationPart(_Part):
    """One system on the test rows."""

    system: Literal["base", "best_baseline", "tuned"]
    split: Literal["test"]
    n: int
    metrics: dict[str, Score]
    loss: float | None
    next_token_accuracy: float | None
    supervised_tokens: int | None
    cautions: _Cautions = {}


class EconomicsPart(_Part):
    """What the prices and the volume say; None where one that it takes was not given, or where it never pays."""

    present_per_request: float | None
    tuned_per_request: float | None
    saving_per_request: float | None
    prompt_tokens_saved: float | None
    requests_per_month: float | None
    horizon_months: float
    break_even_requests_per_month: float | None
    break_even_months: float | None
    pays: bool | None = Field(description="within the horizon, at the present volume")
    cost: float | None = Field(description="of training, labelling, hosting, retraining over the horizon")
    worth: float | None = Field(description="of the gain over the horizon")
    lacking: list[str] = Field(description="what was not given, and is not taken as free")
    text: list[str]


class GuardSystemPart(_Part):
    """One model on the guard rows."""

    loss: float
    next_token_accuracy: float
    answered: float | None = Field(default=None, description="share of answers that hold the reference")


class ChangePart(_Part):
    """Tuned minus base with its 95% limits."""

    difference: float
    low: float
    high: float


class GuardPart(_Part):
    """Base and tuned on rows that are not the task's; the difference (tuned minus base) is of `measure`."""

    name: str
    declared: bool = Field(description="named before training, so that its fall decides (T2)")
    allowed: float | None = Field(default=None, description="fall that was declared acceptable")
    rows: int
    supervised_tokens: int
    base: GuardSystemPart
    tuned: GuardSystemPart
    measure: Literal["answered", "next_token_accuracy"]
    difference: float
    low: float
    high: float
    changes: dict[str, ChangePart] = Field(description="of every score and of the loss, by name")
    fell: bool = Field(description="L7: a fall beyond chance and beyond what is allowed, or a rise of loss")
    text: str


class CurvePointPart(_Part):
    """One training of the learning curve, scored on dev."""

    share: float
    rows: int
    main: bool = Field(description="this is the run's main training")
    loss: float
    loss_error: float
    next_token_accuracy: float
    score: Score | None


class ProspectPart(_Part):
    """What a power law says of twice the rows; a fall of loss counts as a gain, the limits are 80%."""

    helps: Literal["yes", "no", "unknown"]
    rows: int
    gain: float | None = Field(
        description="None where more rows did worse, which no learning curve describes"
    )
    low: float | None
    high: float | None
    worth: float
    rising: bool
    rows_likely: int | None
    rows_surely: int | None
    text: str


class CurvePart(_Part):
    """Would more training rows help? `refused` says why this was not measured."""

    refused: str
    steps: int
    dev_rows: int
    metric: str
    points: list[CurvePointPart]
    by_metric: ProspectPart | None
    by_loss: ProspectPart | None
    text: str
    notes: list[str]


class Report(_Part):
    """The whole of report.json."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    run: RunPart
    task: TaskPart
    suitability: SuitabilityPart
    data: DataPart
    baselines: list[BaselinePart]
    verdict: VerdictPart
    forecast: ForecastPart | None
    training: TrainingPart | None
    evaluations: list[EvaluationPart]
    comparison: ComparisonPart | None
    guard: GuardPart | None = None
    learning_curve: CurvePart | None = None
    discordance: float | None = Field(
        default=None, description="of the planned comparison, where churn is not known"
    )
    churn: float | None = Field(default=None, description="share of dev rows that change without any gain")
    independent: float | None = Field(
        default=None, description="independent rows that a test row is worth; None without clusters"
    )
    deviation: float | None = Field(
        default=None, description="spread of a dev row's difference, for graded metrics"
    )
    failures: list[dict[str, Any]] = Field(
        default=[], description="wrong answers that a person tagged: id, tag"
    )
    prices: dict[str, float] | None = Field(default=None, description="as given; `advisor decide` reads them")
    volume: dict[str, float] | None = Field(default=None, description="as given; `advisor decide` reads it")
    economics: EconomicsPart | None = Field(default=None, description="None where no price was given")
    overruled: OverruledPart | None = None
    skipped_rungs: dict[str, str] = {}
    ledger: list[dict[str, Any]] = Field(default=[], description="every scoring of the test rows")
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return self.model_dump(mode="json", by_alias=True)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of report.json."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "advisor report", **schema}
