"""Work of the core for a screen: in a thread, and with every failure made one that a person can be told.

Files of a run may be damaged, closed, or of another version of the program, and the program may have a fault of its
own. None of that may end the wizard: the person watches a run that goes on without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from textual.dom import DOMNode
from textual.worker import Worker, get_current_worker

from advisor.interrupt import Interrupted
from advisor.texts import _
from advisor.tui.dialogs import tell_fault
from rubrics.errors import ExitCode, Fault

T = TypeVar("T")

_LONGEST_PROBLEM = 300
"""Characters of an error's own words; those of pydantic go on for pages."""


def in_thread(
    node: DOMNode,
    work: Callable[[], T],
    then: Callable[[T], object],
    *,
    about: object,
    group: str,
    failed: Callable[[Fault], object] | None = None,
    exclusive: bool = True,
) -> Worker[None]:
    """Do something in a thread and go on with its result on the screen's side.

    Nothing comes back once other work of the group was asked for, or the node has left the screen. What a person
    wants to hear of in any case, as that a file was saved, belongs to the application as its node.

    Args:
        node: whose worker it is.
        about: the file or folder that is worked on, for what is told of a failure that does not say so itself.
        failed: takes a failure, on the screen's side; without one it is shown.
        exclusive: it takes the place of what the group does meanwhile.
    """
    app = node.app
    fail = failed if failed is not None else partial(tell_fault, app)

    def carry_out() -> None:
        worker = get_current_worker()

        def hand(take: Callable[[], object]) -> None:
            if worker.is_cancelled or not node.is_attached:
                return
            try:
                with guarded(about):
                    take()
            except Fault as fault:
                tell_fault(app, fault)

        try:
            with guarded(about):
                done = work()
        except Fault as fault:
            app.call_from_thread(hand, partial(fail, fault))
        except Interrupted:
            return
        else:
            app.call_from_thread(hand, partial(then, done))

    return node.run_worker(carry_out, thread=True, exclusive=exclusive, group=group)


@contextmanager
def guarded(about: object) -> Iterator[None]:
    """Make every error of what is done inside a fault that says what happened and what to do.

    Raises:
        Fault: in the place of any other exception but `Interrupted`, by which work is left off.
    """
    try:
        yield
    except (Fault, Interrupted):
        raise
    except Exception as error:
        raise fault_of(error, about) from error


def fault_of(error: Exception, about: object) -> Fault:
    """What a person is told of an error; one that a file does not explain by itself is written to a log, too.

    Args:
        about: the file or folder that was worked on, where the error does not name one.
    """
    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError):
        return Fault(
            _("cannot be read or written: {problem}").format(problem=error.strerror or error),
            where=os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(about),
            fix=_("See whether it is there and may be opened, then try again."),
            code=ExitCode.LACKING,
        )
    if isinstance(error, ValueError | LookupError | TypeError):
        what = _("holds what this version of the program does not understand: {problem}")
        fix = _(
            "It may be damaged, or of another version. `advisor resume RUN` makes anew what does not fit."
        )
    else:
        what = _("something went wrong that should not: {problem}")
        fix = _("Try again; a run goes on without this screen.")
    log = _noted(error)
    return Fault(
        what.format(problem=_in_a_line(error)),
        where=str(about),
        fix=" ".join([fix, *([_("The details are in {file}.").format(file=log)] if log else [])]),
        code=ExitCode.PROGRAM_FAULT,
    )


def _in_a_line(error: Exception) -> str:
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return said if len(said) <= _LONGEST_PROBLEM else said[:_LONGEST_PROBLEM] + "…"


def _noted(error: Exception) -> str:
    """Add an error to the log of this process; where that lies, empty where it cannot be written."""
    import traceback

    try:
        file = _log_file()
        with file.open("a", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(error)) + "\n")
    except OSError:
        return ""
    return str(file)


@cache
def _log_file() -> Path:
    """Made when the first error is noted; in no run directory, since those belong to whoever runs them."""
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix="advisor-", suffix=".log")
    os.close(descriptor)
    return Path(name)
