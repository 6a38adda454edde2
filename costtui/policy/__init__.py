"""Which target a request goes to: pure rules over facts, a decision with its reason out."""
