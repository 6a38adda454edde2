"""The Slurm job of a process, from its control groups."""

import pytest

from costtui.probes.processes import slurm_job


@pytest.mark.parametrize(
    ("groups", "job"),
    [
        ("9:devices:/slurm/uid_1000/job_4711/step_0/task_0\n3:cpuset:/\n", "4711"),
        ("0::/system.slice/slurmstepd.scope/job_4711/step_batch/user/task_0\n", "4711"),
        ("0::/system.slice/node7_slurmstepd.scope/job_12\n", "12"),
        ("0::/user.slice/user-1000.slice/session-3.scope\n", ""),
        ("0::/docker/job_4711\n", ""),
        ("0::/system.slice/slurmstepd.scope/job_47x/step_0\n", ""),
        ("0::/slurm\n1:name:/job_4711\n", ""),
        ("", ""),
    ],
)
def test_the_job_is_read_in_both_versions_of_control_groups(groups: str, job: str) -> None:
    assert slurm_job(groups) == job
