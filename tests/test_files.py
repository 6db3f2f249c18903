"""A file is whole or as it was."""

import os
import stat

import pytest

from neuro_cnn.files import replacing, write_text


def test_a_file_takes_its_place_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "run.json"
    with replacing(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_the_old_file_stands_and_nothing_is_left_beside_it(tmp_path, error):
    path = tmp_path / "run.json"
    path.write_text("old")

    def interrupted():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_temporary_file_has_the_suffix_that_says_the_format(tmp_path):
    with replacing(tmp_path / "figure.svg") as temporary:
        assert temporary.suffix == ".svg"
        assert temporary.parent == tmp_path


def test_text_is_utf_8(tmp_path):
    write_text(tmp_path / "a.txt", "Ångström θ\n")
    assert (tmp_path / "a.txt").read_bytes().decode("utf-8").splitlines() == ["Ångström θ"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_a_file_is_as_public_as_others_of_its_folder(tmp_path):
    (tmp_path / "other").write_text("")
    write_text(tmp_path / "ours", "")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)
