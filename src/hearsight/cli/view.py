"""`hearsight view`: open a result's page, from disk or on a local address."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A result's folder, or its page.")],
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Serve the page on this port of this machine (0: any free one) instead of "
            "opening the file; for work over SSH.",
        ),
    ] = None,
    is_opened: Annotated[
        bool, typer.Option("--open/--no-open", help="Whether to open a browser.")
    ] = True,
) -> None:
    """Open the page of a result."""
    from hearsight.viewer.server import find_report, page_server

    page = find_report(folder)
    if port is None:
        address = page.resolve().as_uri()
        typer.echo(address)
        _open(address, is_opened=is_opened)
        return
    with page_server(page.parent, port) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/{page.name}"
        typer.echo(f"{address}  (Ctrl-C ends it)")
        _open(address, is_opened=is_opened)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("ended")


def _open(address: str, *, is_opened: bool) -> None:
    import webbrowser

    if is_opened and not webbrowser.open(address):
        typer.echo("no browser was found; open the address above by hand", err=True)
