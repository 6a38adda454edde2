"""What routing needs to know of targets and routes: objectives, rules, abilities and quality."""

from decimal import Decimal
from pathlib import Path

import pytest

from costtui.config.load import load_bytes
from costtui.config.model import Config, WhileOn
from costtui.domain.ability import ABLE, Abilities
from costtui.domain.cascade import CascadeTerms, Effort
from costtui.domain.rule import Rule
from costtui.errors import ConfigError

TARGETS = """
[targets.llama]
engine = "vllm"
url = "http://127.0.0.1:8000/v1"
model = "llama"
prefill_tokens_per_second = 10_000
streams = 256
quality = 82.5
[targets.gpt5]
provider = "openai"
model = "gpt-5"
key = "env:KEY"
context_window = 400_000
tools = true
vision = false
[routes.chat]
strategy = "idle-first"
targets = ["llama", "gpt5"]
"""


def config_of(lines: str = "") -> Config:
    return load_bytes(Path("c.toml"), (TARGETS + lines).encode(), 7)


def problems_of(lines: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config_of(lines)
    return caught.value.problems


def test_what_is_known_of_a_target_is_read_and_the_rest_is_unknown() -> None:
    llama, gpt5 = config_of().targets
    assert (llama.prefill_tokens_per_second, llama.streams, llama.quality) == (10_000.0, 256, Decimal("82.5"))
    assert llama.abilities == ABLE
    assert gpt5.abilities == Abilities(context_window=400_000, tools=True, vision=False, json=None)
    assert (gpt5.prefill_tokens_per_second, gpt5.streams, gpt5.quality) == (None, None, None)


def test_objectives_and_rules_of_a_route_are_read_in_order() -> None:
    (route,) = config_of(
        """ttft_seconds = 1.5
tpot_ms = 60
[[routes.chat.rules]]
data_class = "confidential"
targets = ["llama"]
[[routes.chat.rules]]
key = "team-a"
tag = "batch"
tokens_over = 1_000
tokens_up_to = 8_000
hours = "22-6"
targets = ["gpt5", "llama"]
"""
    ).routes
    assert (route.ttft_seconds, route.tpot_ms) == (1.5, 60.0)
    assert route.rules == (
        Rule(frozenset({"llama"}), data_class="confidential"),
        Rule(
            frozenset({"llama", "gpt5"}),
            key_id="team-a",
            tag="batch",
            tokens_over=1_000,
            tokens_up_to=8_000,
            hours=(22, 6),
        ),
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('targets = ["llama"]', "says of no request that it is meant"),
        ('tag = "a"', '"targets" is missing'),
        ('tag = "a"\ntargets = ["gpt4"]', 'is no target of this route: "gpt4"; did you mean "gpt5"?'),
        ('hours = "6-6"\ntargets = ["llama"]', 'must be two hours of the day such as "22-6"'),
        ('hours = "25-6"\ntargets = ["llama"]', 'must be two hours of the day such as "22-6"'),
        ('tokens_over = 9\ntokens_up_to = 9\ntargets = ["llama"]', "no prompt is both"),
        ('tokens_over = -1\ntargets = ["llama"]', "must be from 0"),
        ('team = "a"\ntargets = ["llama"]', "is not a setting"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_named_with_its_key(rule: str, said: str) -> None:
    assert any(said in problem for problem in problems_of(f"[[routes.chat.rules]]\n{rule}\n"))


def test_a_target_below_the_quality_floor_of_a_route_is_refused_and_one_of_unknown_quality_is_not() -> None:
    assert config_of("quality = 82.5").routes
    (problem,) = problems_of("quality = 90")
    assert problem == "c.toml:18 routes.chat.targets: names llama, whose quality of 82.5 is below the route's 90"


def test_abilities_speak_of_tokens_and_needs_and_take_the_unknown_for_yes() -> None:
    some = Abilities(context_window=8_000, tools=True, vision=False)
    assert some.lacks(8_000, frozenset({"tools", "json"})) == ""
    assert some.lacks(8_001, frozenset()) == "its context window of 8000 tokens is too small"
    assert some.lacks(1, frozenset({"vision", "json"})) == "it has no vision"
    assert ABLE.lacks(10**9, frozenset({"tools", "vision", "json"})) == ""


ENDPOINT = (
    '[targets.hf]\nprovider = "huggingface"\nendpoint = "acme/llama"\nurl = "https://a.example/v1"\nkey = "env:K"\n'
)


def test_an_endpoint_that_scales_to_zero_says_what_it_costs_to_wake() -> None:
    line = 'while_on = { usd_per_hour = 4.5, cold_start = "4m", scale_down = "15m" }\n'
    assert config_of(ENDPOINT + line).targets[-1].while_on == WhileOn(Decimal("4.5"), 240, 900)
    assert config_of(ENDPOINT).targets[-1].while_on is None
    fast = config_of(ENDPOINT + line.replace(" }", ", output_tokens_per_second = 900 }")).targets[-1].while_on
    assert fast == WhileOn(Decimal("4.5"), 240, 900, Decimal(900))
    assert any(
        '"scale_down" is missing' in problem
        for problem in problems_of(ENDPOINT + 'while_on = { usd_per_hour = 4.5, cold_start = "4m" }\n')
    )
    own = TARGETS.replace("streams = 256\n", line)
    with pytest.raises(ConfigError, match="belongs to a target with `endpoint`"):
        load_bytes(Path("c.toml"), own.encode(), 7)


CASCADE = """
[targets.mini]
provider = "novita"
model = "llama-8b"
key = "env:KEY"
[routes.ask]
strategy = "cascade"
"""


def test_a_cascade_says_how_much_is_simple_and_what_tags_are() -> None:
    usual = config_of(CASCADE + 'targets = ["gpt5", "mini"]\n').routes[-1]
    assert usual.cascade == CascadeTerms(50, (), False)
    lines = 'targets = ["gpt5", "mini"]\ncascade = { simple_percent = 70, labels = { faq = "simple", law = "hard" } }\n'
    terms = config_of(CASCADE + lines).routes[-1].cascade
    assert terms == CascadeTerms(70, (("faq", Effort.SIMPLE), ("law", Effort.HARD)), False)
    assert config_of().routes[0].cascade is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('targets = ["llama", "mini"]', "would let a score decide whether prompts stay here (llama) or leave (mini)"),
        ('targets = ["gpt5", "mini"]\ncascade = { simple_percent = 100 }', "must be from 1 to 99"),
        ('targets = ["gpt5", "mini"]\ncascade = { labels = { faq = "easy" } }', "simple"),
        ('targets = ["gpt5", "mini"]\ncascade = { share = 1 }', "is not a setting"),
    ],
)
def test_a_cascade_that_cannot_be_meant_or_would_cross_the_premises_is_named(lines: str, said: str) -> None:
    assert any(said in problem for problem in problems_of(CASCADE + lines + "\n"))


def test_a_cascade_may_cross_the_premises_where_the_user_says_so_and_belongs_to_its_strategy() -> None:
    crossing = config_of(CASCADE + 'targets = ["llama", "mini"]\ncascade = { cross_locality = true }\n')
    assert crossing.routes[-1].cascade == CascadeTerms(50, (), True)
    assert any("belongs to strategy" in problem for problem in problems_of("cascade = { simple_percent = 60 }\n"))
