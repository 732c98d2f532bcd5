"""An expected failure in the language of the person: its parts as lines, or all of it as one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core_texts import told
from advisor.problems import Wording, problem_lines
from advisor.texts import _
from rubrics.errors import Fault
from trainer.job import Failure


def lines_of(fault: Fault | Failure) -> tuple[str, ...]:
    """Say what goes with what happened: where, every single problem with repeats folded, and what to do."""
    lines = [fault.where, *lines_of_problems(fault.problems)]
    if fault.fix:
        lines.append(_("What to do: {fix}").format(fix=told(fault.fix)))
    return tuple(line for line in lines if line)


def lines_of_problems(problems: Sequence[str]) -> list[str]:
    """Say every single problem, with repeats folded."""
    wording = Wording(
        folded=_("{file}: lines {numbers}: {what}"),
        folded_more=_("{file}: lines {numbers} and {n} more: {what}"),
        alike=_("and {n} more like it: {what}"),
        rest=_("and {n} more"),
        say=told,
    )
    return problem_lines(problems, wording)


def in_a_sentence(fault: Fault) -> str:
    """Say where, what happened and what to do in a line, for a note beside a field."""
    what = f"{fault.where}: {told(fault.what)}" if fault.where else told(fault.what)
    return ". ".join(part for part in (what, told(fault.fix)) if part)
