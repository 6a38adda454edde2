"""Where each provider's API is, and what it speaks, so that a target need not say it."""

from urllib.parse import urlsplit, urlunsplit

from costtui.config.model import Target

PROVIDER_URLS: dict[str, tuple[str, str]] = {
    "anthropic": ("https://api.anthropic.com/v1", "anthropic"),
    "cerebras": ("https://api.cerebras.ai/v1", "openai"),
    "cohere": ("https://api.cohere.ai/compatibility/v1", "openai"),
    "deepinfra": ("https://api.deepinfra.com/v1/openai", "openai"),
    "deepseek": ("https://api.deepseek.com/v1", "openai"),
    "fireworks": ("https://api.fireworks.ai/inference/v1", "openai"),
    "gmi": ("https://api.gmi-serving.com/v1", "openai"),
    "google": ("https://generativelanguage.googleapis.com/v1beta/openai", "openai"),
    "groq": ("https://api.groq.com/openai/v1", "openai"),
    "huggingface": ("https://router.huggingface.co/v1", "openai"),
    "hyperbolic": ("https://api.hyperbolic.xyz/v1", "openai"),
    "mistral": ("https://api.mistral.ai/v1", "openai"),
    "moonshot": ("https://api.moonshot.ai/v1", "openai"),
    "nebius": ("https://api.tokenfactory.nebius.com/v1", "openai"),
    "novita": ("https://api.novita.ai/openai/v1", "openai"),
    "openai": ("https://api.openai.com/v1", "openai"),
    "openrouter": ("https://openrouter.ai/api/v1", "openai"),
    "perplexity": ("https://api.perplexity.ai", "openai"),
    "sambanova": ("https://api.sambanova.ai/v1", "openai"),
    "siliconflow": ("https://api.siliconflow.com/v1", "openai"),
    "together": ("https://api.together.xyz/v1", "openai"),
    "xai": ("https://api.x.ai/v1", "openai"),
}
"""Base address and dialect; `/chat/completions` or `/messages` follows the address."""
PLACED = ("azure", "bedrock")
"""Providers whose address is the customer's own: such a target needs `url`."""
BILINGUAL_ENGINES = ("llamacpp", "vllm")
"""Their servers answer `/v1/messages` too."""


def provider_url(target: Target) -> str | None:
    """Base address of a target that names none itself; None where only the user knows it.

    A dedicated endpoint has an address of its own, which its provider's usual one does not lead to.
    """
    if target.provider is None or target.endpoint is not None:
        return None
    known = PROVIDER_URLS.get(target.provider)
    return None if known is None else known[0]


def usual_dialect(engine: str | None, provider: str | None) -> str:
    """What a target speaks where the configuration does not say."""
    if engine is not None:
        return "both" if engine in BILINGUAL_ENGINES else "openai"
    return PROVIDER_URLS.get(provider or "", ("", "openai"))[1]


def engine_base(url: str) -> str:
    """An engine's address with the `/v1` under which each of them serves, where the path was left out."""
    parts = urlsplit(url)
    return url if parts.path.strip("/") else urlunsplit((parts.scheme, parts.netloc, "/v1", "", ""))
