"""What the Training step says in words: gauges, sample answers, findings and the log, as texts of a given width."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from advisor.core_texts import told
from advisor.situation import cautions_of, stage_name
from advisor.texts import _
from advisor.tui.amounts import bar, gib, time_words
from advisor.tui.plain_text import shown
from advisor.tui.steps.training.chart_view import value_words
from advisor.watching import Finding, Note, RunState, SampleTrack

_LOG_LINES = 60
_GLYPHS = {"log": " ", "warning": "!", "stage": "✓"}


def cautions_text(run: RunState | None) -> Text:
    """What may end the training soon; empty where nothing does."""
    cautions = cautions_of(run) if run is not None else ()
    return Text("\n".join(f"! {caution}" for caution in cautions), "bold")


def gauges_text(run: RunState, width: int) -> Text:
    """How far the training is, then rate, gradient and memory; two lines, as much as `width` cells hold."""
    return Text("\n").join([_progress(run, width), _rates(run, width)])


def _progress(run: RunState, width: int) -> Text:
    training = run.training
    share = training.step / training.steps if training.steps else 0.0
    of = f"{training.step:,} / {training.steps:,}" if training.steps else f"{training.step:,}"
    parts = [
        _("step {of}").format(of=of),
        bar(share, 10 if width < 100 else 20) if training.steps else "",
        f"{share:.0%}" if training.steps else "",
        _("epoch {n}").format(n=f"{training.epoch:.2f}"),
        _("{time} left").format(time=time_words(training.seconds_left))
        if training.seconds_left and run.is_live
        else "",
    ]
    return _fitting(parts, width)


def _rates(run: RunState, width: int) -> Text:
    last = {name: series.last for name, series in run.training.series.items()}
    named = {
        "tokens_per_second": _("{value} tokens/s"),
        "learning_rate": _("learning rate {value}"),
        "grad_norm": _("gradient norm {value}"),
    }
    parts = [said.format(value=value_words(last[name])) for name, said in named.items() if name in last]
    parts.insert(1, _memory(run, last.get("memory_bytes")))
    return _fitting(parts, width)


def _memory(run: RunState, used: float | None) -> str:
    if used is None:
        return ""
    measured = (run.artefacts.get("measurement") or {}).get("measurement") or {}
    there = measured.get("device_memory_bytes")
    if not there:
        return _("memory {used}").format(used=gib(used))
    return _("memory {bar} {used} of {there}").format(
        bar=bar(used / there, 8), used=gib(used), there=gib(there)
    )


def _fitting(parts: Iterable[str], width: int) -> Text:
    """The parts that fit on a line, in their order."""
    line = ""
    for part in parts:
        longer = f"{line}  {part}" if line else part
        if part and cell_len(longer) <= width:
            line = longer
    return Text(line)


def samples_text(tracks: Sequence[SampleTrack], width: int) -> Text:
    """Each dev row with the answer wanted, the first one and the newest; a check where it is the wanted one."""
    if not tracks:
        return Text(_("The model answers a few dev rows at each measurement; none yet."), "dim")
    return Text("\n").join(_sample(track, width) for track in tracks)


def _sample(track: SampleTrack, width: int) -> Text:
    first, newest = track.answers[0], track.answers[-1]
    shown_answers = [first, newest] if newest != first else [first]
    text = Text(cut(f"▸ {shown(track.prompt, one_line=True)}", width), "bold")
    text.append(
        "\n" + cut("  " + _("wanted: {text}").format(text=shown(track.reference, one_line=True)), width)
    )
    for step, answer in shown_answers:
        text.append("\n" + cut(f"  {_answer(track, step, answer)}", width), "not bold")
    text.stylize("not bold", text.plain.index("\n"))
    return text


def _answer(track: SampleTrack, step: int, answer: str) -> str:
    glyph = "✓" if answer.strip() == track.reference.strip() else "·"
    return _("{glyph} step {step}: {text}").format(
        glyph=glyph, step=f"{step:,}", text=shown(answer, one_line=True)
    )


def whole_samples(tracks: Sequence[SampleTrack]) -> Text:
    """Every answer of every row that is kept, uncut."""
    text = Text()
    for track in tracks:
        text.append(f"▸ {shown(track.prompt)}\n", "bold")
        text.append(_("wanted: {text}").format(text=shown(track.reference)) + "\n", "italic")
        for step, answer in track.answers:
            text.append(_answer(track, step, answer) + "\n")
        text.append("\n")
    return text


def findings_text(findings: Sequence[Finding], training: str) -> Text:
    """The signs that the training shows, those that may still pass marked so."""
    if not findings:
        waiting = _("No sign of trouble so far.") if training == "running" else _("No sign of trouble.")
        return Text(waiting if training else _("Signs of trouble appear here as the model learns."), "dim")
    text = Text()
    for finding in findings:
        so_far = " " + _("(so far)") if finding.so_far else ""
        text.append(f"! {finding.rule} {shown(told(finding.message), one_line=True)}{so_far}\n")
    text.rstrip()
    return text


def log_text(notes: Sequence[Note]) -> Text:
    """The newest lines, the newest last; the sign before a line says whether it is a warning or a stage's end."""
    lines = [
        f"{time.strftime('%H:%M:%S', time.localtime(note.time))} {_GLYPHS[note.kind]} {_noted(note)}"
        for note in notes[-_LOG_LINES:]
    ]
    return Text("\n".join(lines)) if lines else Text(_("Nothing was said yet."), "dim")


def _noted(note: Note) -> str:
    """What was said; of a stage that ended its name in words, and what came of it."""
    if note.kind != "stage":
        return shown(told(note.text), one_line=True)
    stage, _colon, summary = note.text.partition(": ")
    return shown(": ".join(part for part in (stage_name(stage), told(summary)) if part), one_line=True)


def cut(line: str, width: int) -> str:
    """The line, cut to so many cells."""
    return line if cell_len(line) <= width else set_cell_size(line, max(1, width - 1)).rstrip() + "…"
