"""The relay on localhost: carries requests to engines and APIs, meters them, keeps the ledger."""
