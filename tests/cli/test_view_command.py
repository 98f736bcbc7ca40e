import webbrowser

import pytest

from hearsight.cli import run


@pytest.fixture
def opened(monkeypatch):
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    return addresses


def test_the_page_is_opened_from_disk(tmp_path, capsys, opened):
    (tmp_path / "report.html").write_text("x")
    assert run(["view", str(tmp_path)]) == 0
    assert opened == [(tmp_path / "report.html").as_uri()]
    assert capsys.readouterr().out.strip() == opened[0]


def test_no_browser_is_opened_if_not_wanted(tmp_path, capsys, opened):
    (tmp_path / "report.html").write_text("x")
    assert run(["view", str(tmp_path), "--no-open"]) == 0
    assert opened == []
    assert "report.html" in capsys.readouterr().out


def test_the_address_is_printed_and_ctrl_c_ends_the_server(tmp_path, capsys, opened, monkeypatch):
    from http.server import ThreadingHTTPServer

    def interrupted(_server):
        raise KeyboardInterrupt

    (tmp_path / "report.html").write_text("x")
    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", interrupted)
    assert run(["view", str(tmp_path), "--port", "0"]) == 0
    out = capsys.readouterr().out
    assert opened[0].startswith("http://127.0.0.1:")
    assert opened[0] in out
    assert "ended" in out


@pytest.mark.parametrize("name", ["missing", ""])
def test_a_folder_without_a_page_is_one_line(tmp_path, capsys, opened, name):
    assert run(["view", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "hearsight locate" in error
    assert opened == []
