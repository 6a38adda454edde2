"""RouteLLM's stored answers of two models to MMLU and GSM8K, read from a clone of its repository."""

import csv
import io
import json
import subprocess
from typing import NamedTuple

WEAK, STRONG = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
ROOT = "routellm/evals"
FILES = {"GSM8K": ("gsm8k", "gsm8k_responses.csv"), "MMLU": ("mmlu", "responses/")}


class Answer(NamedTuple):
    """Of both models to one prompt."""

    prompt: str
    subject: str
    """Of MMLU: the file it came in."""
    weak: bool
    """Whether that was right."""
    strong: bool

    @property
    def gain(self) -> int:
        """What the strong model brings: 1, 0 or -1."""
        return self.strong - self.weak


def answers(clone: str, name: str) -> list[Answer]:
    """Without the prompts that RouteLLM lists as contaminated: 1,307 of GSM8K, 14,037 of MMLU."""
    folder, path = FILES[name]
    listed = _git(clone, "show", f"HEAD:{ROOT}/{folder}/contaminated_prompts.jsonl").splitlines()
    contaminated = {json.loads(line)["eval_prompt"] for line in listed}
    files = _git(clone, "ls-tree", "--name-only", "HEAD", f"{ROOT}/{folder}/{path}").split()
    found = [row for file in files for row in _answers(clone, file)]
    return [answer for answer in found if answer.prompt not in contaminated]


def _answers(clone: str, file: str) -> list[Answer]:
    rows = csv.DictReader(io.StringIO(_git(clone, "show", f"HEAD:{file}"), newline=""))
    subject = file.rsplit("/", 1)[-1].removesuffix(".csv")
    return [Answer(row["prompt"], subject, row[WEAK] == "True", row[STRONG] == "True") for row in rows]


def _git(clone: str, *arguments: str) -> str:
    """Also of a git directory without a work tree."""
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=True).stdout.decode()
