"""Commands on data alone: check it, fix it, convert it, split it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from rubrics.errors import ExitCode

_FILE = typer.Argument(
    metavar="FILE", help="JSONL, a JSON array, CSV, TSV or Parquet, also .gz or .zst; - is standard input"
)
_FORMAT = typer.Option(None, "--format", help="read every row in this format; else it is found out")
_PROMPT = typer.Option(None, "--prompt-field", help="the field that holds the prompt, with --answer-field")
_ANSWER = typer.Option(None, "--answer-field", help="the field that holds the answer")
_MODEL = typer.Option(None, "--model", help="count tokens as this model does")
_MAX_LENGTH = typer.Option(None, "--max-length", min=1, help="most tokens of prompt and answer")
_FORCE = typer.Option(False, "--force", help="replace files that exist")
_JSON = typer.Option(False, "--json", help="print the result as one JSON object")
_QUIET = typer.Option(False, "--quiet", help="no narration")
_STDOUT = Path("-")


def check(
    file: Path = _FILE,
    against: Path | None = typer.Option(
        None, "--against", help="find rows of FILE that stand in this file too"
    ),
    production: Path | None = typer.Option(
        None,
        "--production",
        help="does FILE look like this sample of real use (JSONL or .txt, answers not needed)",
    ),
    model: str | None = _MODEL,
    max_length: int | None = _MAX_LENGTH,
    prompt_only: bool = typer.Option(False, "--prompt-only", help="duplicates by prompts alone"),
    seed: int = typer.Option(0, "--seed", help="draws rows of large files for --production"),
    format_: str | None = _FORMAT,
    prompt_field: str | None = _PROMPT,
    answer_field: str | None = _ANSWER,
    json_: bool = _JSON,
    quiet: bool = typer.Option(False, "--quiet", help="findings alone, each in full"),
) -> None:
    """Is the data fit? Duplicates, leakage, lengths, skew, drift, secrets; exit 3 if a finding is an error.

    Example: advisor data check train.jsonl --against test.jsonl
    """
    from advisor.cli.health import Asked
    from advisor.cli.show import out_json
    from advisor.data.checking import check_file

    _refuse_two_streams(file, against, production)
    found = check_file(
        file,
        against=against,
        production=production,
        model=model,
        max_length=max_length,
        prompt_only=prompt_only,
        seed=seed,
        format=format_,
        prompt_field=prompt_field,
        answer_field=answer_field,
        as_findings=json_,
    )
    if json_:
        out_json(found)
    elif quiet:
        _list_findings(found["findings"])
    else:
        flags = {"--format": format_, "--prompt-field": prompt_field, "--answer-field": answer_field}
        _show_sheet(
            found,
            Asked(str(file), str(against or ""), str(production or ""), model or "", max_length, flags),
        )
    has_errors = any(finding["severity"] == "error" for finding in found["findings"])
    raise typer.Exit(int(ExitCode.BAD_DATA) if has_errors else 0)


def fix(
    file: Path | None = typer.Argument(
        None,
        metavar="FILE",
        help="JSONL, a JSON array, CSV, TSV or Parquet, also .gz or .zst; - is standard input",
    ),
    output: Path | None = typer.Option(None, "-o", "--output", help="new file for the rows; - writes JSONL"),
    rule: list[str] = typer.Option([], "--rule", help="fixes by name, as a,b or repeated; see --list"),
    all_safe: bool = typer.Option(False, "--all-safe", help="the safe fixes besides those of --rule"),
    against: Path | None = typer.Option(None, "--against", help="the rows that the fix leaks compares with"),
    changes: Path | None = typer.Option(
        None, "--changes", help="log of every change (default: OUTPUT.changes.jsonl)"
    ),
    model: str | None = _MODEL,
    max_length: int | None = _MAX_LENGTH,
    format_: str | None = _FORMAT,
    prompt_field: str | None = _PROMPT,
    answer_field: str | None = _ANSWER,
    list_: bool = typer.Option(False, "--list", help="list the fixes and end"),
    force: bool = _FORCE,
    json_: bool = _JSON,
    quiet: bool = _QUIET,
) -> None:
    """Write a mended copy of FILE and a log of every change; without --rule, the safe fixes alone.

    Example: advisor data fix train.jsonl -o train.fixed.jsonl --all-safe --rule near-duplicates
    """
    from advisor.cli.data_pages import fix_summary
    from advisor.cli.show import err, out, out_json
    from advisor.data.fixes import chosen
    from advisor.data.mending import fix_file
    from rubrics.errors import Fault

    if list_:
        _show_fixes(json_)
        return
    if file is None or output is None:
        raise Fault(
            f"{'FILE' if file is None else '-o OUTPUT'} is missing", fix="See `advisor data fix --help`."
        )
    _refuse_two_streams(file, against)
    for place in (output, changes):
        _refuse_json_beside_rows(place, json_)
    fixes = chosen((name for names in rule for name in _names(names)), all_safe=all_safe)
    done = fix_file(
        file,
        output,
        fixes,
        against=against,
        changes=changes,
        model=model,
        max_length=max_length,
        force=force,
        format=format_,
        prompt_field=prompt_field,
        answer_field=answer_field,
    )
    if json_:
        out_json({**done, "applied": [fix.name for fix in fixes]})
    elif not quiet:
        say = err if _STDOUT in (output, changes) else out
        say("\n".join(fix_summary(done, fixes)))


def convert(
    file: Path = _FILE,
    to: str = typer.Option(..., "--to", help="format to write; `advisor help data` lists them"),
    output: Path = typer.Option(..., "-o", "--output", help="new file for the rows; - writes JSONL"),
    strict: bool = typer.Option(False, "--strict", help="refuse to lose anything (exit 3)"),
    format_: str | None = _FORMAT,
    prompt_field: str | None = _PROMPT,
    answer_field: str | None = _ANSWER,
    force: bool = _FORCE,
    json_: bool = _JSON,
    quiet: bool = _QUIET,
) -> None:
    """Write the rows in another format, and name what it cannot hold.

    Example: advisor data convert chats.jsonl --to openai -o chats.openai.jsonl
    """
    from advisor.cli.data_pages import convert_summary
    from advisor.cli.show import err, out_json
    from advisor.data.translating import convert_file

    _refuse_json_beside_rows(output, json_)
    done = convert_file(
        file,
        to,
        output,
        strict=strict,
        force=force,
        format=format_,
        prompt_field=prompt_field,
        answer_field=answer_field,
    )
    if json_:
        out_json(done)
    elif not quiet:
        err("\n".join(convert_summary(done)))


def split(
    file: Path = _FILE,
    output: Path = typer.Option(
        ..., "-o", "--output", help="folder for train, dev and test.jsonl, split.json"
    ),
    fractions: str | None = typer.Option(
        None, "--fractions", help="shares of train, dev and test (default 0.7,0.1,0.2)"
    ),
    train: int | None = typer.Option(None, "--train", min=1, help="rows of train (default: the rest)"),
    dev: int | None = typer.Option(None, "--dev", min=0, help="rows of dev, instead of --fractions"),
    test: int | None = typer.Option(None, "--test", min=0, help="rows of test, instead of --fractions"),
    group_field: str = typer.Option("", "--group-field", help="rows equal in this field stay together"),
    seed: int = typer.Option(0, "--seed", help="chooses among equally good splits"),
    format_: str | None = _FORMAT,
    prompt_field: str | None = _PROMPT,
    answer_field: str | None = _ANSWER,
    force: bool = _FORCE,
    json_: bool = _JSON,
    quiet: bool = _QUIET,
) -> None:
    """Divide FILE so that no test row has a twin in train: near duplicates and named groups stay together.

    Example: advisor data split rows.jsonl -o splits --group-field customer --seed 1
    """
    from advisor.cli.data_pages import split_summary
    from advisor.cli.show import out, out_json
    from advisor.data.dividing import parsed_fractions, split_file
    from rubrics.errors import Fault

    if output == _STDOUT:
        raise Fault("a split is several files", where="-o -", fix="Name a folder for them.")
    sizes = {
        name: size for name, size in (("train", train), ("dev", dev), ("test", test)) if size is not None
    }
    if fractions is not None and sizes:
        raise Fault(
            "does not go with --train, --dev or --test", where="--fractions", fix="Give one or the other."
        )
    done = split_file(
        file,
        output,
        fractions=parsed_fractions(fractions) if fractions is not None else None,
        sizes=sizes or None,
        group_field=group_field,
        seed=seed,
        force=force,
        format=format_,
        prompt_field=prompt_field,
        answer_field=answer_field,
    )
    if json_:
        out_json(done)
    elif not quiet:
        out("\n".join(split_summary(done, output)))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _refuse_two_streams(*files: Path | None) -> None:
    from rubrics.errors import Fault

    if sum(file == _STDOUT for file in files) > 1:
        raise Fault("standard input can be read once", where="-", fix="Give - for one file alone.")


def _refuse_json_beside_rows(output: Path | None, as_json: bool) -> None:
    from rubrics.errors import Fault

    if as_json and output == _STDOUT:
        raise Fault("--json and a file - both want standard output", fix="Give the file a name.")


def _list_findings(findings: list[dict[str, Any]]) -> None:
    from advisor.cells import printable
    from advisor.cli.health import places
    from advisor.cli.show import out

    for finding in findings:
        out(f"{finding['severity']:<8} {finding['check']:<4} {printable(finding['message'])}")
        for text in (finding["fix"], places(finding["rows"])):
            if text:
                out(f"{'':<14}{printable(text)}")
    if not findings:
        out("no findings")


def _show_sheet(found: dict[str, Any], asked: Any) -> None:
    from advisor.cli.health import health_sheet
    from advisor.cli.show import draws_blocks, out_styled, screen_width

    out_styled(health_sheet(found, asked, width=screen_width(), blocks=draws_blocks()))


def _show_fixes(as_json: bool) -> None:
    from dataclasses import asdict

    from advisor.cli.data_pages import fixes_page
    from advisor.cli.show import out, out_json
    from advisor.data.fixes import FIXES

    if as_json:
        out_json({"fixes": [asdict(fix) for fix in FIXES]})
    else:
        out("\n".join(fixes_page(FIXES)))
