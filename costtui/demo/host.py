"""The host that the demo plays: eight H100s, three of whose engines serve, and one GPU that fell off the bus."""

from dataclasses import dataclass
from typing import Literal

GIB = 1024**3
USD_PER_GPU_HOUR = "2.49"
GPU_NAME = "NVIDIA H100 80GB HBM3"
MEMORY_BYTES = 80 * GIB
LOST_REASON = "the GPU has fallen off the bus (Xid 79)"


@dataclass(frozen=True, slots=True)
class SimulatedEngine:
    """One engine: its speed, GPUs and share of the requests."""

    name: str
    model: str
    gpus: tuple[int, ...]
    prefill_tokens_per_second: float
    decode_tokens_per_second: float
    share: float
    """Part of all requests that come here."""
    pid: int
    """Above the highest that Linux gives, so that no real process can be meant."""


ENGINES = (
    SimulatedEngine("llama-70b", "meta-llama/Llama-3.3-70B-Instruct", (0, 1), 10_000.0, 2_500.0, 0.5254, 4_241_201),
    SimulatedEngine("mixtral", "mistralai/Mixtral-8x7B-Instruct-v0.1", (2, 3), 20_000.0, 3_200.0, 0.002, 4_241_377),
    SimulatedEngine("llama-8b", "meta-llama/Llama-3.1-8B-Instruct", (4,), 25_000.0, 9_000.0, 0.16, 4_241_460),
)
"""Speeds: the order of published measurements on H100s; the 70B on two at 10,000 prompt and 2,500 output tokens/s."""

Role = Literal["engine", "empty", "lost", "training"]
ROLES: tuple[Role, ...] = ("engine", "engine", "engine", "engine", "engine", "empty", "lost", "training")
"""What each GPU does, by index."""
TRAINING_PID = 4_250_812
TRAINING_OWNER = "alice"
TRAINING_COMMAND = "python train.py --config lora.yaml"
TRAINING_JOB = "4711"
"""In Slurm."""
SERVING_OWNER = "serve"


def gpu_uuid(index: int) -> str:
    """The same in every run, so that a kept store goes on."""
    return f"GPU-00000000-c057-4000-8000-{index:012d}"
