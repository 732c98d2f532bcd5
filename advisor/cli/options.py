"""The flags that fill a plan, defined once and taken by the commands that need them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from advisor.amendable import AMENDABLE
from advisor.prices import MONEY_FIELDS

_F = TypeVar("_F", bound=Callable[..., Any])


def _option(kind: Any, flag: str, text: str, **more: Any) -> Any:
    return Annotated[kind, typer.Option(flag, help=text, show_default=False, **more)]


_PATH, _TEXT, _NUMBER, _COUNT = Path | None, str | None, float | None, int | None

PLAN_OPTIONS: dict[str, Any] = {
    "config": _option(_PATH, "--config", "advisor.toml with the plan; flags given beside it win"),
    "data": _option(_PATH, "--data", "rows (JSONL in any format, CSV, Parquet ...), split here"),
    "train": _option(_PATH, "--train", "training rows, with --test instead of --data"),
    "dev": _option(_PATH, "--dev", "rows that choose prompts and checkpoints; else carved from --train"),
    "test": _option(_PATH, "--test", "rows that are scored once"),
    "production": _option(
        _PATH, "--production", "a sample of real use, answers not needed; the rows should look like it"
    ),
    "task": _option(_TEXT, "--task", "what the model should do; more paragraphs define labels and rules"),
    "metric": _option(
        _TEXT, "--metric", "name of the metric, or auto (default): proposed; `advisor help metrics`"
    ),
    "schema_file": _option(_PATH, "--schema", "JSON Schema file for the metric schema_validity"),
    "pattern": _option(_TEXT, "--pattern", "regular expression for the metric format_adherence"),
    "tolerance": _option(_TEXT, "--tolerance", "for the metric numeric_match: 0.5 (absolute) or 1%"),
    "target": _option(_NUMBER, "--target", "score (0..1) from which the task is solved"),
    "min_gain": _option(_NUMBER, "--min-gain", "smallest gain worth a fine-tuned model (default 0.05)"),
    "margin": _option(_NUMBER, "--margin", "loss of score accepted if the tuned model saves money or time"),
    "guard": _option(
        _TEXT, "--guard", "rows that must not get worse, default (bundled rows) or none; `advisor help guard`"
    ),
    "guard_margin": _option(
        _NUMBER, "--guard-margin", "fall of score accepted on the guard rows (default 0)"
    ),
    "learning_curve": _option(
        bool, "--learning-curve", "train on 25 and 50% of the rows too: would more rows help?"
    ),
    "answer": _option(
        list[str] | None, "--answer", "CRITERION=yes|no|unknown, repeatable; `advisor help suitability`"
    ),
    "model": _option(_TEXT, "--model", "smollm2-135m (default), hub id, folder or .gguf file"),
    "endpoint": _option(_TEXT, "--endpoint", "OpenAI-compatible URL that answers the cheap options"),
    "endpoint_model": _option(_TEXT, "--endpoint-model", "model name at the endpoint"),
    "rungs": _option(
        _TEXT, "--rungs", "classifier,zero_shot,instruction,prompt_file,few_shot (default: all)"
    ),
    "prompt_file": _option(_PATH, "--prompt-file", "the prompt you use today, a rung of its own"),
    "method": _option(_TEXT, "--method", "auto (default), lora or qlora"),
    "epochs": _option(_NUMBER, "--epochs", "passes over the training rows (default by their number)"),
    "rank": _option(_COUNT, "--rank", "rank of the adapter (default 16)"),
    "learning_rate": _option(_NUMBER, "--learning-rate", "peak rate (default by the model's width)"),
    "max_length": _option(
        _COUNT, "--max-length", "tokens a row; longer rows are refused (default: the longest)"
    ),
    "batch_size": _option(_COUNT, "--batch-size", "rows an optimizer step (default 8)"),
    "precision": _option(_TEXT, "--precision", "auto (default), fp32 or bf16"),
    "price": _option(
        _TEXT,
        "--price",
        "now, of a million prompt and completion tokens: 0.15,0.60; `advisor help economics`",
    ),
    "tuned_price": _option(_TEXT, "--tuned-price", "the same for the tuned model, where you will serve it"),
    "training_cost": _option(_NUMBER, "--training-cost", "of training, once, in the currency of the prices"),
    "labelling_cost": _option(
        _NUMBER, "--labelling-cost", "of labelling rows, once (0: nothing is to be paid)"
    ),
    "hosting_per_month": _option(_NUMBER, "--hosting-per-month", "of serving the tuned model, a month"),
    "retraining_per_month": _option(
        _NUMBER, "--retraining-per-month", "of keeping the tuned model up to date, a month"
    ),
    "value_per_correct": _option(_NUMBER, "--value-per-correct", "what one more right answer is worth"),
    "requests_per_month": _option(_NUMBER, "--requests-per-month", "answers that you need a month"),
    "horizon_months": _option(
        _NUMBER, "--horizon-months", "months over which costs and gains are counted (default 12)"
    ),
    "max_minutes": _option(_NUMBER, "--max-minutes", "bounds the whole run; every reduction is stated"),
    "force_train": _option(bool, "--force-train", "train whatever the verdict says"),
    "no_train": _option(bool, "--no-train", "stop after the verdict"),
    "overruled": _option(
        _TEXT, "--because", "why --force-train or --no-train overrules the verdict; stands in the report"
    ),
    "require": _option(
        list[str] | None,
        "--require",
        "improved, target or verdict:OUTCOME, repeatable; exit 4 if it does not hold",
    ),
    "cluster_field": _option(
        _TEXT, "--cluster-field", "field that says what a row belongs to, such as customer or document"
    ),
    "slices": _option(
        list[str] | None, "--slice", "field by whose values the comparison is shown too, repeatable"
    ),
    "seed": _option(_COUNT, "--seed", "chooses splits, examples and batches (default 0)"),
}
RESET_OPTION = _option(
    _TEXT, "--reset", "take flags back, such as --reset epochs,rank: the program chooses again"
)
UNTIL_OPTION = _option(
    _TEXT, "--until", "end with a report after this stage, before training: decide or forecast"
)
RUN_ARGUMENT = Annotated[Path, typer.Argument(metavar="RUN", help="run directory")]
OUTPUT_OPTIONS: dict[str, Any] = {
    "out": _option(_PATH, "--out", "run directory (default: a new one in ./runs)"),
    "json_": _option(bool, "--json", "print the result as one JSON object"),
    "json_events": _option(bool, "--json-events", "print the event stream"),
    "quiet": _option(bool, "--quiet", "no narration"),
}

_TRAINING_ONLY = {
    "method",
    "epochs",
    "rank",
    "learning_rate",
    "force_train",
    "no_train",
    "overruled",
    "margin",
    "slices",
    "guard",
    "guard_margin",
    "learning_curve",
}
_JUDGING = {
    "target",
    "min_gain",
    "margin",
    "answer",
    "rungs",
    "prompt_file",
    "production",
    "require",
    "force_train",
    "no_train",
    "overruled",
    "slices",
    "guard",
    "guard_margin",
    "learning_curve",
}
_SCORING = {"metric", "schema_file", "pattern", "tolerance"}
RUN_FLAGS = tuple(PLAN_OPTIONS)
BASELINE_FLAGS = tuple(name for name in PLAN_OPTIONS if name not in _TRAINING_ONLY)
AMENDING_FLAGS = (*AMENDABLE, "overruled")
"""What `resume` may change."""
TRAIN_FLAGS = tuple(
    name
    for name in PLAN_OPTIONS
    if name not in _JUDGING and name not in {"test", *_SCORING, *MONEY_FIELDS, "endpoint", "endpoint_model"}
)


def takes(*names: str) -> Callable[[_F], _F]:
    """Give a command these flags; it receives them as keyword arguments, None or False where not given."""
    known = {
        **PLAN_OPTIONS,
        **OUTPUT_OPTIONS,
        "until": UNTIL_OPTION,
        "reset": RESET_OPTION,
        "path": RUN_ARGUMENT,
    }

    def decorate(function: _F) -> _F:
        parameters = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=_default(known[name]), annotation=known[name]
            )
            for name in names
        ]
        function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        function.__annotations__ = {name: known[name] for name in names}
        return function

    return decorate


def _default(option: Any) -> Any:
    if option is RUN_ARGUMENT:
        return inspect.Parameter.empty
    return False if option.__args__[0] is bool else None


def plan_values(flags: dict[str, Any]) -> dict[str, Any]:
    """The plan's fields from the flags that were given.

    Raises:
        Fault: `--answer` is not CRITERION=VALUE.
    """
    from rubrics.errors import Fault

    values = {
        name: value
        for name, value in flags.items()
        # By identity: 0 is a value that was given, and it equals False.
        if name in PLAN_OPTIONS
        and name not in ("config", "answer")
        and value is not None
        and value is not False
        and value != []
    }
    if values.get("rungs"):
        values["rungs"] = tuple(part.strip() for part in values["rungs"].split(",") if part.strip())
    for name in ("require", "slices"):
        if values.get(name):
            values[name] = tuple(values[name])
    answers = {}
    for answer in flags.get("answer") or ():
        name, found, value = answer.partition("=")
        if not found:
            raise Fault(
                f"{answer!r} is not CRITERION=yes|no|unknown",
                where="--answer",
                fix="See `advisor help suitability`.",
            )
        answers[name.strip()] = value.strip()
    if answers:
        values["answers"] = answers
    return values


def plan_of(flags: dict[str, Any], **fixed: Any) -> Any:
    """The plan of a command's flags.

    Raises:
        Fault: the plan is wrong.
    """
    from advisor.plan import make_plan, read_plan

    values = {**plan_values(flags), **fixed}
    return read_plan(flags["config"], values) if flags.get("config") else make_plan(values)
