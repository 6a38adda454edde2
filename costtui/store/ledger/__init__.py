"""ledger.db: every attempt once, in order, chained, never changed."""
