"""What is heavy is imported when it is needed, not when hearsight is."""

import subprocess
import sys

import pytest

from hearsight.cli import app

VERBS = [command.name for command in app.registered_commands]
HEAVY = ("torch", "matplotlib", "av", "scipy", "pyroomacoustics", "soundfile", "PIL")

REPORT = f"""
import sys
sys.stderr.write(" ".join({set(HEAVY)} & set(sys.modules)))
"""


def heavy_modules(code):
    """Return which heavy packages a fresh interpreter holds after running `code`."""
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.split()


@pytest.mark.parametrize(
    "code",
    [
        "import hearsight",
        "import hearsight; dir(hearsight)",
        "from hearsight.cli import run; assert run(['--help']) == 0",
        "from hearsight.cli import run; assert run(['--version']) == 0",
        *(
            f"from hearsight.cli import run; assert run(['{verb}', '--help']) == 0"
            for verb in VERBS
        ),
    ],
)
def test_nothing_heavy_is_imported(code):
    assert heavy_modules(code) == []


def test_heavy_modules_would_be_seen():
    assert heavy_modules("import scipy") == ["scipy"]


def test_every_public_name_is_there():
    import hearsight

    for name in hearsight.__all__:
        assert getattr(hearsight, name) is not None
