"""Providers that tell nothing say why."""

import pytest

from costtui.providers.registry import providers


@pytest.mark.parametrize(("name", "reason"), [("siliconflow", "410"), ("gmi", "documents no API")])
def test_a_provider_without_a_billing_api_is_never_asked_and_says_why(name: str, reason: str) -> None:
    provider = providers()[name]
    assert provider.feeds == provider.finer == ()
    assert reason in provider.unsupported
