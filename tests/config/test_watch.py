"""Edits while costtui runs: good ones apply, everything else leaves the last good configuration in force."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costtui.config.load import load_bytes
from costtui.config.watch import ConfigWatch
from costtui.errors import ConfigError

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_bytes()
GOOD = b'[host]\nname = "one"\ntimezone = "Europe/Berlin"\n'
NOON_MS = 1_795_431_600_000
"""2026-11-23 11:00 UTC, 12:00 in Berlin."""


class Edited:
    """A configuration file whose every writing has a new modification time, as in real life."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.toml"
        self._time = 1_000_000_000

    def write(self, body: bytes) -> None:
        self.path.write_bytes(body)
        self._time += 1
        os.utime(self.path, (self._time, self._time))


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    file = Edited(tmp_path)
    file.write(GOOD)
    return file


def watching(edited: Edited) -> ConfigWatch:
    return ConfigWatch(edited.path, {}, NOON_MS)


def name_after_two_looks(watch: ConfigWatch) -> tuple[str | None, tuple[str, ...]]:
    watch.look(NOON_MS)
    config, problems = watch.look(NOON_MS)
    return config.host.name, problems


def test_an_unchanged_file_stays_the_same_object(edited: Edited) -> None:
    watch = watching(edited)
    assert watch.look(NOON_MS)[0] is watch.look(NOON_MS)[0]


def test_a_good_edit_applies_at_the_second_look(edited: Edited) -> None:
    watch = watching(edited)
    edited.write(b'[host]\nname = "two"\n')
    assert watch.look(NOON_MS)[0].host.name == "one"
    assert watch.look(NOON_MS)[0].host.name == "two"


def test_a_bad_edit_changes_nothing_and_is_told_until_it_is_mended(edited: Edited) -> None:
    watch = watching(edited)
    edited.write(b'[host]\nnam = "two"\n')
    name, problems = name_after_two_looks(watch)
    assert name == "one"
    assert 'did you mean "name"?' in problems[0]
    assert watch.look(NOON_MS)[1] == problems
    edited.write(b'[host]\nname = "three"\n')
    assert name_after_two_looks(watch) == ("three", ())


def test_a_file_written_in_two_halves_is_judged_whole(edited: Edited) -> None:
    watch = watching(edited)
    edited.write(b'[host]\nname = "tw')
    assert watch.look(NOON_MS)[1] == ()
    edited.write(b'[host]\nname = "two"\n')
    assert name_after_two_looks(watch) == ("two", ())


def test_a_deleted_file_leaves_the_running_configuration_of_its_hour(edited: Edited) -> None:
    watch = watching(edited)
    edited.path.unlink()
    name, problems = name_after_two_looks(watch)
    assert name == "one"
    assert problems == (f"{edited.path}:1 is gone; the running configuration of 12:00 stays in force",)
    edited.write(b'[host]\nname = "back"\n')
    assert name_after_two_looks(watch) == ("back", ())


def test_the_same_file_put_back_ends_the_complaint(edited: Edited, tmp_path: Path) -> None:
    watch = watching(edited)
    edited.path.rename(tmp_path / "aside")
    assert name_after_two_looks(watch)[1]
    (tmp_path / "aside").rename(edited.path)
    assert name_after_two_looks(watch) == ("one", ())


def test_a_swapped_symlink_is_followed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(f'[host]\nname = "{name}"\n')
    link = tmp_path / "config.toml"
    link.symlink_to("one")
    watch = ConfigWatch(link, {}, NOON_MS)
    (tmp_path / "new").symlink_to("two")
    (tmp_path / "new").replace(link)
    assert name_after_two_looks(watch) == ("two", ())


def test_a_folder_in_its_place_is_a_problem_and_no_crash(edited: Edited) -> None:
    watch = watching(edited)
    edited.path.unlink()
    edited.path.mkdir()
    name, problems = name_after_two_looks(watch)
    assert name == "one"
    assert "cannot be read" in problems[0]


def test_a_file_that_appears_later_is_taken_up(tmp_path: Path) -> None:
    watch = ConfigWatch(None, {"HOME": str(tmp_path)}, NOON_MS)
    assert watch.look(NOON_MS)[0].path is None
    own = tmp_path / ".config" / "costtui" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_bytes(GOOD)
    assert name_after_two_looks(watch) == ("one", ())


def test_starting_with_a_bad_file_is_an_error(edited: Edited) -> None:
    edited.write(b"[host")
    with pytest.raises(ConfigError):
        watching(edited)


def problems_of(body: bytes) -> tuple[str, ...]:
    """None for a good configuration; any other exception than ConfigError fails the test."""
    try:
        load_bytes(Path("c.toml"), body, 0)
    except ConfigError as error:
        return error.problems
    return ()


def mutated(body: bytes, seed: int) -> bytes:
    """`body` cut, spliced, or with one value turned into something else; the same for the same seed."""
    dice = random.Random(seed)
    lines = body.splitlines(keepends=True)
    where = dice.randrange(len(body))
    other = dice.choice(
        [b"[", b"]", b"{", b'"', b"=", b"\x00", b"\xff\xfe", b"\n[[gpus]]\n", b"nan", b"-inf", b"1e999999999",
         b"9" * 5000, b"9" * 900, b"2026-13-45", b"[" * 900, b"[\n" * 3000, b"k" * 20_000 + b" = 1\n",
         b"a." * 400 + b"b = 1\n", b"'''", b"\xed\xa0\x80", b"true"]
    )  # fmt: skip
    kind = seed % 5
    if kind == 0:
        return body[:where]
    if kind == 1:
        return body[:where] + other + body[where:]
    if kind == 2:
        return body[:where] + other + body[where + dice.randrange(30) :]
    if kind == 3:
        dice.shuffle(lines)
        return b"".join(lines)
    return b"".join(
        line.partition(b"=")[0] + b"= " + other + b"\n" if b"=" in line and dice.random() < 0.2 else line
        for line in lines
    )


def test_hundreds_of_damaged_files_are_refused_whole_or_loaded_whole(edited: Edited) -> None:
    watch = watching(edited)
    outcomes = set()
    for seed in range(600):
        edited.write(mutated(EXAMPLE, seed))
        before = watch.look(NOON_MS)[0]
        config, problems = watch.look(NOON_MS)
        outcomes.add(bool(problems))
        if problems:
            assert config is before
            assert all(line.startswith(f"{edited.path}:") and line.isprintable() for line in problems)
    assert outcomes == {True, False}


VALUES = st.recursive(
    st.sampled_from(
        ["1", "-1", "0.5", "nan", "true", '""', '"x"', "2026-11-01", "07:00:00", '"H100"', '"2h"', '"env:X"']
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(["from", "usd", "match", "url", "rates", "x"]), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"
        ),
    ),
    max_leaves=8,
)
KEYS = [
    "host",
    "gpus",
    "targets",
    "routes",
    "budgets",
    "prices",
    "billing",
    "tco",
    "alerts",
    "agent",
    "gateway",
    "currencies",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5), st.binary(max_size=40))
def test_any_types_in_any_section_give_a_configuration_or_problems(sections: dict[str, str], noise: bytes) -> None:
    text = "\n".join(f"{key} = {value}" for key, value in sections.items()).encode()
    for body in (text, text + b"\n" + noise, noise):
        assert all(line.startswith("c.toml:") for line in problems_of(body))


@pytest.mark.parametrize(
    "body",
    [
        b"a = " + b"[" * 100_000,
        b"a = " + b"{a=" * 50_000,
        b"a = " + b"[\n" * 50_000,
        b"a = " + b"{a=" * 300,
        b"a" * 200_000 + b" = 1",
        b".".join([b"a"] * 20_000) + b" = 1",
        b"a = " + b"9" * 100_000,
        b"a = 1e" + b"9" * 1000,
        b"a = " + b"9" * 900,
        b"a = 1e" + b"9" * 900,
        b"\n".join([b".".join([b"a"] * 490) + b"%d = 1" % n for n in range(250)]),
        b"x" * 300_000,
        b"\xff" * 1000,
    ],
    ids=lambda body: str(body[:8]),
)
def test_a_bomb_is_refused(body: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        load_bytes(Path("c.toml"), body, 0)
    assert all(len(line) < 1000 for line in caught.value.problems)
