"""Inspecting and mending data in a process of its own, so that a screen answers while a million rows are read.

A thread would not do: the checks hold the interpreter for seconds at a time, and their rows for gigabytes. The parent
side is `asked` and `Inspections`; the child is `python -m advisor.inspecting`, which reads one request from its
standard input and answers in lines of JSON: phases, then the result or a fault.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from advisor.browsing import (
    MOST_PROBLEMS,
    DataFiles,
    HealthItem,
    HealthSheet,
    SplitSizes,
    StoredRow,
    health_items,
    labels_of,
    store_rows,
    stored_rows,
)
from advisor.child_environment import child_environment
from rubrics.errors import ExitCode, Fault

if TYPE_CHECKING:
    from advisor.data.findings import Inspection
    from advisor.data.reading import DataFile

Phase = Literal["reading", "checking", "dividing", "mending"]
"""What the child is at."""

_SHEET, _ROWS = "sheet.json", "rows.jsonl"
_LINE_BYTES = 1 << 26
_KEPT = 4
"""Inspections that are remembered."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Look(_Frozen):
    """Inspect the files; the sheet and the rows that it names are written into an empty folder."""

    do: Literal["look"] = "look"
    files: DataFiles
    folder: Path


class Mend(_Frozen):
    """Apply fixes to the file: to a new file, or without one only say what would change."""

    do: Literal["mend"] = "mend"
    files: DataFiles
    fixes: tuple[str, ...]
    output: Path | None = None


Request = Look | Mend
_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="do")])


# The parent ----------------------------------------------------------------------------------------------------------


async def asked(request: Request, on_phase: Callable[[Phase], None] = lambda phase: None) -> dict[str, Any]:
    """Let a child process do it; the child ends with the task that waits for it.

    Returns:
        for `Look` nothing, for `Mend` what `fix_file` or `preview_fixes` returns.

    Raises:
        Fault: the child met one, or ended without an answer.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "advisor.inspecting"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=child_environment(),
        limit=_LINE_BYTES,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(request.model_dump_json().encode())
        process.stdin.close()
        async for line in process.stdout:
            answer = json.loads(line)
            if "phase" in answer:
                on_phase(answer["phase"])
            elif "fault" in answer:
                raise _fault_of(answer["fault"])
            else:
                return dict(answer["result"])
        raise _no_answer(await process.wait())
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


def _no_answer(code: int) -> Fault:
    if code == -9:
        return Fault(
            "the inspection was ended from outside, most likely for want of memory",
            fix="Free some memory, or inspect fewer rows.",
            code=ExitCode.LACKING,
        )
    return Fault(
        f"the inspection ended without an answer (exit code {code})",
        fix="Try `advisor data check FILE`, which shows what went wrong.",
        code=ExitCode.LACKING,
    )


def _no_place(error: OSError) -> Fault:
    return Fault(
        f"the rows to be shown cannot be kept: {error.strerror or error}",
        where=str(error.filename or gettempdir()),
        fix="Make room there, or name another folder for temporary files in TMPDIR.",
        code=ExitCode.LACKING,
    )


class Inspections:
    """Inspections by what their files were when they were read; kept in a folder that goes with the program."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._known: OrderedDict[Any, tuple[HealthSheet, Path]] = OrderedDict()
        self._made = 0

    async def look(
        self, files: DataFiles, on_phase: Callable[[Phase], None] = lambda phase: None
    ) -> HealthSheet:
        """Return the sheet of the files as they are now, without reading them again where they have not changed.

        Raises:
            Fault: as `asked`.
        """
        key = await asyncio.to_thread(files.stamp)
        if key not in self._known:
            try:
                folder = await asyncio.to_thread(self._new_folder)
                await asked(Look(files=files, folder=folder), on_phase)
                self._known[key] = (await asyncio.to_thread(_read_sheet, folder), folder / _ROWS)
            except OSError as error:
                raise _no_place(error) from error
            self._forget()
        self._known.move_to_end(key)
        return self._known[key][0]

    def _forget(self) -> None:
        while len(self._known) > _KEPT:
            _key, (_sheet, rows) = self._known.popitem(last=False)
            rows.unlink(missing_ok=True)

    def rows(self, sheet: HealthSheet, ids: Sequence[str]) -> list[StoredRow]:
        """Read rows that the sheet names; those that are no longer there are left out."""
        path = next((rows for known, rows in self._known.values() if known is sheet), None)
        return stored_rows(path, sheet.places, ids) if path is not None else []

    def _new_folder(self) -> Path:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="advisor-")
        self._made += 1
        folder = Path(self._folder.name) / str(self._made)
        folder.mkdir()
        return folder


def _read_sheet(folder: Path) -> HealthSheet:
    return HealthSheet.model_validate_json((folder / _SHEET).read_bytes())


# The child -----------------------------------------------------------------------------------------------------------


def main() -> None:
    """Carry out the request that stands on standard input."""
    out, sys.stdout = sys.stdout, sys.stderr

    def say(**answer: Any) -> None:
        print(json.dumps(answer, default=str), file=out, flush=True)

    try:
        request = _REQUEST.validate_json(sys.stdin.buffer.read())
        steps = _look(request) if isinstance(request, Look) else _mend(request)
        result: dict[str, Any] = {}
        for said in steps:
            if isinstance(said, str):
                say(phase=said)
            else:
                result = said
        say(result=result)
    except Fault as fault:
        say(fault=_parts(fault))
    except OSError as error:
        say(fault=_parts(_no_place(error)))
    except Exception as error:  # noqa: BLE001
        say(fault=_parts(Fault(f"{type(error).__name__}: {error}", code=ExitCode.PROGRAM_FAULT)))


def _parts(fault: Fault) -> dict[str, Any]:
    problems = list(fault.problems[:MOST_PROBLEMS])
    if len(fault.problems) > len(problems):
        problems.append(f"and {len(fault.problems) - len(problems):,} more")
    return {
        "what": fault.what,
        "where": fault.where,
        "fix": fault.fix,
        "code": int(fault.code),
        "problems": problems,
    }


def _fault_of(parts: dict[str, Any]) -> Fault:
    return Fault(**{**parts, "code": ExitCode(parts["code"])})


def _look(request: Look) -> Iterator[Phase | dict[str, Any]]:
    from advisor.data.checks import inspect
    from advisor.data.production import read_production
    from advisor.data.structure import structure_findings
    from advisor.plan_files import read_files

    wanted = request.files
    yield "reading"
    files = read_files(wanted.plan())
    production = read_production(wanted.production).rows if wanted.production else None
    yield "checking"
    first, test = files[wanted.field], files.get("test")
    # As the stage `inspect` of a run does, without a model.
    found = inspect(first.rows, against=test.rows if test else None, production=production, seed=wanted.seed)
    findings = [finding.to_dict() for finding in (*found.findings, *structure_findings(first.warnings))]
    items = health_items(
        findings,
        closed=bool(found.statistics["labels"]),
        compared=test is not None,
        production=production is not None,
    )
    places = store_rows(request.folder / _ROWS, (row for file in files.values() for row in file.rows), items)
    yield "dividing"
    sheet = _sheet(wanted, files, found, items, places)
    (request.folder / _SHEET).write_bytes(sheet.model_dump_json().encode(errors="replace"))


def _sheet(
    wanted: DataFiles,
    files: Mapping[str, DataFile],
    found: Inspection,
    items: tuple[HealthItem, ...],
    places: dict[str, int],
) -> HealthSheet:
    first = files[wanted.field]
    labels, labels_total = labels_of(found)
    return HealthSheet(
        files=wanted,
        rows=len(first.rows),
        format=first.format,
        evidence=first.evidence,
        distinct_prompts=found.statistics["distinct_prompts"],
        distinct_answers=found.statistics["distinct_answers"],
        items=items,
        labels=labels,
        labels_total=labels_total,
        lengths=found.statistics["lengths"],
        split=_split_sizes(files, wanted.seed),
        places=places,
    )


def _split_sizes(files: Mapping[str, DataFile], seed: int) -> SplitSizes:
    from advisor.plan_files import divided

    try:
        split = divided(files, seed)
    except Fault as fault:
        return SplitSizes(problem=fault.what, fix=fault.fix)
    return SplitSizes(train=len(split.train), dev=len(split.dev), test=len(split.test), reasons=split.reasons)


def _mend(request: Mend) -> Iterator[Phase | dict[str, Any]]:
    from advisor.data.fixes import chosen
    from advisor.data.mending import fix_file, preview_fixes

    if not request.fixes:
        raise Fault("no fix is chosen", fix="Choose at least one.")
    fixes = chosen(request.fixes, all_safe=False)
    yield "mending"
    file, against = request.files.file, request.files.test
    if request.output is None:
        yield preview_fixes(file, fixes, against=against)
    else:
        yield fix_file(file, request.output, fixes, against=against)


if __name__ == "__main__":
    main()
