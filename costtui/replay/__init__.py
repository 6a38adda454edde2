"""A trace of requests run against a simulated pool: what each strategy would have cost, and how late it was."""
