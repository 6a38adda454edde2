"""The driver's error codes in words: what happened, and what to do. Codes from nvml.h, `nvmlReturn_t`."""

from costtui.domain.reading import Problem

LOST_CODES = (15, 28)
"""GPU_IS_LOST, and GPU_NOT_FOUND as newer drivers answer for a GPU that fell off the bus."""

_WORDS = {
    1: ("the driver's library was not initialised", "costtui tries again by itself"),
    2: ("the driver refused the argument", "update nvidia-ml-py or the driver"),
    3: ("not supported by this GPU or mode", ""),
    4: ("no permission", "run the agent as root, or give the container the GPU's device files"),
    6: ("not found", ""),
    7: ("the answer did not fit", "costtui tries again by itself"),
    8: ("the GPU lacks external power", "check its power cables"),
    9: ("the NVIDIA driver is not loaded", "load it with `modprobe nvidia`, or reboot"),
    10: ("the driver did not answer in time", "look for Xid lines in `dmesg`"),
    11: ("the driver has an interrupt problem", "look for Xid lines in `dmesg`"),
    12: (
        "there is no NVIDIA driver on this host (libnvidia-ml.so.1 not found)",
        "install the driver, or try `costtui demo`",
    ),
    13: ("this driver is too old to know it", "update the driver"),
    14: ("the GPU's infoROM is corrupted", "have the GPU looked at"),
    15: ("the GPU is lost: it fell off the bus", "reset it with `nvidia-smi --gpu-reset`, or reboot"),
    16: ("the GPU needs a reset", "reset it with `nvidia-smi --gpu-reset`"),
    17: ("the operating system blocked the call", "check the container's device rules"),
    18: ("driver and library have different versions (an upgrade without a reload)", "reboot, or reload the driver"),
    20: ("the driver is out of memory", "costtui tries again by itself"),
    23: ("the driver is out of resources", "costtui tries again by itself"),
    25: ("driver and nvidia-ml-py disagree on a structure", "update nvidia-ml-py"),
    28: ("the GPU is not there any more", "reset it with `nvidia-smi --gpu-reset`, or reboot"),
    999: ("the driver reports an unknown error", "look for Xid lines in `dmesg`; in a container restart it"),
}


def problem_for(what: str, code: int) -> Problem:
    """Why `what` cannot be read."""
    reason, remedy = _WORDS.get(code, (f"the driver answers with error {code}", "look for Xid lines in `dmesg`"))
    return Problem(what, reason, remedy)
