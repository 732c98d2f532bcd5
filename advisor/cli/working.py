"""Commands that work on files: write a plan, score a model or a prediction file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from advisor.cli.options import RUN_FLAGS, plan_values, takes

_INIT_FLAGS = tuple(name for name in RUN_FLAGS if name != "config")


@takes(*_INIT_FLAGS, "out", "json_", "quiet")
def init(**flags: Any) -> None:
    """Write an advisor.toml, from flags, or by asking on a terminal.

    Example: advisor init --data desk.jsonl --task "Route the message" --target 0.9 --out advisor.toml
    """
    from advisor.cli.show import err, out_json
    from advisor.planning import ask_for_plan, write_plan

    values = plan_values(flags)
    plan = ask_for_plan(values)
    path = flags["out"] or Path("advisor.toml")
    write_plan(plan, path)
    if flags["json_"]:
        out_json({"path": str(path), "command": plan.command()})
    elif not flags["quiet"]:
        err(f"written: {path}\nrun it: advisor run --config {path}")


_Predictions = Annotated[
    Path | None, typer.Option("--predictions", help="answers that exist, with --references")
]
_References = Annotated[Path | None, typer.Option("--references", help="JSONL with id and accepted answers")]
_Data = Annotated[
    Path | None, typer.Option("--data", help="rows to ask a model about, with --model or --endpoint")
]
_Model = Annotated[str | None, typer.Option("--model", help="smollm2-135m, hub id, folder or .gguf file")]
_Adapter = Annotated[Path | None, typer.Option("--adapter", help="adapter folder of a finished training")]
_Endpoint = Annotated[str | None, typer.Option("--endpoint", help="OpenAI-compatible URL")]
_EndpointModel = Annotated[str | None, typer.Option("--endpoint-model", help="model name at the endpoint")]
_Task = Annotated[str, typer.Option("--task", help="instruction, as system turn where a row has none")]
_Metric = Annotated[str, typer.Option("--metric", help="one or several as a,b, or auto")]
_Schema = Annotated[Path | None, typer.Option("--schema", help="JSON Schema file for schema_validity")]
_Pattern = Annotated[str | None, typer.Option("--pattern", help="regular expression for format_adherence")]
_Tolerance = Annotated[str | None, typer.Option("--tolerance", help="for numeric_match: 0.5, or 1%")]
_ClusterField = Annotated[
    str | None,
    typer.Option(
        "--cluster-field", help="field whose values say which rows belong together, such as a customer"
    ),
]
_Precision = Annotated[str, typer.Option("--precision", help="auto, fp32 or bf16")]
_Repeats = Annotated[
    int, typer.Option("--repeats", help="answers to each row: the mean score, and the noise of sampling")
]
_Temperature = Annotated[float, typer.Option("--temperature", help="0 for the likeliest answer, up to 2")]
_Out = Annotated[Path | None, typer.Option("--out", help="new folder for answers and scores of a model")]
_Seed = Annotated[
    int,
    typer.Option(
        "--seed", min=0, help="of sampled answers; and of row groups for macro-F1 from 1,000 rows on"
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="print {n, missing, metrics} as one JSON object")]
_JsonEvents = Annotated[bool, typer.Option("--json-events", help="print the event stream")]
_Quiet = Annotated[bool, typer.Option("--quiet", help="no narration")]


def evaluate(
    predictions: _Predictions = None,
    references: _References = None,
    data: _Data = None,
    model: _Model = None,
    adapter: _Adapter = None,
    endpoint: _Endpoint = None,
    endpoint_model: _EndpointModel = None,
    task: _Task = "",
    metric: _Metric = "exact_match",
    schema: _Schema = None,
    pattern: _Pattern = None,
    tolerance: _Tolerance = None,
    cluster_field: _ClusterField = None,
    precision: _Precision = "auto",
    repeats: _Repeats = 1,
    temperature: _Temperature = 0.0,
    out: _Out = None,
    seed: _Seed = 0,
    json_: _Json = False,
    json_events: _JsonEvents = False,
    quiet: _Quiet = False,
) -> None:
    """Score answers that exist, or a model, a model with adapter, or an endpoint on a file.

    Example: advisor evaluate --predictions answers.jsonl --references test.jsonl --metric exact_match,token_f1
    """
    from advisor.cli.stoppable import stoppable
    from advisor.display import display_for
    from advisor.evaluating import Subject, evaluate_model
    from advisor.repeating import Sampling
    from advisor.scoring import read_options
    from advisor.scoring_files import metric_names, score_file

    sampling = Sampling(repeats, temperature)
    names, options = metric_names(metric), read_options(schema, pattern, tolerance)
    if predictions is not None:
        references = _references(references, alone=data is None and sampling == Sampling())
        _show_scores(score_file(predictions, references, names, seed, options, cluster_field), json_)
        return
    subject = Subject(model, adapter, endpoint, endpoint_model, task, precision)
    display = display_for(quiet=quiet or json_, json_events=json_events)
    with stoppable(display, "stopped; nothing was scored") as stop:
        scored, files = evaluate_model(
            _rows(data), subject, names, out, seed, display, stop, options, sampling, cluster_field
        )
    _say_files([] if quiet else files)
    if not json_events:
        _show_scores(scored, json_)


def _say_files(files: Sequence[Path]) -> None:
    from advisor.cli.show import err

    if files:
        err(f"answers: {', '.join(map(str, files))}")


def _rows(given: Path | None) -> Path:
    """The rows to ask a model about.

    Raises:
        Fault: there are none.
    """
    from rubrics.errors import Fault

    if given is None:
        raise Fault("nothing to score", fix="Give --predictions and --references, or --data and a model.")
    return given


def _references(given: Path | None, *, alone: bool) -> Path:
    """The references of a prediction file.

    Raises:
        Fault: there are none, or flags are given that ask a model.
    """
    from rubrics.errors import Fault

    if given is None or not alone:
        raise Fault(
            "--predictions goes with --references, and without --data, --repeats and --temperature",
            fix="See `advisor evaluate -h`.",
        )
    return given


def _show_scores(scored: Any, as_json: bool) -> None:
    from advisor.cli.show import out, out_json, table
    from advisor.repeating import noise_in_words
    from advisor.report.tables import interval

    if as_json:
        out_json(scored.to_json())
        return
    out(
        table(
            ["metric", "n", "value [95%]"],
            [[name, str(scored.n), interval(s)] for name, s in scored.metrics.items()],
        )
    )
    if scored.repeated:
        again = scored.repeated
        out(f"mean of {again['repeats']} repetitions at temperature {again['temperature']:g}")
        out("\n".join(noise_in_words(again)))
    if "proposed" in scored.details:
        out(f"proposed {scored.details['proposed']}")
    for name, failures in scored.details.get("format_failures", {}).items():
        out(
            f"{name}: {failures['form']} of {scored.n} answers are right but for their form, "
            f"{failures['share_of_failures']:.0%} of those that are not right"
        )
    for name, said in scored.cautions.items():
        for caution in said:
            out(f"note: {name}: {caution}")
    if scored.clusters is not None:
        out(f"the rows form {scored.clusters} clusters, which vary as a whole")
    if scored.missing:
        out(f"{scored.missing} references have no prediction and score 0")
    if scored.unknown:
        out(f"{scored.unknown} predictions have an id that no reference has; they are not scored")
