"""Data sets from the network: each file from the first mirror that serves it, checked by its SHA256."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuro_cnn.errors import DataError
from neuro_cnn.files import replacing


@dataclass(frozen=True)
class Remote:
    """Where files lie: each file's SHA256, and the mirrors (folders' addresses, ending in "/") in turn."""

    files: Mapping[str, str]
    mirrors: tuple[str, ...]


REMOTES = {
    "mnist": Remote(
        {
            "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
    ),
    "fashion-mnist": Remote(
        {
            "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        (
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
    ),
    "emnist-digits": Remote(
        {"gzip.zip": "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e"},
        (
            "https://biometrics.nist.gov/cs_links/EMNIST/",
            "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
        ),
    ),
    "cifar10": Remote(
        {"cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
        ("https://www.cs.toronto.edu/~kriz/",),
    ),
}


def data_folder() -> Path:
    """The folder of downloaded data: the environment variable NEURO_CNN_DATA, or the platform's cache."""
    if named := os.environ.get("NEURO_CNN_DATA"):
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("neuro_cnn"))


def fetched(name: str) -> bool:
    """Whether all files of a downloadable data set are on this machine."""
    return all((data_folder() / name / file).is_file() for file in REMOTES[name].files)


def download(remote: Remote, folder: Path, progress: bool = True) -> Path:
    """Bring every file of `remote` into `folder`, whole or not at all; a right one stays."""
    import pooch

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}; set NEURO_CNN_DATA to another folder") from error
    for file, sha256 in remote.files.items():
        path = folder / file
        if not (path.is_file() and pooch.file_hash(path) == sha256):
            _download_one(remote, path, progress)
    return folder


def _download_one(remote: Remote, path: Path, progress: bool) -> None:
    failures = []
    for mirror in remote.mirrors:
        try:
            return _try_mirror(mirror + path.name, path, remote.files[path.name], progress)
        except (OSError, DataError) as error:  # a mirror that does not answer is an OSError too
            failures.append(str(error))
    tried = "; ".join(failures)
    raise DataError(f"{path.name}: no mirror served it: {tried}; try later, or put it into {path.parent}")


def _try_mirror(url: str, path: Path, sha256: str, progress: bool) -> None:
    import pooch

    with replacing(path) as temporary, _bar(path.name, progress) as bar:
        pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16)(url, temporary, None)
        found = pooch.file_hash(temporary)
        if found != sha256:
            raise DataError(f"{url}: SHA256 {sha256} expected, {found} found")


@contextmanager
def _bar(file: str, wanted: bool) -> Iterator[Any]:
    """A progress bar on stderr in the form that pooch calls for, or False where no terminal shows it."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not (wanted and console.is_terminal):
        yield False
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as bars:
        yield _Bar(bars, file)


class _Bar:
    """pooch's progress bar, drawn by rich: pooch sets `total` and calls update, reset and close."""

    def __init__(self, bars: Any, file: str) -> None:
        self.total = 0
        self._bars = bars
        self._task = bars.add_task(file, total=None)

    def update(self, count: int) -> None:
        self._bars.update(self._task, advance=count, total=self.total or None)

    def reset(self) -> None:
        self._bars.reset(self._task)

    def close(self) -> None:
        self._bars.refresh()
