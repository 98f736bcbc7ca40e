"""The command line: one file per verb; each parses, calls and prints, nothing more.

Errors raised on purpose become one line on standard error and exit code 2.
"""

from __future__ import annotations

import os
import sys

import typer

from hearsight.cli.info import info
from hearsight.cli.locate import locate
from hearsight.cli.simulate import simulate
from hearsight.cli.view import view
from hearsight.errors import HearsightError

app = typer.Typer(
    name="hearsight",
    help="Tell what is sounding in a recording, when, and where.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


app.command("locate")(locate)
app.command("info")(info)
app.command("simulate")(simulate)
app.command("view")(view)


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
        result = app(arguments, standalone_mode=False)
    except typer.Abort:
        return _fail("interrupted; finished outputs are whole, run again to go on", code=130)
    except typer.TyperException as error:
        return _fail(error.format_message())
    except HearsightError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("interrupted; finished outputs are whole, run again to go on", code=130)
    except BrokenPipeError:
        # The reader of our output has left (as in `| head`); nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _fail(message: str, code: int = 2) -> int:
    typer.echo(f"hearsight: {' '.join(message.split())}", err=True)
    return code
