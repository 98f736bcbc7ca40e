"""The command line: one file per verb; each parses, calls and prints, nothing more.

Errors raised on purpose become one line on standard error and exit code 2.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys

import typer

from hearsight.cli.check import check
from hearsight.cli.datasets import datasets
from hearsight.cli.evaluate import evaluate
from hearsight.cli.import_weights import import_weights
from hearsight.cli.info import info
from hearsight.cli.locate import locate
from hearsight.cli.match import match
from hearsight.cli.prepare import prepare
from hearsight.cli.simulate import simulate
from hearsight.cli.systems import systems
from hearsight.cli.train import train
from hearsight.cli.view import view
from hearsight.errors import HearsightError, InputError

_INTERRUPTED = 130

app = typer.Typer(
    name="hearsight",
    help="Tell what is sounding in a recording, when, and where.",
    pretty_exceptions_enable=False,
    add_completion=False,
)


app.command("locate")(locate)
app.command("match")(match)
app.command("info")(info)
app.command("simulate")(simulate)
app.command("view")(view)
app.command("prepare")(prepare)
app.command("datasets")(datasets)
app.command("check")(check)
app.command("evaluate")(evaluate)
app.command("systems")(systems)
app.command("import-weights")(import_weights)
app.command("train")(train)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if version:
        from hearsight import __version__

        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files need not be UTF-8, and terminals need not know our lines and degrees.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str
        Without the program's name.

    Returns
    -------
    int
        0 done, 2 bad input (one line on standard error), 130 interrupted.
    """
    try:
        _refuse_empty(arguments)
        result = app(arguments, standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        verbs = {command.name for command in app.registered_commands}
        verb = f"{arguments[0]} " if arguments[:1] and arguments[0] in verbs else ""
        return _fail(f"{error.format_message().rstrip('.')}; see hearsight {verb}--help")
    except HearsightError as error:
        return _fail(str(error))
    except (typer.Abort, KeyboardInterrupt):
        result = _INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The reader of our output has left (as in `| head`); nothing more can be said to it.
        _drop_output()
        return 0
    except OSError as error:
        _drop_output()
        place = error.filename or "output"
        reason = error.strerror or error
        return _fail(f"{place}: cannot be read or written ({reason}); check name, rights and space")
    if result == _INTERRUPTED:
        return _fail("interrupted; finished outputs are whole, run again to go on", _INTERRUPTED)
    return result if isinstance(result, int) else 0


def _refuse_empty(arguments: list[str]) -> None:
    """Refuse `hearsight locate "$UNSET"`, which would stand for the folder we are in."""
    if "" in arguments:
        msg = f"argument {arguments.index('') + 1} is empty; write . for the folder you are in"
        raise InputError(msg)


def _drop_output() -> None:
    """Let what standard output still holds vanish, so that leaving does not fail on it again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int = 2) -> int:
    typer.echo(f"hearsight: {' '.join(message.split())}", err=True)
    return code
