"""Commands that judge what is given, without a model: assess, decide, compare, evaluate's scoring of a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rubrics.hints import Hint


def assess(
    answer: list[str] = typer.Option([], "--answer", help="CRITERION=yes|no|unknown, repeatable"),
    data: Path | None = typer.Option(
        None, "--data", help="rows; what they say is shown beside each question"
    ),
    accept_hints: bool = typer.Option(
        False, "--accept-hints", help="with --data: open questions take what the rows suggest (source: data)"
    ),
    lang: str | None = typer.Option(None, "--lang", help="en or ko (default: by LANG)"),
    json_: bool = typer.Option(False, "--json", help="print the result as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="the outcome alone"),
) -> None:
    """Does the task suit fine-tuning? Ten questions, no model.

    Example: advisor assess --answer format=yes --answer creative=no --data rows.jsonl
    """
    from advisor.cli.options import plan_values
    from advisor.cli.show import out, out_json
    from advisor.language import chosen_language
    from rubrics.errors import Fault
    from rubrics.suitability import Answer, load_rubric
    from rubrics.suitability import assess as weigh

    if accept_hints and data is None:
        raise Fault("there is nothing to take hints from", where="--accept-hints", fix="Give --data FILE.")
    rubric = load_rubric(chosen_language(lang))
    values = plan_values({"answer": answer}).get("answers", {})
    answers = {key: Answer(value) for key, value in values.items()}
    weigh(answers, rubric)  # a wrong answer is told before a large file is read
    hints: Sequence[Hint] = ()
    if data:
        from advisor.hinting import hints_of

        hints = hints_of(data, chosen_language(lang))
    if accept_hints:
        from rubrics.hints import accepted

        answers |= accepted(hints, answers)
    found = weigh(answers, rubric)
    if json_:
        out_json(found.to_dict() | ({"hints": [hint.to_dict() for hint in hints]} if data else {}))
        return
    out(f"{found.outcome} (score {found.score:+g})")
    if not quiet:
        _show_assessment(found, rubric, hints)


def _show_assessment(found: Any, rubric: Any, hints: Any) -> None:
    """Each question with its answer, its part of the score, the reason, and what the rows say to it."""
    from advisor.cli.show import out

    parts = found.parts
    out(
        f"{parts['for']:+g} {parts['against']:+g}; {parts['least']:+g}..{parts['most']:+g}, "
        f"suited >= {parts['suited_at']:+g}"
    )
    for item, criterion in zip(found.criteria, rubric.criteria, strict=True):
        effect = f" ({item.effect:+g})" if item.effect else ""
        source = " [data]" if item.source == "data" else ""
        out(f"\n{item.id}: {item.question}\n    {criterion.key}={item.answer}{effect}{source}")
        out(f"    {criterion.help if item.answer == 'unknown' else item.reason}")
        if item.answer != "unknown":
            out(f"    {item.reference}")
        for hint in hints:
            if hint.key == criterion.key:
                out(f"    > {hint.text}" + (f" -> {hint.suggests}?" if hint.suggests else ""))


def decide(
    inputs: Path = typer.Option(
        ..., "--inputs", help="JSON with task, suitability, data, baselines of a report.json"
    ),
    failures: Path | None = typer.Option(
        None, "--failures", help="tagged failures, such as a run's baselines/failures.jsonl"
    ),
    json_: bool = typer.Option(False, "--json", help="print the result as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="the outcome alone"),
) -> None:
    """Apply the verdict's rules to given measurements, without a run.

    Example: advisor decide --inputs runs/one/report.json --failures runs/one/baselines/failures.jsonl
    """
    from advisor.cli.show import out, out_json
    from rubrics.decide import decide_report

    given = read_json_object(inputs)
    if failures is not None:
        from advisor.tagging import read_tags

        given["failures"] = read_tags(failures)
    decided = decide_report(given)
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
        out("rules: " + ", ".join(_as_considered(entry, verdict["rule"]) for entry in verdict["considered"]))
    if "comparison" in decided:
        compared = decided["comparison"]
        out(f"{compared['outcome']}: {compared['reason']}")
        if not quiet:
            for note in compared["notes"]:
                out(f"- {note}")
            for flip in compared["flip"]:
                out(f"  would change: {flip['text']}")


def _as_considered(entry: dict[str, Any], deciding: str) -> str:
    """A rule with what it found, in one word."""
    word = "unknown" if entry["held"] == "unknown" else "holds" if entry["held"] else "no"
    return f"{entry['rule']} {'decides' if entry['rule'] == deciding else word}"


def compare(
    a: Path = typer.Argument(metavar="A", help="prediction file or run of the present system"),
    b: list[Path] = typer.Argument(
        metavar="B", help="prediction file or run of the new one, or of several candidates"
    ),
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
    seed: int = typer.Option(0, "--seed", min=0, help="of the permutations, for graded scores and clusters"),
    json_: bool = typer.Option(False, "--json", help="print the comparison as one JSON object"),
    quiet: bool = typer.Option(False, "--quiet", help="the outcome alone"),
) -> None:
    """Paired comparison of two prediction files, or of the tuned models of two runs.

    With several candidates each is compared with A, and decided by Holm's adjusted p and by wider limits; --json then
    prints {comparisons: [...]}, each with p_holm.

    Example: advisor compare before.jsonl after.jsonl --references test.jsonl --metric exact_match
    """
    from advisor.cli.comparison import lines
    from advisor.cli.show import out, out_json
    from advisor.comparing import Terms, compare_files, compare_several
    from advisor.scoring import read_options

    options = read_options(schema, pattern, tolerance)
    terms = Terms(references, metric, min_gain, seed, options, margin, cluster_field, slices)
    several = len(b) > 1
    found = compare_several(a, b, terms) if several else compare_files(a, b[0], terms)
    if json_:
        out_json(found)
        return
    for entry in found["comparisons"] if several else [found]:
        out(f"{entry['tuned']}: " * several + f"{entry['outcome']}: {entry['reason']}")
        if not quiet:
            out("\n".join([*lines(entry), *[""] * several]))


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
