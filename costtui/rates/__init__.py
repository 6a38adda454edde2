"""What things cost by contract or list: GPU hours, electricity, tokens."""
