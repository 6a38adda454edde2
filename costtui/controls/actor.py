"""Who makes a change: the login, and on a login that several share the key or the name that tells them apart."""

from collections.abc import Callable, Mapping

from costtui.domain.clean import clean

LONGEST = 60


def actor_of(login: str, environ: Mapping[str, str], read_text: Callable[[str], str], named: str = "") -> str:
    """`ana (laptop)`: the login with the comment of the SSH key that it came with, else with a name given by hand.

    sshd names the key in the file $SSH_USER_AUTH where its ExposeAuthInfo is on; the comment stands beside that key in
    ~/.ssh/authorized_keys. `read_text` gives a file's text, empty where it cannot be read.
    """
    comment = _comment(environ, read_text) or clean(named, LONGEST).strip()
    known = clean(login, LONGEST).strip() or "unknown"
    return f"{known} ({comment})" if comment else known


def _comment(environ: Mapping[str, str], read_text: Callable[[str], str]) -> str:
    where, home = environ.get("SSH_USER_AUTH", ""), environ.get("HOME", "")
    if not where or not home:
        return ""
    shown = [line.split() for line in read_text(where).splitlines()]
    keys = {words[2] for words in shown if len(words) >= 3 and words[0] == "publickey"}
    for line in read_text(f"{home}/.ssh/authorized_keys").splitlines():
        words = line.split()
        for place, word in enumerate(words[:-1]):
            if word in keys and not line.startswith("#"):
                return clean(" ".join(words[place + 1 :]), LONGEST).strip()
    return ""
