"""The program's entry: every way out of it, with its message and exit code."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and leave with the contract's exit code."""
    from advisor.cli.app import app
    from advisor.cli.show import INTERRUPTED, err, show_fault
    from rubrics.errors import Fault

    try:
        app()
    except Fault as fault:
        sys.exit(show_fault(fault))
    except KeyboardInterrupt:
        err("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("ADVISOR_DEBUG"):
            raise
        err(f"error: {type(error).__name__}: {error}")
        err(
            "what to do: this is a fault of the program; run again with ADVISOR_DEBUG=1 and report what it prints."
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
