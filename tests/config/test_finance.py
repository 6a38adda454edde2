"""`[finance]`: what it says becomes values, and what cannot be meant is named with its key."""

from pathlib import Path

import pytest

from costtui.config.load import load
from costtui.domain.finance import OWNER, TEAM, Finance, group_of, tag_pairs
from costtui.domain.money import NanoUsd
from costtui.errors import ConfigError


def read(tmp_path: Path, text: str) -> Finance:
    path = tmp_path / "config.toml"
    path.write_text(f"[finance]\n{text}\n")
    return load(path, 0).finance


def test_teams_owners_and_invoices_are_read_exactly(tmp_path: Path) -> None:
    finance = read(
        tmp_path,
        'gpu_host = "lambda"\ninvoices = { "2026-11" = 5760.000000001 }\n'
        'teams = { search = ["key:ci", "user:ada"], ads = ["tag:batch"] }\nowners = { "g@a.example" = ["key:ci"] }',
    )
    assert (finance.gpu_host, finance.invoice("2026-11"), finance.invoice("2026-12")) == (
        "lambda",
        NanoUsd(5_760_000_000_001),
        None,
    )
    assert finance.teams == (("search", ("key:ci", "user:ada")), ("ads", ("tag:batch",)))
    assert finance.tags == ("team=search", "team=ads", "owner=g@a.example", "batch")


def test_without_a_section_nothing_belongs_to_anybody(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Finance()
    assert Finance().tags == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('invoices = { "11/2026" = 5 }', 'is not a month; write it "2026-11"'),
        ('invoices = { "2026-13" = 5 }', "is not a month"),
        ('invoices = { "2026-11" = -5 }', "must be from 0"),
        ('teams = { search = ["ci"] }', '"key:ci", "user:ada" or "tag:batch"'),
        ('teams = { search = ["key:"] }', '"key:ci", "user:ada" or "tag:batch"'),
        ('teams = { search = ["key:ci"], ads = ["key:ci"] }', 'belongs to "search" already'),
        ('teams = { "a,b" = ["key:ci"] }', "a name has up to 64"),
        ('team = { search = ["key:ci"] }', 'did you mean "teams"?'),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert word in str(caught.value)


FINANCE = Finance(teams=(("search", ("key:ci", "tag:batch")), ("ads", ("key:shop", "user:ada"))))


@pytest.mark.parametrize(
    ("members", "tag", "team"),
    [
        (("key:ci",), "", "search"),
        (("key:k-1", "key:shop"), "", "ads"),
        (("user:ada",), "", "ads"),
        (("key:shop",), "batch", "search"),
        (("key:shop",), "team=night", "night"),
        (("key:shop",), "owner=ada,team=night", "night"),
        (("key:shop",), "owner=ada", "ads"),
        (("key:other",), "", ""),
    ],
)
def test_the_request_says_it_before_the_tag_and_the_tag_before_the_key(
    members: tuple[str, ...], tag: str, team: str
) -> None:
    assert group_of(FINANCE, TEAM, members, tag) == team
    assert group_of(FINANCE, OWNER, members, "") == ""


def test_a_tag_is_pairs_or_a_bare_word() -> None:
    assert tag_pairs(" team=search , owner=ada,batch,, =x") == {"team": "search", "owner": "ada", "batch": ""}
