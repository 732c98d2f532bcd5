"""The plan: one frozen, validated object. Flags, `advisor.toml` and the wizard are ways to fill it.

Every screen begins with a plan's defaults, so what only reads or checks a value is imported where it does that.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from advisor.prices import TokenPrice, read_token_price
from rubrics.errors import Fault

DEFAULT_MODEL = "smollm2-135m"
AUTO_METRIC = "auto"
"""The metric is proposed from the answers (`advisor.proposals.propose_metric`), with its reason in the report."""
RUNGS = ("classifier", "zero_shot", "instruction", "prompt_file", "few_shot")
"""In the order of their cost, cheapest first; `prompt_file` is the user's present prompt."""

Answer = Literal["yes", "no", "unknown"]
GuardChoice = Literal["default", "none"]
MethodChoice = Literal["auto", "lora", "qlora"]
PrecisionChoice = Literal["auto", "fp32", "bf16"]

_FLAG_OF = {
    "answers": "--answer",
    "rungs": "--rungs",
    "schema_file": "--schema",
    "slices": "--slice",
    "overruled": "--because",
}


class Plan(BaseModel):
    """What was asked; `None` leaves a choice to the program, which states what it chose.

    Attributes:
        data: one file that is split here; or `train` and `test` (and `dev`) as given files.
        metric: the one that decides; `auto` proposes it from the answers.
        schema_file: JSON Schema for schema_validity.
        pattern: regular expression for format_adherence.
        tolerance: for numeric_match, `0.5` (absolute) or `1%`.
        production: a sample of real use, with answers or without, that the rows should look like.
        target: score on the metric, 0..1, from which the task is solved.
        min_gain: smallest gain worth a fine-tuned model, in score.
        margin: loss of score accepted when the tuned model is there to save money or time.
        guard: rows on which a tuned model must not get worse, or `default`, the bundled ones, or `none`. A guard
            that is named decides; without one the bundled rows only inform.
        guard_margin: fall of score on the guard rows that is accepted, 0..1; without it none that is beyond chance.
        learning_curve: train on 25 and 50% of the rows too, to see whether more rows would help.
        price: of a million prompt and a million completion tokens of the present model, as `0.15,0.60` or a pair.
        tuned_price: the same of the tuned model, where it will be served.
        training_cost, labelling_cost: once, in the currency of the prices; 0 says that it costs nothing.
        hosting_per_month, retraining_per_month: of the tuned model, a month.
        value_per_correct: what a right answer is worth more than a wrong one.
        requests_per_month: answers wanted a month.
        horizon_months: over which costs and gains are counted (default 12).
        max_minutes: bounds the whole run after the model is fetched.
        overruled: why the verdict is overruled by `force_train` or `no_train`, in the person's words.
        cluster_field: field that says what a row belongs to (customer, document): such rows stay in one split, and
            count as one piece of evidence.
        slices: fields by whose values the comparison is shown too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    data: Path | None = None
    train: Path | None = None
    dev: Path | None = None
    test: Path | None = None
    production: Path | None = None
    task: str = ""
    metric: str = AUTO_METRIC
    schema_file: Path | None = None
    pattern: str | None = None
    tolerance: str | None = None
    target: float | None = Field(default=None, ge=0, le=1)
    min_gain: float = Field(default=0.05, gt=0, le=1)
    margin: float | None = Field(default=None, gt=0, le=1)
    guard: GuardChoice | Path | None = None
    guard_margin: float | None = Field(default=None, ge=0, le=1)
    learning_curve: bool = False
    answers: dict[str, Answer] = {}
    model: str = DEFAULT_MODEL
    endpoint: str | None = None
    endpoint_model: str | None = None
    rungs: tuple[str, ...] = RUNGS
    prompt_file: Path | None = None
    method: MethodChoice = "auto"
    epochs: float | None = Field(default=None, gt=0, le=100)
    rank: int = Field(default=16, ge=1, le=1024)
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    max_length: int | None = Field(default=None, ge=8)
    batch_size: int = Field(default=8, ge=1, le=4096)
    precision: PrecisionChoice = "auto"
    max_minutes: float | None = Field(default=None, gt=0)
    price: TokenPrice | None = None
    tuned_price: TokenPrice | None = None
    training_cost: float | None = Field(default=None, ge=0)
    labelling_cost: float | None = Field(default=None, ge=0)
    hosting_per_month: float | None = Field(default=None, ge=0)
    retraining_per_month: float | None = Field(default=None, ge=0)
    value_per_correct: float | None = Field(default=None, ge=0)
    requests_per_month: float | None = Field(default=None, gt=0)
    horizon_months: float | None = Field(default=None, gt=0)
    force_train: bool = False
    no_train: bool = False
    overruled: str = ""
    require: tuple[str, ...] = ()
    cluster_field: str | None = Field(default=None, min_length=1)
    slices: tuple[str, ...] = ()
    seed: int = Field(default=0, ge=0, lt=2**32)

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, name: str) -> str:
        from rubrics.scoring import deciding_metric

        try:
            return name if name == AUTO_METRIC else deciding_metric(name).name
        except Fault as fault:
            # A ValueError joins the other problems of the plan instead of hiding them.
            raise ValueError(f"{fault.what} {fault.fix}") from None

    @field_validator("tolerance", mode="before")
    @classmethod
    def _number_as_text(cls, value: Any) -> Any:
        """A file may say `tolerance = 0.5`."""
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value

    @field_validator("tolerance")
    @classmethod
    def _is_tolerance(cls, value: str | None) -> str | None:
        from rubrics.scoring.numeric import read_tolerance

        try:
            if value is not None:
                read_tolerance(value)
        except Fault as fault:
            raise ValueError(f"{fault.what}. {fault.fix}") from None
        return value

    @field_validator("price", "tuned_price", mode="before")
    @classmethod
    def _two_prices(cls, value: Any) -> Any:
        """Flags and files may say `0.15,0.60`; a file may also hold the pair."""
        given = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
        if not isinstance(given, str):
            return value
        try:
            return read_token_price(given)
        except Fault as fault:
            raise ValueError(f"{fault.what}. {fault.fix}") from None

    @field_validator("answers")
    @classmethod
    def _known_criteria(cls, answers: dict[str, Answer]) -> dict[str, Answer]:
        from rubrics.suitability import load_criteria

        known = [criterion.key for criterion in load_criteria()]
        unknown = sorted(set(answers) - set(known))
        if unknown:
            raise ValueError(f"no such criterion: {', '.join(unknown)}; known are {', '.join(known)}")
        return answers

    @field_validator("rungs")
    @classmethod
    def _known_rungs(cls, rungs: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(rungs) - set(RUNGS))
        if unknown or not rungs:
            raise ValueError(
                f"no such rung: {', '.join(unknown) or '(none given)'}; known are {', '.join(RUNGS)}"
            )
        return tuple(rung for rung in RUNGS if rung in rungs)

    @field_validator("require")
    @classmethod
    def _known_conditions(cls, conditions: tuple[str, ...]) -> tuple[str, ...]:
        from rubrics.rulebook import Outcome

        outcomes = [outcome.value for outcome in Outcome]
        for condition in conditions:
            kind, _, outcome = condition.partition(":")
            if condition in ("improved", "target") or (kind == "verdict" and outcome in outcomes):
                continue
            raise ValueError(
                f"{condition!r} is not a condition; use improved, target or verdict:OUTCOME with one of "
                + ", ".join(outcomes)
            )
        return conditions

    @model_validator(mode="after")
    def _consistent(self) -> Plan:
        problems = contradictions(vars(self))
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def files(self) -> dict[str, Path]:
        """The data files by their flag's name."""
        named = {"data": self.data, "train": self.train, "dev": self.dev, "test": self.test}
        return {name: path for name, path in named.items() if path is not None}

    def absolute(self) -> Plan:
        """The same plan with absolute paths, so that it can be run again from anywhere."""
        paths = {name: path.resolve() for name, path in self.files().items()}
        for name in ("prompt_file", "production", "schema_file", "guard"):
            path = getattr(self, name)
            if isinstance(path, Path):
                paths[name] = path.resolve()
        model = str(Path(self.model).resolve()) if Path(self.model).exists() else self.model
        return self.model_copy(update={**paths, "model": model})

    def to_toml(self) -> str:
        """What `--config` reads; choices left open are left out."""
        import tomli_w

        values = self.model_dump(mode="json", exclude_none=True)
        # The lines of a multiline string end as the reader likes, so a carriage return would be lost.
        has_returns = "\\r" in json.dumps(values)
        return tomli_w.dumps(values, multiline_strings=not has_returns)

    def command(self) -> str:
        """The command that gives the same plan."""
        words = ["advisor", "run"]
        default = {name: field.default for name, field in Plan.model_fields.items()}
        for name, value in self.model_dump(mode="json").items():
            if value is None or value == default[name] or (name == "rungs" and tuple(value) == RUNGS):
                continue
            words += words_of(name, value)
        return shlex.join(words)


def words_of(name: str, value: Any) -> list[str]:
    """The words on the command line that give a field this value, in the form of JSON."""
    flag = flag_of(name)
    if value is True:
        return [flag]
    if isinstance(value, dict):
        return [word for key, answer in value.items() for word in (flag, f"{key}={answer}")]
    if name in ("require", "slices"):
        return [word for condition in value for word in (flag, condition)]
    if isinstance(value, list):
        return [flag, ",".join(map(str, value))]
    return [flag, str(value)]


def flag_of(field: str) -> str:
    """The flag that fills a field of the plan."""
    return _FLAG_OF.get(field, "--" + field.replace("_", "-"))


def contradictions(values: Mapping[str, Any]) -> list[str]:
    """What does not go together, field by field valid or not."""
    found = {name: value for name, value in values.items() if value not in (None, "")}
    require = found.get("require", ())
    target_required = isinstance(require, Sequence) and "target" in require
    checks = {
        "--data is one file to split; it does not go with --train, --dev or --test": "data" in found
        and bool(found.keys() & {"train", "dev", "test"}),
        "no rows: give --data FILE, or --train FILE and --test FILE": not found.keys() & {"data", "train"},
        "--endpoint and --endpoint-model go together": ("endpoint" in found) != ("endpoint_model" in found),
        "--force-train and --no-train exclude each other": bool(
            found.get("force_train") and found.get("no_train")
        ),
        "--because says why --force-train or --no-train overrules the verdict; there is neither": bool(
            found.get("overruled") and not (found.get("force_train") or found.get("no_train"))
        ),
        "--learning-curve trains, and --no-train forbids it": bool(
            found.get("learning_curve") and found.get("no_train")
        ),
        "--guard-margin needs a guard: give --guard FILE, or --guard default": "guard_margin" in found
        and found.get("guard", "none") == "none",
        **_options_missing(found),
        "--require target needs a --target": target_required and "target" not in found,
    }
    return [problem for problem, holds in checks.items() if holds]


def _options_missing(found: Mapping[str, Any]) -> dict[str, bool]:
    """What the metric asked for needs and lacks."""
    needed = {"schema_validity": "schema_file", "format_adherence": "pattern"}
    metric = found.get("metric")
    return {
        f"--metric {name} needs {flag_of(option)}": metric == name and option not in found
        for name, option in needed.items()
    }


def make_plan(values: Mapping[str, Any], source: str = "", flags: AbstractSet[str] = frozenset()) -> Plan:
    """Validate values into a plan.

    Args:
        source: file that the values come from; empty where they are all flags.
        flags: names of the values that were given as flags beside the file.

    Raises:
        Fault: names every flag or field that is wrong; exit code 2.
    """
    try:
        return Plan.model_validate(dict(values))
    except ValidationError as error:
        fields = [_problem(item, source, flags) for item in error.errors() if item["loc"]]
        problems = [*fields, *contradictions(values)]
        raise Fault(
            problems[0] if len(problems) == 1 else f"{len(problems)} things are wrong with the plan",
            where=source,
            fix="See `advisor run --help`.",
            problems=problems if len(problems) > 1 else (),
        ) from None


def _problem(item: Any, source: str, flags: AbstractSet[str]) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    field, *rest = (str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"{field}: no such field; known are {', '.join(Plan.model_fields)}"
    given_by_flag = not source or field in flags
    name = " ".join([flag_of(field), *rest]) if given_by_flag else ".".join([field, *rest])
    return f"{name}: {message} (found {item.get('input')!r})"


def read_plan(path: Path, overrides: Mapping[str, Any] | None = None) -> Plan:
    """Read `advisor.toml`; paths in it are relative to the file; flags given beside it win.

    Raises:
        Fault: no such file, not TOML, or not a plan; exit code 2.
    """
    given = overrides or {}
    return make_plan({**_toml_values(path), **given}, source=str(path), flags=given.keys())


def _toml_values(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Fault("no such file", where=str(path), fix="Write one with `advisor init`.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"cannot be read: {error}", where=str(path), fix="Give a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise Fault(f"is not TOML: {error}", where=str(path), fix="Correct the line named.") from None
    for name in ("data", "train", "dev", "test", "production", "prompt_file", "schema_file"):
        if isinstance(values.get(name), str):
            values[name] = path.parent / values[name]
    if isinstance(values.get("guard"), str) and values["guard"] not in get_args(GuardChoice):
        values["guard"] = path.parent / values["guard"]
    model = values.get("model")
    if isinstance(model, str) and (path.parent / model).exists():
        values["model"] = str(path.parent / model)
    return values
