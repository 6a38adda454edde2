"""How near steering comes to a router that knows the future."""
