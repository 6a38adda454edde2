"""The one HTTP client: engines, bills, alerts."""
