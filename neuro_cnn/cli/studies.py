"""What the command line asks to compare: names, TOML files and run folders; a study or several; one that goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuro_cnn.compare import Study
    from neuro_cnn.runs import RunFolder


def asked(given: dict[str, Any], **defaults: Any) -> Study:
    """The study of the command line: the systems named, and those of each TOML with `systems`, which is a study.

    Studies must agree in all else; settings given here override theirs.
    """
    from neuro_cnn.compare import Study
    from neuro_cnn.runs import read_toml
    from neuro_cnn.spec import read

    named = given.get("systems", [])
    written = {text: read_toml(Path(text)) for text in named if text.endswith(".toml")}
    studies = {text: {**defaults, **_sized(each, given, text)} for text, each in written.items() if _is_study(each)}
    if len(studies) == len(named) == 1:
        ((where, study),) = studies.items()
        return read(Study, {**study, **_over(study, given)}, where)
    if studies:
        return read(Study, _together(studies, named, given), "the command line")
    for each in written.values():
        given.setdefault("data", each.get("data", "digits"))
    return read(Study, {**defaults, **given}, "the command line")


def _is_study(written: dict[str, Any]) -> bool:
    """Whether a TOML file is of several systems, or means to be and misspells them."""
    from difflib import get_close_matches

    from neuro_cnn.settings import is_study

    one = {"model", "network"} & set(written)
    return is_study(written) or bool(not one and get_close_matches("systems", written))


def _sized(written: dict[str, Any], given: dict[str, Any], where: str) -> dict[str, Any]:
    """A study with the changes that --set size=NAME asks for, where its file has sizes; else size is an option."""
    from neuro_cnn.settings import sized

    size = given.get("options", {}).pop("size", None) if "sizes" in written else None
    return sized(written, size, where)


def _over(study: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What is given over a study: all but its systems; options one by one."""
    over = {key: value for key, value in given.items() if key != "systems"}
    if "options" in study and "options" in over:
        over["options"] = {**study["options"], **over["options"]}
    return over


def _together(studies: dict[str, Any], named: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """Several studies, or one and other systems, as one: all systems in their order, each once, and the same settings.

    Raises UsageError, naming the key, where two studies would do otherwise.
    """
    from neuro_cnn.agreement import differences, shown
    from neuro_cnn.compare import Study
    from neuro_cnn.errors import UsageError
    from neuro_cnn.settings import ASKED
    from neuro_cnn.spec import plain, read

    whole = {text: plain(read(Study, {**study, **_over(study, given)}, text)) for text, study in studies.items()}
    first, *others = whole
    ours = {key: value for key, value in whole[first].items() if key not in ("systems", *ASKED)}
    for text in others:
        theirs = {key: value for key, value in whole[text].items() if key not in ("systems", *ASKED)}
        for key, here, there in differences(ours, theirs):
            told = f"{key} is {shown(here)} in {first}, but {shown(there)} in {text}"
            raise UsageError(f"{told}; give both the same, or set it for both on the command line")
    systems = [each for text in named for each in (whole[text]["systems"] if text in whole else [text])]
    words = {key: list(dict.fromkeys(each[key] for each in whole.values() if each[key])) for key in ASKED}
    return {
        **ours,
        **{key: " ".join(texts) for key, texts in words.items() if texts},
        "systems": list(dict.fromkeys(systems)) if len(whole) > 1 else systems,
    }


def gone_on(path: Path, given: dict[str, Any]) -> tuple[RunFolder, Study]:
    """The comparison of a folder that goes on; settings given here must be those that it began with."""
    from neuro_cnn.compare import Study
    from neuro_cnn.kept import check_same, reopened
    from neuro_cnn.spec import plain, read

    folder, study = reopened(path)
    if "systems" in given:
        check_same(study, asked(given), path)
    elif given:
        there = plain(study)
        options = {**there["options"], **given.get("options", {})}
        check_same(study, read(Study, {**there, **given, "options": options}, "the command line"), path)
    return folder, study


def values(text: str) -> tuple[str, list[Any]]:
    """KEY=A,B,... as key and values."""
    from neuro_cnn.compare import assignment

    key, _, values = text.partition("=")
    return key.strip(), [assignment(f"{key}={value}")[1] for value in values.split(",")]


def numbers(option: str, text: str) -> list[float]:
    """The amounts in a list such as 1,2,3,4; pixels of a shift are whole."""
    from neuro_cnn.errors import UsageError

    read, such = (int, "whole numbers such as 1,2,3,4") if option == "shift" else (float, "numbers such as 0.5,2")
    try:
        return [read(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise UsageError(f"--{option} {text!r} is not a list of {such}") from error
