"""A page in both formats: what comes from outside is text, and nothing is asked of the network."""

from decimal import Decimal
from html.parser import HTMLParser

import pytest

from costtui.report.page import Bar, Bars, Block, Curve, Figure, Figures, Heat, Line, Note, Page, Section, Stack, Table
from costtui.report.page_html import html_of
from costtui.report.page_markdown import markdown_of

HOSTILE = "<script>alert(1)</script> a|b `c` \x1b[31m\nd [e](http://f) ![g](h) \" ' & <img src=x> \u202e"


class Read(HTMLParser):
    """Tags with their attributes, and whether each was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page(text: str) -> Page:
    bar = Bar(text, Decimal(1), text)
    line = Line(text, Decimal(0), Decimal(40), text)
    blocks: list[Block] = [
        Note(text),
        Figures((Figure(text, text, text),)),
        Table(text, (text, text), ((text, text),)),
        Bars(text, (bar, Bar(text, None, "?"))),
        Stack(text, (bar, bar)),
        Curve(text, (line,), Decimal(10), text, Decimal(8), text, Decimal(2), text),
        Heat(text, (text,), ((Bar("0", Decimal(2), text), Bar("1", None, "?")),)),
    ]
    return Page(text, text, [Section(text, blocks)])


def read(html: str) -> Read:
    found = Read()
    found.feed(html)
    found.close()
    return found


def test_hostile_names_add_no_tag_to_the_html() -> None:
    hostile, plain = read(html_of(page(HOSTILE))), read(html_of(page("plain")))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert hostile.open == []
    assert not any(name.startswith("on") for _, attributes in hostile.tags for name in attributes)
    assert "\x1b" not in html_of(page(HOSTILE))
    assert "\u202e" not in html_of(page(HOSTILE))


def test_the_html_asks_nobody_for_anything() -> None:
    found = read(html_of(page("plain")))
    assert {tag for tag, _ in found.tags} & {"script", "link", "img", "iframe", "object", "a"} == set()
    assert not any({"src", "href", "style"} & set(attributes) for _, attributes in found.tags)
    policy = next(each["content"] for _, each in found.tags if "http-equiv" in each)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "url(" not in html_of(page("plain"))
    assert "@import" not in html_of(page("plain"))


def test_hostile_names_add_no_line_and_no_cell_to_the_markdown() -> None:
    hostile, plain = markdown_of(page(HOSTILE)).splitlines(), markdown_of(page("plain")).splitlines()
    assert len(hostile) == len(plain)
    for mine, other in zip(hostile, plain, strict=True):
        assert mine.replace("\\|", "").count("|") == other.count("|")
    assert not any("<" in line or "\x1b" in line for line in hostile)
    assert not any("`" in line.replace("\\`", "") for line in hostile)


@pytest.mark.parametrize("render", [html_of, markdown_of])
def test_unknown_is_a_question_mark_in_either_format(render: object) -> None:
    assert callable(render)
    assert "?" in render(page("plain"))


def test_an_unknown_amount_has_no_bar_and_no_shade() -> None:
    found = read(html_of(page("plain")))
    heights = [float(each["height"] or 0) for tag, each in found.tags if tag == "rect"]
    assert heights[0] > 0
    assert heights[1] == 0
    shades = [each.get("class") for tag, each in found.tags if tag == "td" and str(each.get("class")).startswith("s")]
    assert shades == ["s5", "s0"]


def test_a_line_is_cut_off_where_it_leaves_the_chart_and_today_is_marked() -> None:
    found = read(html_of(page("plain")))
    lines = {str(each["class"]): each for tag, each in found.tags if tag == "line"}
    # 40 at the right end, cut off at 10: a quarter of 900; 2 of 8 on the axis is there too
    assert (lines["line l0"]["x1"], lines["line l0"]["x2"]) == ("0", "225.0")
    assert lines["mark"]["x1"] == "225.0"
