"""A certificate authority of a test's own, and a server's certificate by it; made with the openssl command."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


def make_authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """The authority's certificate, and what a server on 127.0.0.1 needs; skips where openssl is not installed."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    authority = ["-x509", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"]
    extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    _openssl(folder, "req", *curve, *authority, *extensions)
    _openssl(folder, "req", *curve, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
    (folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nauthorityKeyIdentifier=keyid\n")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "server.ext"]
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-days", "2", *signing, "-out", "server.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return folder / "ca.pem", context


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
