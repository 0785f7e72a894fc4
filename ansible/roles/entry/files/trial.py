"""Tries a certificate and a configuration of HAProxy before they replace those in place.

Reads from stdin, as JSON: `certificate` and `configuration`, the paths of both, and `files`, the content of these and
of what the configuration refers to besides, by path. Ends with 1 and one sentence where they are refused.
"""

import json
import os
import re
import subprocess
import sys
import tempfile


def run(*command: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    # Without a terminal nobody is asked for a passphrase.
    return subprocess.run(command, input=text, capture_output=True, text=True, start_new_session=True)


def certificate_fault(file: str) -> str:
    """What is wrong with a PEM file of a certificate, its chain and its key; "" when nothing is."""
    leaf = run("openssl", "x509", "-in", file)
    if leaf.returncode != 0:
        return "it holds no certificate"
    with open(file) as pem:
        if "ENCRYPTED" in pem.read():
            return "its private key has a passphrase"
    key = run("openssl", "pkey", "-in", file, "-pubout")
    if key.returncode != 0:
        return "it holds no private key"
    if run("openssl", "x509", "-noout", "-pubkey", text=leaf.stdout).stdout != key.stdout:
        return "its private key belongs to another certificate"
    # Its own authority: what is left to say is whether it is valid now.
    with open(f"{file}.leaf", "w") as alone:
        alone.write(leaf.stdout)
    answer = run("openssl", "verify", "-partial_chain", "-trusted", alone.name, alone.name)
    dates = re.search(r"certificate (?:has expired|is not yet valid)", answer.stdout + answer.stderr)
    return f"its {dates[0]}" if dates else ""


def configuration_fault(file: str) -> str:
    """HAProxy's first objection to a configuration; "" when it has none."""
    answer = run("haproxy", "-c", "-f", file)
    if answer.returncode == 0:
        return ""
    objection = re.search(r"^\[ALERT\].*?: config : (.*)$", answer.stderr, re.MULTILINE)
    return objection[1] if objection else answer.stderr.strip() or f"exit code {answer.returncode}"


def present(path: str, content: str) -> bool:
    """Whether a file is in place as it is."""
    try:
        with open(path) as file:
            return file.read() == content
    except OSError:
        return False


def main() -> int:
    told = json.load(sys.stdin)
    certificate, configuration, files = told["certificate"], told["configuration"], told["files"]
    # In memory, where there is a place that is.
    with tempfile.TemporaryDirectory(dir="/run" if os.geteuid() == 0 else None) as place:
        tried = {path: os.path.join(place, os.path.basename(path)) for path in files}
        for path, content in files.items():
            if path == configuration:
                for name, copy in tried.items():
                    content = content.replace(name, copy)
            with open(tried[path], "w") as file:
                file.write(content)
        where, why = certificate, ""
        # One that is in place may expire there: that is no reason to refuse everything else.
        if not present(certificate, files[certificate]):
            why = certificate_fault(tried[certificate])
        if not why:
            where, why = configuration, configuration_fault(tried[configuration])
        for path, copy in tried.items():
            why = why.replace(copy, path)
    if why:
        print(f"{where} is refused, and what was there stays: {why}")
    return 1 if why else 0


sys.exit(main())
