"""GMI Cloud tells nothing: its documentation has no call for spend, balance or usage."""

from costtui.providers.contract import Provider, bearer

PROVIDER = Provider(
    name="gmi",
    title="GMI Cloud",
    base="https://api.gmi-serving.com",
    headers=bearer,
    key_kind="",
    scope="account",
    unsupported="GMI Cloud documents no API for spend, balance or usage",
)
