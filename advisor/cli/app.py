"""The command line, put together. Nothing of the core is imported here."""

from __future__ import annotations

import sys

import typer

from advisor import __version__
from advisor.cli import data as data_files
from advisor.cli import judging, looking, running, working
from advisor.cli.attaching import attach
from advisor.cli.deleting import delete
from advisor.cli.forecasting import forecast
from advisor.cli.judge import judge

app = typer.Typer(
    name="advisor",
    help="Measures whether a language model should be fine-tuned for your task, and fine-tunes it if it should.",
    epilog="Start with `advisor demo`, or `advisor help start`. Exit codes: `advisor help exit-codes`.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data = typer.Typer(
    help="Data alone: check, fix, convert or split a file; `advisor help data`.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
models = typer.Typer(
    help="Models at hand, and fetching the embedded one.", rich_markup_mode=None, no_args_is_help=True
)

for command in (
    running.demo,
    running.run,
    working.init,
    judging.assess,
    running.baseline,
    judging.decide,
    forecast,
    running.train,
    working.evaluate,
    judging.compare,
    judge,
    looking.report,
    looking.runs,
    attach,
    running.resume,
    running.stop,
    delete,
    looking.doctor,
):
    app.command()(command)
app.command(name="help")(looking.help_topic)
data.command()(data_files.check)
data.command()(data_files.fix)
data.command()(data_files.convert)
data.command()(data_files.split)
models.command(name="list")(looking.models_list)
models.command(name="get")(looking.models_get)
app.add_typer(data, name="data")
app.add_typer(models, name="models")


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"advisor {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="print the version"
    ),
    lang: str | None = typer.Option(
        None, "--lang", help="language of the wizard: en or ko (default: by LANG)"
    ),
    plain: bool = typer.Option(
        False,
        "--plain",
        help="questions line by line instead of the screen, for screen readers and dumb terminals",
    ),
) -> None:
    """Without a command: the wizard on a terminal, this help elsewhere."""
    if lang is not None:
        _speak(lang)
    if context.invoked_subcommand is not None:
        return
    if plain:
        raise typer.Exit(_questions())
    from advisor.cli.terminal import is_screen

    if not is_screen():
        sys.stderr.write(context.get_help() + "\n")
        raise typer.Exit(2)
    from advisor.tui.start import start as show

    raise typer.Exit(show())


def _speak(lang: str) -> None:
    from advisor.texts import LANGUAGES, use_language
    from rubrics.errors import Fault

    try:
        use_language(lang)
    except KeyError:
        known = ", ".join(LANGUAGES)
        raise Fault(f"no such language: {lang}", where="--lang", fix=f"Known are {known}.") from None


def _questions() -> int:
    from advisor.plain import converse
    from rubrics.errors import Fault

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Fault(
            "nobody is there to answer: input and messages must be a terminal",
            where="--plain",
            fix="Use `advisor run` with flags, or a plan by --config.",
        )
    return converse()
