"""The health sheet of a data file: the result of `data check` on one page, for a person.

A pure view of the JSON result. What colour says, a word says too; text from the file is measured in terminal
cells and made printable.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.cells import bar, fit, packed, printable, wrapped
from rubrics.data_rules import RULE_IDS

if TYPE_CHECKING:
    from rich.text import Text

Found = Mapping[str, Any]

TITLES = {
    "D1": "exact duplicates",
    "D2": "near duplicates",
    "D3": "conflicting answers",
    "D4": "leaks (--against)",
    "D5": "variety of answers",
    "D6": "consistent writing",
    "D7": "lengths",
    "D8": "like production",
    "D9": "structure",
    "D10": "enough rows",
    "D11": "secrets, personal data",
    "D12": "placeholders, mojibake",
}
_MARKS = {
    "ok": ("\u2713", "ok", "green"),
    "info": ("\u00b7", "hint", "cyan"),
    "warning": ("!", "warning", "yellow"),
    "error": ("\u2717", "error", "bold red"),
    "skipped": ("-", "skipped", "dim"),
}
_GRAVITY = ("error", "warning", "info")
_WORST = 3
_PLACES = 6
_LABELS = 8
_TWO_COLUMNS_FROM = 130


@dataclass(frozen=True)
class Asked:
    """What was checked, for the head of the sheet and for the commands that it proposes.

    Attributes:
        file: as given.
        against, production, model: the flags of these names, empty where not given.
        max_length: tokens a row may have, where given.
        reading: further flags that say how to read the file, None where not given.
    """

    file: str
    against: str = ""
    production: str = ""
    model: str = ""
    max_length: int | None = None
    reading: Mapping[str, str | None] = field(default_factory=dict)


def health_sheet(found: Found, asked: Asked, *, width: int = 80, blocks: bool = True) -> list[Text]:
    """Lay the result of `check_file` out as lines of at most `width` cells.

    Args:
        found: `{rows, format, findings, statistics}`.
        asked: what was checked.
        width: cells of a line; at least 50 are used.
        blocks: whether marks and bars may be drawn; else words and `#` alone.
    """
    page = _Page(found, asked, max(50, width), blocks)
    return [*page.head(), *page.rules(), *page.pictures(), *page.worst()]


@dataclass(frozen=True)
class _Page:
    found: Found
    asked: Asked
    width: int
    blocks: bool

    def head(self) -> Iterator[Text]:
        statistics = self.found["statistics"]
        form = self.found["format"]
        yield _line((printable(self.asked.file), "bold"))
        answers = f"{statistics['distinct_answers']:,} distinct"
        if statistics["labels"]:
            answers = f"{len(statistics['labels']):,} labels, a closed set"
        facts = {
            "rows": f"{self.found['rows']:,}, prompts {statistics['distinct_prompts']:,} distinct, answers {answers}",
            "format": f"{form['name']}: {printable(form['evidence'])}",
            "health": _tally(self.found["findings"]),
        }
        for name, text in facts.items():
            yield from self._hanging(f"{name:<8}", text)

    def rules(self) -> Iterator[Text]:
        yield _line()
        for rule in RULE_IDS:
            concerned = [finding for finding in self.found["findings"] if finding["check"] == rule]
            state, words = self._state(rule, concerned)
            mark = self._mark(state)
            label = f" {rule:<4}{TITLES[rule]:<23} "
            room = self.width - len(mark[0]) - len(label)
            said = self._fit(words, room).rstrip()
            yield _line(mark, (label if said else label.rstrip(), ""), (said, "dim" if state == "ok" else ""))

    def pictures(self) -> Iterator[Text]:
        wide = self.width >= _TWO_COLUMNS_FROM
        width = self.width // 2 - 2 if wide else self.width
        pictures = [
            list(picture) for picture in (self._shares(width), self._lengths(width)) if picture is not None
        ]
        if wide and len(pictures) == 2:
            yield _line()
            for left, right in zip_longest(*pictures, fillvalue=""):
                yield _line((fit(left, width) + "    " + right, ""))
            return
        for picture in pictures:
            yield _line()
            yield from (_line((line, "")) for line in picture)

    def worst(self) -> Iterator[Text]:
        graver = sorted(
            (finding for finding in self.found["findings"] if finding["severity"] != "info"),
            key=lambda finding: (
                _GRAVITY.index(finding["severity"]),
                -len(finding["rows"]),
                -finding["count"],
            ),
        )
        yield _line()
        words = "worst first" if len(graver) > 1 else "to mend" if graver else "nothing needs mending"
        yield _line((words, "bold"))
        for finding in graver[:_WORST]:
            yield from self._block(finding)
        hints = sum(
            finding["severity"] == "info" and not _is_clear(finding) for finding in self.found["findings"]
        )
        rest = [(max(0, len(graver) - _WORST), "more"), (hints, "hint" if hints == 1 else "hints")]
        if any(count for count, _ in rest):
            named = " and ".join(f"{count} {word}" for count, word in rest if count)
            yield _line()
            yield _line((f"{named}; each in full:", ""))
            yield from self._command(self._again(), "")

    def _again(self) -> list[str]:
        """The command that was given, as far as files go."""
        flags = {"--against": self.asked.against, "--production": self.asked.production}
        words = ["advisor", "data", "check", self.asked.file]
        words += [word for flag, value in flags.items() if value for word in (flag, value)]
        return [_word(word) for word in [*words, "--quiet"]]

    def _block(self, finding: Found) -> Iterator[Text]:
        yield _line()
        first, *rest = wrapped(printable(finding["message"]), self.width - 15)
        yield _line(self._mark(finding["severity"]), (f" {finding['check']:<4}{first}", ""))
        yield from (_line((" " * 15 + line, "")) for line in rest)
        said = {"e.g.": finding["example"], "at": places(finding["rows"]), "do": finding["fix"]}
        for name, text in said.items():
            if text:
                yield from self._hanging(f"{'':<10}{name:<5}", printable(text))
        # Open answers that differ are often all sound: what to drop is no matter of counting there.
        open_conflict = finding["check"] == "D3" and not self.found["statistics"]["labels"]
        command = [] if open_conflict else remedy(finding, self.asked)
        if command:
            yield from self._command(command)

    def _command(self, command: Sequence[str], name: str = "run") -> Iterator[Text]:
        """Break a long command as a shell reads it, so that it can be copied."""
        lines = packed(command, self.width - 17)
        for at, line in enumerate(lines):
            label = f"{'':<10}{name if at == 0 else '':<5}"
            yield _line((label, "bold"), (line + (" \\" if at < len(lines) - 1 else ""), ""))

    def _hanging(self, label: str, text: str) -> Iterator[Text]:
        first, *rest = wrapped(text, self.width - len(label))
        yield _line((label, "bold" if label.strip() else ""), (first, ""))
        yield from (_line((" " * len(label) + line, "")) for line in rest)

    def _state(self, rule: str, concerned: Sequence[Found]) -> tuple[str, str]:
        told = [finding for finding in concerned if not _is_clear(finding)]
        if told:
            ordered = sorted(told, key=lambda finding: _GRAVITY.index(finding["severity"]))
            number = f"{len(ordered)}: " if len(ordered) > 1 else ""
            return ordered[0]["severity"], number + "; ".join(map(_short, ordered))
        if concerned:
            return "ok", printable(concerned[0]["message"])
        lacking = {"D4": (self.asked.against, "--against"), "D8": (self.asked.production, "--production")}
        given, flag = lacking.get(rule, (True, ""))
        return ("ok", "") if given else ("skipped", f"give {flag} FILE")

    def _mark(self, state: str) -> tuple[str, str]:
        glyph, word, style = _MARKS[state]
        return (f"{glyph + ' ' if self.blocks else ''}{word}".ljust(10 if self.blocks else 8), style)

    def _fit(self, text: str, width: int) -> str:
        return fit(text, width, "\u2026" if self.blocks else "...")

    def _shares(self, width: int) -> Iterator[str] | None:
        labels = self.found["statistics"]["labels"]
        if not labels:
            return None
        ordered = sorted(labels.items(), key=lambda item: -item[1])
        shown = ordered if len(ordered) <= _LABELS else [*ordered[: _LABELS - 2], *ordered[-1:]]
        title = f"shares of the {len(ordered):,} labels"
        if len(ordered) > _LABELS:
            title += ", the most frequent and the rarest"
        return self._bars(title, [(name, count) for name, count in shown], self.found["rows"], width)

    def _lengths(self, width: int) -> Iterator[str]:
        lengths = self.found["statistics"]["lengths"]
        counts = [(entry["range"], entry["count"]) for entry in lengths["histogram"]]
        title = f"{lengths['unit']} of a row: {_spread(lengths['total'])}"
        yield from self._bars(title, counts, sum(count for _, count in counts), width)
        yield from wrapped(f"of a prompt: {_spread(lengths['prompt'])}", width)
        yield from wrapped(f"of an answer: {_spread(lengths['answer'])}", width)
        # A maximum length counts tokens; of characters it cuts nothing.
        if lengths["unit"] == "tokens":
            yield from wrapped(_cuts(lengths["cuts"]), width)

    def _bars(self, title: str, counts: Sequence[tuple[str, int]], total: int, width: int) -> Iterator[str]:
        from rich.cells import cell_len

        yield from wrapped(title, width)
        names = [printable(name) or '""' for name, _ in counts]
        label = min(max(map(cell_len, names)), width // 3)
        most = max(count for _, count in counts)
        figures = [f"{count:,}".rjust(len(f"{most:,}")) + f" {count / total:6.1%}" for _, count in counts]
        room = max(4, width - label - len(figures[0]) - 4)
        for name, (_, count), figure in zip(names, counts, figures, strict=True):
            drawn = bar(count / most, room, blocks=self.blocks)
            yield f"  {self._fit(name, label)} {figure} {drawn}".rstrip()


def remedy(finding: Found, asked: Asked) -> list[str]:
    """Return the words of the command that mends a finding, quoted; none where only a person can."""
    from advisor.data.fixes import fix_for
    from advisor.data.sources import name_of

    fix = fix_for(finding)
    if fix is None:
        return []
    stem = name_of(Path(asked.file))
    words = ["advisor", "data", "fix", asked.file, "-o", f"{stem}.fixed.jsonl", "--rule", fix.name]
    needed = {"--against": asked.against, "--max-length": asked.max_length, "--model": asked.model}
    for flag in fix.needs:
        words += [flag, str(needed[flag] or flag.strip("-").upper())]
    words += [word for flag, value in asked.reading.items() if value for word in (flag, value)]
    return [_word(word) for word in words]


def _spread(points: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {points[name]:,.0f}" for name in ("min", "p5", "p50", "p95", "max"))


def _cuts(cuts: Sequence[Mapping[str, float]]) -> str:
    said = [
        f"{cut['max_length']:,.0f} would cut {_many(int(cut['rows']), 'row')} ({cut['share']:.1%})"
        if cut["rows"]
        else f"{cut['max_length']:,.0f} would cut none"
        for cut in cuts
    ]
    return f"a maximum length of {', of '.join(said)}"


def _is_clear(finding: Found) -> bool:
    """Whether a finding says that a comparison found nothing."""
    nothing_to_do = finding["check"] == "D8" and not finding["fix"]
    return finding["severity"] == "info" and (finding["count"] == 0 or nothing_to_do)


def places(rows: Sequence[str]) -> str:
    """Name the lines of the first rows, and how many more there are."""
    if not rows:
        return ""
    lines = [row.rpartition(":")[2] for row in rows[:_PLACES]]
    more = f" and {len(rows) - _PLACES:,} more" if len(rows) > _PLACES else ""
    return f"line{'s' if len(rows) > 1 else ''} {', '.join(lines)}{more}"


def _word(text: str) -> str:
    return shlex.quote(printable(text))


def _line(*spans: tuple[str, str]) -> Text:
    from rich.text import Text

    return Text.assemble(*spans)


def _tally(findings: Sequence[Found]) -> str:
    counts = {word: sum(f["severity"] == word and not _is_clear(f) for f in findings) for word in _GRAVITY}
    names = {"error": "error", "warning": "warning", "info": "hint"}
    said = [f"{n} {names[word]}{'s' if n > 1 else ''}" for word, n in counts.items() if n]
    return ", ".join(said) or "no findings"


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _short(finding: Found) -> str:
    details = finding["details"]
    if finding["check"] in ("D1", "D2") and "groups" in details:
        groups, largest = details["groups"], details["largest_group"]
        return f"{_many(finding['count'], 'repeat')} in {_many(groups, 'group')} (largest {largest:,})"
    if finding["check"] == "D3" and "prompts" in details:
        return f"{_many(details['prompts'], 'prompt')}, {finding['count']:,} rows"
    if finding["check"] == "D4" and "exact" in details:
        return f"{details['exact']:,} rows exactly, {details['near']:,} nearly in the other file"
    return printable(finding["message"])
