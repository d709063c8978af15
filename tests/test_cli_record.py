"""Commands and options do not change unnoticed: they are what a file of `tests/golden` records.

``pytest tests/test_cli_record.py --update-golden`` writes the record anew. Help may be reworded
freely; a name, a type, a choice, a default or the order is what callers and pages rely on.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from hokkaido_gis.cli import cli, run

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = Path(__file__).parent / "golden" / "command_line.txt"


def describe(command: click.Command, name: str) -> Iterator[str]:
    """A command and its parameters in their order, a line each; then those below it by name."""
    yield name
    for parameter in command.params:
        yield f"    {described(parameter)}"
    if isinstance(command, click.Group):
        for inner in sorted(command.commands):
            yield from describe(command.commands[inner], f"{name} {inner}")


def described(parameter: click.Parameter) -> str:
    """Names of a parameter, what it takes, and what it is where it is left out."""
    if isinstance(parameter, click.Argument):
        words = [parameter.human_readable_name.strip("[].")]
    else:
        words = ["/".join([*parameter.opts, *parameter.secondary_opts])]
    if not getattr(parameter, "is_flag", False):
        words.append(kind(parameter.type))
    words += ["required"] if parameter.required else []
    words += ["repeated"] if parameter.multiple or parameter.nargs == -1 else []
    # What stands for "none given" differs between versions of click.
    if isinstance(parameter.default, str | int | float) and not isinstance(parameter.default, bool):
        words.append(f"= {parameter.default}")
    return " ".join(words)


def kind(taken: click.ParamType) -> str:
    if isinstance(taken, click.Choice):
        return "|".join(taken.choices)
    if isinstance(taken, click.Tuple):
        return " ".join(kind(each) for each in taken.types)
    if isinstance(taken, click.IntRange | click.FloatRange):
        low = "" if taken.min is None else f">{'' if taken.min_open else '='}{taken.min:g}"
        high = "" if taken.max is None else f"<{'' if taken.max_open else '='}{taken.max:g}"
        return f"{taken.name.removesuffix(' range')}{low}{high}"
    return taken.name


def test_commands_and_options_are_the_recorded_ones(request: pytest.FixtureRequest) -> None:
    now = "\n".join(describe(cli, "hokkaido-gis")) + "\n"
    if request.config.getoption("--update-golden"):
        RECORD.write_text(now, encoding="utf-8", newline="\n")
    recorded = RECORD.read_text(encoding="utf-8")
    difference = "\n".join(
        difflib.unified_diff(
            recorded.splitlines(), now.splitlines(), "recorded", "now", n=2, lineterm=""
        )
    )
    assert not difference, (
        f"The command line changed:\n{difference}\nIf that is meant, run `pytest -n 0 "
        "tests/test_cli_record.py --update-golden`, and tell it in CHANGELOG.md."
    )


@pytest.mark.parametrize(
    ("parameter", "line"),
    [
        (click.Argument(["layer"]), "LAYER text required"),
        (click.Argument(["names"], nargs=-1, metavar="[NAME]..."), "NAME text repeated"),
        (click.Option(["-q", "--quiet"], is_flag=True), "-q/--quiet"),
        (click.Option(["--lang"], type=click.Choice(["ja", "en"]), default="ja"),
         "--lang ja|en = ja"),
        (click.Option(["--jobs"], type=click.IntRange(min=1)), "--jobs integer>=1"),
        (click.Option(["--share"], type=click.FloatRange(0, 1, min_open=True)),
         "--share float>0<=1"),
        (click.Option(["--area"], type=(str, float), multiple=True), "--area text float repeated"),
    ],
)  # fmt: skip
def test_a_line_tells_names_type_and_default(parameter: click.Parameter, line: str) -> None:
    assert described(parameter) == line


CHOICES = [
    (name, option.opts[-1], option.type.choices)
    for name, command in cli.commands.items()
    for option in command.params
    if isinstance(option.type, click.Choice)
]


@pytest.mark.parametrize(
    ("command", "option", "choices"),
    CHOICES,
    ids=[f"{name} {option}" for name, option, _ in CHOICES],
)
def test_a_wrong_choice_names_the_choices(
    capsys: pytest.CaptureFixture[str], command: str, option: str, choices: list[str]
) -> None:
    assert run([command, option, "no such thing"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(choice in err.splitlines()[-1] for choice in choices)
    assert "Traceback" not in err


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_an_option_that_is_not_there_gives_status_2(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run([name, "--no-such-option"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "No such option" in err


CRS_OPTIONS = [
    (name, option.opts[0])
    for name, command in cli.commands.items()
    for option in command.params
    if option.opts[0].endswith("crs")
]


@pytest.mark.parametrize(("command", "option"), CRS_OPTIONS)
def test_a_crs_that_there_is_none_of_is_refused_by_every_command(
    capsys: pytest.CaptureFixture[str], command: str, option: str
) -> None:
    assert run([command, option, "EPSG:99999"]) == 2
    assert "'EPSG:99999' is no known CRS; e.g. EPSG:6668" in capsys.readouterr().err
