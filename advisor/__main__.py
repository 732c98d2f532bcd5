"""The program's entry: every way out of it, with its message and exit code."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and leave with the contract's exit code."""
    from advisor.cli.show import INTERRUPTED, err
    from rubrics.errors import NO_ROOM, ExitCode

    # Nobody adds to the models here, and looking for such plug-ins reads the metadata of every package installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        _run()
    except KeyboardInterrupt:
        err("interrupted")
        sys.exit(INTERRUPTED)
    except SystemExit as leaving:
        # The library of the command line leaves with 1 where the reader has gone, which is no fault.
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        _drop_stdout()
        sys.exit(0)
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing more can be said to it.
        _drop_stdout()
        sys.exit(0)
    except OSError as error:
        if error.errno not in NO_ROOM:
            _show_crash(error)
        where = f" {error.filename}" if error.filename else ""
        err(f"error: there is no space left to write{where}\nwhat to do: free some space, or write elsewhere")
        _drop_stdout()
        sys.exit(int(ExitCode.LACKING))
    except Exception as error:  # noqa: BLE001
        _show_crash(error)


def _run() -> None:
    from advisor.cli.show import show_fault
    from rubrics.errors import Fault

    try:
        _wizard() if _is_wizard() else _command()
    except Fault as fault:
        sys.exit(show_fault(fault))


def _is_wizard() -> bool:
    """Whether nothing but the screen is asked for, which then need not wait for the command line to be put together."""
    from advisor.cli.terminal import is_screen

    # A shell that asks for completions gives no words either.
    return len(sys.argv) == 1 and "_ADVISOR_COMPLETE" not in os.environ and is_screen()


def _wizard() -> None:
    from advisor.tui.start import start

    sys.exit(start())


def _command() -> None:
    from advisor.cli.app import app

    app()


def _drop_stdout() -> None:
    """Let what is still buffered go nowhere, or Python fails again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _show_crash(error: Exception) -> None:
    from advisor.cli.show import err

    if os.environ.get("ADVISOR_DEBUG"):
        raise error
    err(f"error: {type(error).__name__}: {error}")
    err(
        "what to do: this is a fault of the program; run again with ADVISOR_DEBUG=1 and report what it prints."
    )
    sys.exit(1)


if __name__ == "__main__":
    main()
