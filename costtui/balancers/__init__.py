"""Load balancers that already run, driven through their own controls."""
