"""Downloads from a server on this machine: hash-checked, from the next mirror if need be, whole or absent."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from neuro_cnn.data.download import REMOTES, Remote, download
from neuro_cnn.errors import DataError

FILES = {"a.bin": b"first file", "b.bin": bytes(range(256)) * 1000}
HASHES = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


class Server(ThreadingHTTPServer):
    """Serves FILES under /good/, others under /bad/, half of each under /cut/; notes what was asked for."""

    asked: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        _, mirror, name = self.path.split("/")
        if mirror not in ("good", "bad", "cut"):
            return self.send_error(404)
        content = FILES[name] if mirror != "bad" else b"an error page"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if mirror == "cut" else content)
        return None

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def remote(server: Server, *mirrors: str) -> Remote:
    return Remote(HASHES, tuple(f"{server.url}{mirror}/" for mirror in mirrors))


def test_every_file_arrives_whole(server, tmp_path):
    folder = download(remote(server, "good"), tmp_path / "new" / "folder")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def test_a_file_that_is_there_and_right_is_not_downloaded(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(FILES["a.bin"])
    (tmp_path / "b.bin").write_bytes(b"damaged")
    download(remote(server, "good"), tmp_path)
    assert server.asked == ["/good/b.bin"]
    assert (tmp_path / "b.bin").read_bytes() == FILES["b.bin"]


@pytest.mark.parametrize("failing", ["absent", "bad", "cut"])
def test_the_next_mirror_takes_over(failing, server, tmp_path):
    download(remote(server, failing, "good"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == FILES


def test_a_wrong_hash_names_the_file_what_was_expected_and_what_was_found(server, tmp_path):
    found = hashlib.sha256(b"an error page").hexdigest()
    message = rf"^a\.bin: .*/bad/a\.bin: SHA256 {HASHES['a.bin']} expected, {found} found; try later"
    with pytest.raises(DataError, match=message):
        download(remote(server, "bad"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", ["absent", "cut"])
def test_nothing_half_written_is_left(failing, server, tmp_path):
    with pytest.raises(DataError, match=r"^a\.bin: no mirror served it: "):
        download(remote(server, failing), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_does_not_answer_is_named(server, tmp_path):
    silent = Remote({"a.bin": HASHES["a.bin"]}, ("http://127.0.0.1:1/",))
    with pytest.raises(DataError, match=r"no mirror served it: .*127\.0\.0\.1"):
        download(silent, tmp_path)


def test_a_folder_that_cannot_be_made_names_the_remedy(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="set NEURO_CNN_DATA to another folder"):
        download(remote(server, "good"), tmp_path / "file" / "mnist")


def test_progress_is_drawn_on_a_terminal_only(server, tmp_path, capfd, monkeypatch):
    for variable in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(variable, raising=False)
    download(remote(server, "good"), tmp_path / "quiet")
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the stream for a terminal
    download(remote(server, "good"), tmp_path / "drawn")
    out, err = capfd.readouterr()
    assert out == ""
    assert "b.bin" in err
    download(remote(server, "good"), tmp_path / "unwanted", progress=False)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", sorted(REMOTES))
def test_every_remote_names_mirrors_and_sha256(name):
    assert all(mirror.endswith("/") for mirror in REMOTES[name].mirrors)
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in REMOTES[name].files.values())
