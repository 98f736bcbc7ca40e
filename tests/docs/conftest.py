"""Pages and the code on them.

Fences say what happens to a block: `python` and `bash` are run, page by page, in the order in
which they stand, in one empty folder; `pycon` is run and must print what it shows; `console` is
only shown; a `yaml` block with a title is an input and is put into the folder under that name.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def run_page(tmp_path, monkeypatch):
    """Return a function that runs a page, named from the repository's root; gives its names."""

    def run(page):
        monkeypatch.chdir(tmp_path)
        names = {}
        text = (ROOT / page).read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            line = text.count("\n", 0, block.start("text")) + 1
            match block["language"]:
                case "python":
                    # Blank lines bring the line numbers of tracebacks to those of the page.
                    code = "\n" * (line - 1) + block["text"]
                    exec(compile(code, ROOT / page, "exec"), names)
                case "pycon":
                    _check_prompts(block["text"], names, page, line)
                case "bash":
                    _run_shell(block["text"], f"{page}, line {line}")
                case "yaml" if block["title"]:
                    Path(block["title"]).write_text(block["text"], encoding="utf-8")
        return names

    return run


def _check_prompts(text, names, page, line):
    test = doctest.DocTestParser().get_doctest(text, names, page, page, line - 1)
    said = []
    result = doctest.DocTestRunner().run(test, out=said.append, clear_globs=False)
    assert result.failed == 0, "".join(said)
    names |= test.globs


def _run_shell(script, place):
    beside_python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=os.environ | {"PATH": beside_python},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{place}: {done.stderr}"
