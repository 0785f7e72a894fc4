"""Tries what a machine is told of an LDAP, and of sssd, before it replaces what is there.

Reads from stdin, as JSON: `conf` and `ca` (the files of sssd), `uris`, `base`, `bind` (a name, or nothing), `password` and
`seconds` (longest wait for a server). Ends with 1 when none of the servers takes it, and says why of each. Files that are
there already are not tried: an LDAP that is away is no reason to fail then. With --look it says "later" where the
packages are yet to come. Another word is the root directory of a test.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

LOOK = "--look" in sys.argv
ROOT = Path(next((word for word in sys.argv[1:] if word.startswith("/")), "/"))
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
SETTINGS = ROOT / "etc/sssd"
DEBIANS_CA = "/etc/ssl/certs/ca-certificates.crt"
UNTRUSTED = "its certificate cannot be verified with users.ldap.caFile"
# What ldapsearch ends with, and what that may mean here.
MEANING = {32: "users.ldap.base is not there", 49: "users.ldap.bind is not right"}


def main() -> None:
    told = json.load(sys.stdin)
    missing = [name for name in ("sssctl", "ldapsearch") if not shutil.which(name, path=PATH)]
    if missing and LOOK:
        print("later")
        return
    if missing:
        sys.exit(f"users.ldap: this machine was made from an image without {' and '.join(missing)}: make it anew")
    files = {"sssd.conf": told["conf"], "site-ca.pem": told["ca"]}
    if all((SETTINGS / name).exists() and (SETTINGS / name).read_text() == text for name, text in files.items()):
        return
    with tempfile.TemporaryDirectory() as directory:
        refusal = refused(Path(directory), told["conf"])
        faults = [refusal or attempt(uri, told, Path(directory)) for uri in told["uris"]]
    # One server is enough: the others may be away just now.
    if all(faults):
        sys.exit("\n".join(f"users.ldap: {fault}" for fault in dict.fromkeys(faults)))


def refused(directory: Path, conf: str) -> str:
    """Why sssd would not take its settings."""
    file = directory / "sssd.conf"
    file.touch(mode=0o600)
    file.write_text(conf)
    (directory / "conf.d").mkdir()  # it misses it
    done = subprocess.run(["sssctl", "config-check", "-c", str(file)], capture_output=True, text=True)
    said = [line.split("]: ")[-1] for line in done.stdout.splitlines() if line.startswith("[rule/")]
    return "" if done.returncode == 0 else f"sssd: {' '.join(said) or done.stdout.strip() or done.stderr.strip()}"


def attempt(uri: str, told: dict, directory: Path) -> str:
    """Asks for the base as sssd will do. @returns why not"""
    ca, password = Path(DEBIANS_CA), directory / "password"
    if told["ca"]:
        ca = directory / "ca.pem"
        ca.write_text(told["ca"])
    password.touch(mode=0o600)
    password.write_text(told["password"])
    options = ["-x", "-LLL", "-H", uri, "-b", told["base"], "-s", "base"]
    options += ["-o", f"nettimeout={told['seconds']}", "-l", str(told["seconds"])]
    if uri.startswith("ldap:"):
        options.append("-ZZ")
    if told["bind"]:
        options += ["-D", told["bind"], "-y", str(password)]
    env = {**os.environ, "LDAPTLS_CACERT": str(ca), "LDAPTLS_REQCERT": "demand"}
    try:
        # Names that nobody resolves take longer than the connection.
        done = subprocess.run(
            ["ldapsearch", *options, "1.1"], capture_output=True, text=True, env=env, timeout=5 * told["seconds"]
        )
    except subprocess.TimeoutExpired:
        return f"{uri} does not answer within {5 * told['seconds']} s"
    if done.returncode == 0:
        return ""
    said = " ".join(line.strip() for line in done.stderr.splitlines() if line.strip())
    meaning = MEANING.get(done.returncode) or unreached(uri, str(ca), told["seconds"])
    return f"{uri}: {said or 'ldapsearch failed'}{f' ({meaning})' if meaning else ''}"


def unreached(uri: str, ca: str, seconds: float) -> str:
    """What libldap does not say: whether there is no connection, or no trust. Of StartTLS it tells the two apart."""
    where = urlsplit(uri)
    host, tls = where.hostname or "", where.scheme == "ldaps"
    try:
        with socket.create_connection((host, where.port or (636 if tls else 389)), seconds) as connection:
            if tls:
                ssl.create_default_context(cafile=ca).wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return f"{UNTRUSTED}: {error.verify_message}"
    except OSError as error:
        return str(error)
    return "" if tls else UNTRUSTED


main()
