import http.client
import threading
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearsight import InputError, MediaError
from hearsight.viewer.server import byte_range, find_report, page_server

CONTENT = bytes(range(256)) * 1000


@contextmanager
def served(folder):
    with page_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def ask(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    (folder / "preview.mp4").write_bytes(CONTENT)
    (folder / "report.html").write_text("<p>page</p>")
    (folder / "inner").mkdir()
    (folder.parent / "secret.txt").write_text("secret")
    with served(folder) as number:
        yield number


def test_files_are_served_whole_and_in_part(port):
    answer, body = ask(port, "/preview.mp4")
    assert (answer.status, body) == (200, CONTENT)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Accept-Ranges"] == "bytes"
    answer, body = ask(port, "/preview.mp4", Range="bytes=1000-1999")
    assert (answer.status, body) == (206, CONTENT[1000:2000])
    assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(CONTENT)}"
    answer, body = ask(port, "/preview.mp4", Range="bytes=-10")
    assert (answer.status, body) == (206, CONTENT[-10:])
    answer, body = ask(port, "/preview.mp4", Range=f"bytes={len(CONTENT)}-")
    assert (answer.status, body) == (416, b"")


@pytest.mark.parametrize(
    "path", ["/", "/inner/", "/missing", "/../secret.txt", "/%2e%2e/secret.txt"]
)
def test_nothing_but_the_folders_files_is_served(port, path):
    assert ask(port, path)[0].status == 404


def test_other_names_for_this_machine_are_refused(port):
    assert ask(port, "/report.html", Host="evil.example")[0].status == 403
    assert ask(port, "/report.html", Host=f"localhost:{port}")[0].status == 200


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_ranges_are_those_of_the_bytes(content, first, last):
    begin, end = byte_range(f"bytes={first}-{last}", len(content))
    assert content[begin : end + 1] == content[first : last + 1]
    assert byte_range("bytes=-", len(content)) is None
    assert byte_range("lines=1-2", len(content)) is None


def test_a_result_is_found_by_folder_or_page(tmp_path):
    with pytest.raises(InputError, match=r"no report\.html|holds no"):
        find_report(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        find_report(tmp_path / "missing")
    page = tmp_path / "report.html"
    page.write_text("x")
    assert find_report(tmp_path) == find_report(page) == page


def test_a_port_in_use_is_said(tmp_path):
    with page_server(tmp_path) as server, pytest.raises(MediaError, match="choose another"):
        page_server(tmp_path, server.server_address[1])
