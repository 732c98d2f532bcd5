"""Commands that work on files: write a plan, score a model or a prediction file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def evaluate(
    predictions: Path | None = typer.Option(
        None, "--predictions", help="answers that exist, with --references"
    ),
    references: Path | None = typer.Option(None, "--references", help="JSONL with id and accepted answers"),
    data: Path | None = typer.Option(
        None, "--data", help="rows to ask a model about, with --model or --endpoint"
    ),
    model: str | None = typer.Option(None, "--model", help="smollm2-135m, hub id, folder or .gguf file"),
    adapter: Path | None = typer.Option(None, "--adapter", help="adapter folder of a finished training"),
    endpoint: str | None = typer.Option(None, "--endpoint", help="OpenAI-compatible URL"),
    endpoint_model: str | None = typer.Option(None, "--endpoint-model", help="model name at the endpoint"),
    task: str = typer.Option("", "--task", help="instruction, as system turn where a row has none"),
    metric: str = typer.Option("exact_match", "--metric", help="one or several as a,b, or auto"),
    schema: Path | None = typer.Option(None, "--schema", help="JSON Schema file for schema_validity"),
    pattern: str | None = typer.Option(None, "--pattern", help="regular expression for format_adherence"),
    tolerance: str | None = typer.Option(None, "--tolerance", help="for numeric_match: 0.5, or 1%"),
    precision: str = typer.Option("auto", "--precision", help="auto, fp32 or bf16"),
    repeats: int = typer.Option(
        1, "--repeats", help="answers to each row: the mean score, and the noise of sampling"
    ),
    temperature: float = typer.Option(0.0, "--temperature", help="0 for the likeliest answer, up to 2"),
    out: Path | None = typer.Option(None, "--out", help="new folder for answers and scores of a model"),
    seed: int = typer.Option(
        0, "--seed", min=0, help="of sampled answers; and of row groups for macro-F1 from 1,000 rows on"
    ),
    json_: bool = typer.Option(False, "--json", help="print {n, missing, metrics} as one JSON object"),
    json_events: bool = typer.Option(False, "--json-events", help="print the event stream"),
    quiet: bool = typer.Option(False, "--quiet", help="no narration"),
) -> None:
    """Score answers that exist, or a model, a model with adapter, or an endpoint on a file.

    Example: advisor evaluate --predictions answers.jsonl --references test.jsonl --metric exact_match,token_f1
    """
    from advisor.cli.show import INTERRUPTED, err
    from advisor.display import display_for
    from advisor.evaluating import Subject, evaluate_model
    from advisor.interrupt import Interrupted, StopSignal, signals_stop
    from advisor.repeating import Sampling
    from advisor.scoring import read_options
    from advisor.scoring_files import metric_names, score_file
    from rubrics.errors import Fault

    sampling = Sampling(repeats, temperature)
    names, options = metric_names(metric), read_options(schema, pattern, tolerance)
    if predictions is not None:
        if references is None or data is not None or sampling != Sampling():
            raise Fault(
                "--predictions goes with --references, and without --data, --repeats and --temperature",
                fix="See `advisor evaluate -h`.",
            )
        _show_scores(score_file(predictions, references, names, seed, options), json_)
        return
    if data is None:
        raise Fault("nothing to score", fix="Give --predictions and --references, or --data and a model.")
    subject = Subject(model, adapter, endpoint, endpoint_model, task, precision)
    display, stop = display_for(quiet=quiet or json_, json_events=json_events), StopSignal()
    try:
        with signals_stop(stop):
            scored, files = evaluate_model(data, subject, names, out, seed, display, stop, options, sampling)
    except Interrupted:
        err("stopped; nothing was scored")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        display.close()
    if not quiet:
        err(f"answers: {', '.join(map(str, files))}")
    if not json_events:
        _show_scores(scored, json_)


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
        out(f"{name}: {failures['form']} of {scored.n} answers are right but for their form")
    for name, said in scored.cautions.items():
        for caution in said:
            out(f"note: {name}: {caution}")
    if scored.missing:
        out(f"{scored.missing} references have no prediction and score 0")
    if scored.unknown:
        out(f"{scored.unknown} predictions have an id that no reference has; they are not scored")
