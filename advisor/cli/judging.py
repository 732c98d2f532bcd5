"""Commands that judge what is given, without a model: assess, decide, compare, evaluate's scoring of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer


def assess(
    answer: list[str] = typer.Option([], "--answer", help="CRITERION=yes|no|unknown, repeatable"),
    json_: bool = typer.Option(False, "--json", help="print the result as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="the outcome alone"),
) -> None:
    """Does the task suit fine-tuning? Ten questions, no model, no data.

    Example: advisor assess --answer format=yes --answer creative=no
    """
    from advisor.cli.options import plan_values
    from advisor.cli.show import out, out_json, table
    from rubrics.suitability import Answer
    from rubrics.suitability import assess as weigh

    answers = plan_values({"answer": answer}).get("answers", {})
    found = weigh({key: Answer(value) for key, value in answers.items()})
    if json_:
        out_json(found.to_dict())
        return
    out(f"{found.outcome} (score {found.score:+g})")
    if not quiet:
        rows = [
            [item.id, item.answer, f"{item.effect:+g}" if item.effect else "", item.question]
            for item in found.criteria
        ]
        out("\n" + table(["", "answer", "effect", "question"], rows))
        for item in found.criteria:
            if item.reason and item.answer != "unknown":
                out(f"{item.id}: {item.reason}")


def decide(
    inputs: Path = typer.Option(
        ..., "--inputs", help="JSON with task, suitability, data, baselines of a report.json"
    ),
    json_: bool = typer.Option(False, "--json", help="print the result as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="the outcome alone"),
) -> None:
    """Apply the verdict's rules to given measurements, without a run.

    Example: advisor decide --inputs runs/one/report.json --json
    """
    from advisor.cli.show import out, out_json
    from rubrics.decide import decide_report

    decided = decide_report(read_json_object(inputs))
    if json_:
        out_json(decided)
        return
    verdict = decided["verdict"]
    out(f"{verdict['outcome']} (rule {verdict['rule']})")
    if not quiet:
        for reason in verdict["reasons"]:
            out(f"- {reason}")
        for flip in verdict["flip"]:
            out(f"  would change: {flip['text']}")
    if "comparison" in decided:
        out(f"{decided['comparison']['outcome']}: {decided['comparison']['reason']}")


def compare(
    a: Path = typer.Argument(metavar="A", help="prediction file or run of the present system"),
    b: Path = typer.Argument(metavar="B", help="prediction file or run of the new one"),
    references: Path | None = typer.Option(None, "--references", help="JSONL with id and accepted answers"),
    metric: str = typer.Option("exact_match", "--metric", help="one metric that scores rows, or auto"),
    schema: Path | None = typer.Option(None, "--schema", help="JSON Schema file for schema_validity"),
    pattern: str | None = typer.Option(None, "--pattern", help="regular expression for format_adherence"),
    tolerance: str | None = typer.Option(None, "--tolerance", help="for numeric_match: 0.5, or 1%"),
    min_gain: float = typer.Option(0.05, "--min-gain", help="smallest gain worth it"),
    margin: float | None = typer.Option(
        None,
        "--margin",
        help="loss of score accepted since B saves money or time; chosen before B was scored",
    ),
    cluster_field: str | None = typer.Option(
        None, "--cluster-field", help="field of the references that says what a row belongs to"
    ),
    slices: list[str] = typer.Option(
        [], "--slice", help="field by whose values the comparison is shown too, repeatable"
    ),
    seed: int = typer.Option(0, "--seed", help="of the resampling for graded metrics"),
    json_: bool = typer.Option(False, "--json", help="print the comparison as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="the outcome alone"),
) -> None:
    """Paired comparison of two prediction files, or of the tuned models of two runs.

    Example: advisor compare before.jsonl after.jsonl --references test.jsonl --metric exact_match
    """
    from advisor.cli.comparison import lines
    from advisor.cli.show import out, out_json
    from advisor.comparing import compare_files
    from advisor.scoring import read_options

    options = read_options(schema, pattern, tolerance)
    found = compare_files(
        a,
        b,
        references,
        metric,
        min_gain,
        seed,
        options=options,
        margin=margin,
        cluster_field=cluster_field,
        slices=slices,
    )
    if json_:
        out_json(found)
        return
    out(f"{found['outcome']}: {found['reason']}")
    if not quiet:
        out("\n".join(lines(found)))


def read_json_object(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        Fault: no such file, or not a JSON object; exit code 2.
    """
    from rubrics.errors import Fault

    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Fault("no such file", where=str(path), fix="Give a JSON file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Fault(f"cannot be read: {error}", where=str(path), fix="Give a JSON file.") from None
    except ValueError as error:
        raise Fault(f"is not JSON: {error}", where=str(path), fix="Give a JSON file.") from None
    if not isinstance(value, dict):
        raise Fault("is not a JSON object", where=str(path), fix="Give an object such as report.json.")
    return value
