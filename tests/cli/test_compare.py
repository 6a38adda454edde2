"""`costtui compare` as it is typed."""

import json
from decimal import Decimal

from tests.cli.clock import now_ms
from tests.cli.ledger import keep_four
from tests.cli.shell import Shell

CONFIG = """
[targets.novita]
provider = "novita"
model = "llama-3.3-70b"
key = "env:NOVITA_KEY"
"""


def test_own_traffic_is_shown_by_model_and_a_seller_without_a_price_is_no_0(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    shell.config(CONFIG)
    document = json.loads(shell("compare", "--json").out, parse_float=Decimal)
    assert document["schema"] == "costtui.compare/1"
    models = {each["model"]: each for each in document["models"]}
    assert models["gpt-5"]["paid_to_apis_usd"] == 2
    assert "nobody else" in models["gpt-5"]["not_comparable"]
    llama = models["llama-3.3-70b"]
    assert (llama["paid_to_apis_usd"], llama["self_hosted_tokens"]) == (None, 1_100)
    assert llama["offers"] == [
        {"seller": "novita", "usd": None, "configured": True, "at_least": False, "reason": "no price is known"}
    ]
    said = shell("compare", "--last", "hour").out
    assert "paid to APIs $2.00" in said
    assert "not comparable: nobody else" in said


def test_without_traffic_or_with_another_span_it_says_so(shell: Shell) -> None:
    assert "no traffic is in the ledger for the last month" in shell("compare", "--last", "month").out
    said = shell("compare", "--last", "decade")
    assert said.code == 64
    assert "--last hour" in said.err
