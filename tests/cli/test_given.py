"""What may be typed, and where."""

from pathlib import Path

import pytest

from costtui import __version__
from costtui.cli import run
from costtui.cli.given import VERBS, parse
from costtui.cli.help import TEXT
from costtui.errors import UsageError
from tests.cli.shell import Shell


def test_a_mistyped_command_names_the_nearest_and_exits_64(shell: Shell) -> None:
    said = shell("statsu")
    assert (said.code, said.out) == (64, "")
    assert said.err == "costtui: no command 'statsu'; did you mean 'status'?; see `costtui --help`\n"


def test_a_mistyped_option_names_the_nearest_and_exits_64(shell: Shell) -> None:
    said = shell("status", "--jsn")
    assert said.code == 64
    assert "no option '--jsn'; did you mean '--json'?" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["--state-dir", "/s", "--ascii", "status", "--line"],
        ["status", "--line", "--ascii", "--state-dir", "/s"],
        ["status", "--state-dir=/s", "--line", "--ascii"],
        ["--state-dir=/s", "status", "--ascii", "--line"],
    ],
)
def test_common_options_stand_before_or_after_the_command(words: list[str]) -> None:
    given = parse(words, {})
    assert (given.verb, str(given.state_dir), given.ascii_only) == ("status", "/s", True)
    assert given.flags("--line") == {"--line"}


@pytest.mark.parametrize("words", [["--state-dir"], ["status", "--config"], ["demo", "--seconds"]])
def test_an_option_without_its_value_is_a_mistake(shell: Shell, words: list[str]) -> None:
    said = shell(*words)
    assert said.code == 64
    assert "needs a value" in said.err


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["status", "extra"], "'extra'"),
        (["agent", "begin"], "'begin'"),
        (["config", "check", "more"], "'more'"),
        (["status", "--json", "--line"], "--json and --line"),
        (["demo", "--seconds", "1e3"], "'1e3'"),
        (["help", "me"], "'me'"),
    ],
)
def test_words_that_nobody_asked_for_are_refused(shell: Shell, words: list[str], wrong: str) -> None:
    said = shell(*words)
    assert said.code == 64
    assert wrong in said.err


@pytest.mark.parametrize(("environ", "colourless"), [({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False), ({}, False)])
def test_no_color_is_obeyed_when_it_is_set_and_not_empty(environ: dict[str, str], colourless: bool) -> None:
    assert parse(["status"], environ).no_color is colourless


def test_the_state_directory_is_named_by_option_then_variable_then_configuration(shell: Shell) -> None:
    config = shell.config('[host]\nstate_dir = "/configured"\n')
    base = {"HOME": str(shell.home)}
    assert str(parse([], base).state_dir) == "/configured"
    assert str(parse([], base | {"COSTTUI_STATE_DIR": "/variable"}).state_dir) == "/variable"
    assert str(parse(["--state-dir", "/option"], base | {"COSTTUI_STATE_DIR": "/variable"}).state_dir) == "/option"
    config.write_text("[host]\n")
    assert str(parse([], base | {"XDG_STATE_HOME": "/xdg"}).state_dir) == "/xdg/costtui"


def test_the_configuration_is_named_or_stands_in_a_named_state_directory_or_is_the_users_own(tmp_path: Path) -> None:
    own, beside = tmp_path / ".config/costtui/config.toml", tmp_path / "demo/config.toml"
    environ = {"HOME": str(tmp_path)}
    state = ["--state-dir", str(beside.parent)]
    assert parse(["status", *state], environ).config_text is None
    for path in (own, beside):
        path.parent.mkdir(parents=True)
        path.write_text("")
    assert parse(["status"], environ).config_text == str(own)
    assert parse(["status", *state], environ).config_text == str(beside)
    assert parse(["status", *state, "--config", "x.toml"], environ).config_text == "x.toml"
    assert parse(["status", *state], environ | {"COSTTUI_CONFIG": "y.toml"}).config_text == "y.toml"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_command_has_help_that_shows_how_to_call_it(shell: Shell, verb: str) -> None:
    if verb == "help":
        said = shell("help")
        assert said.out == TEXT[""]
        return
    assert parse([*([verb] if verb else []), "--help"], {}).help
    assert (f"costtui {verb}" if verb else "costtui demo") in TEXT[verb]


@pytest.mark.parametrize(
    ("verb", "flags"),
    [
        ("", ("--config", "--state-dir", "--no-color", "--ascii", "--plain", "--version", "--read-only", "--theme")),
        ("status", ("--json", "--line", "--check", "--watch", "--hosts")),
        ("agent", ("--background", "run", "start", "stop", "restart", "status", "logs")),
        ("demo", ("--headless", "--seconds", "--seed", "--no-history", "--state-dir", "--theme")),
        ("doctor", ("--json",)),
        ("init", ("--print", "--force", "--config")),
        ("prices", ("list", "compile")),
        ("config", ("check", "--config")),
        ("alert", ("test",)),
    ],
)
def test_help_mentions_everything_that_a_command_takes(shell: Shell, verb: str, flags: tuple[str, ...]) -> None:
    said = shell(*([verb] if verb else []), "--help")
    assert said.code == 0
    assert [flag for flag in flags if flag not in said.out] == []


def test_a_command_that_was_never_written_is_refused_without_being_imported() -> None:
    with pytest.raises(UsageError, match="no command '__init__'"):
        parse(["__init__"], {})


@pytest.mark.parametrize("argv", [["--version"], ["status", "--version"], ["--version", "demo"]])
def test_the_version_is_told_wherever_it_is_asked_for(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(argv) == 0
    assert capsys.readouterr().out == f"costtui {__version__}\n"
