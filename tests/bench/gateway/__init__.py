"""What costtui's gateway costs beside nginx, HAProxy and other gateways, measured in one run."""
