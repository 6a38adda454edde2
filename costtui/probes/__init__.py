"""This host: GPUs, processes, CPU, memory, disk, network."""
