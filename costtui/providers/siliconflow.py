"""SiliconFlow tells nothing: `/v1/user/info` held a balance until August 2026 and answers 410 since."""

from costtui.providers.contract import Provider, bearer

PROVIDER = Provider(
    name="siliconflow",
    title="SiliconFlow",
    base="https://api.siliconflow.com",
    headers=bearer,
    key_kind="",
    scope="account",
    unsupported="SiliconFlow shut its balance API down in August 2026 (it answers 410) and has no other",
)
