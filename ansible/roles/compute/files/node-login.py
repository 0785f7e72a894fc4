"""Lets users log in by ssh on a compute node where they have jobs (pam_slurm_adopt), or has nothing of that.

Words: on or off; with --look it says only what it would change. A directory is the root of a test. Says what it changed, by a
line each. Ends with 1, and has changed nothing, where somebody would be locked out or let in who is not to be.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LOOK = "--look" in sys.argv
ON = "on" in sys.argv
ROOT = Path(next((word for word in sys.argv[1:] if word.startswith("/")), "/"))
PAM = ROOT / "etc/pam.d"
SSHD = PAM / "sshd"
# Debian's package has it there, for all architectures.
MODULE = "/lib/security/pam_slurm_adopt.so"
# Role users writes it where users log in.
KEYS = ROOT / "etc/ssh/sshd_config.d/hpc-ha-users.conf"
LOGIND = "systemd-logind.service"
BEFORE = "@include common-account"
BLOCK = f"""# BEGIN Ansible (role compute)
# root does not get to what follows, which may be broken: he is the one who mends it.
account [success=1 default=ignore] pam_succeed_if.so quiet uid = 0
account required {MODULE} action_adopt_failure=deny action_generic_failure=deny
# END Ansible (role compute)
"""
OURS = re.compile(r"# BEGIN Ansible \(role compute\)\n.*?# END Ansible \(role compute\)\n", re.DOTALL)
# s for the answer of PAM; modules of the owner's may ask elsewhere.
PATIENCE = 30


def main() -> None:
    text = SSHD.read_text()
    there = OURS.search(text) is not None
    wanted = OURS.sub("", text)
    if ON:
        check()
        # Before those of the system: one of them may be "sufficient" for users of this machine.
        wanted, places = re.subn(rf"^{BEFORE}\n", f"{BLOCK}{BEFORE}\n", wanted, flags=re.MULTILINE)
        if places != 1:
            sys.exit(f"{SSHD} has the line {BEFORE} {places} times, and not once: is it Debian's?")
    if wanted != text:
        try_root(wanted)
        replace(SSHD, wanted)
        print("who may log in by ssh")
    steals = re.search(r"^[^#\n]*pam_systemd\.so", (PAM / "common-session").read_text(), re.MULTILINE)
    if ON and steals and not masked():
        # It would take the processes of such a login out of the job again.
        run("systemctl", "mask", "--now", LOGIND)
    if not ON and there:
        if masked():
            run("systemctl", "unmask", LOGIND)
        if KEYS.exists() and not LOOK:
            KEYS.unlink()
            run("systemctl", "reload", "ssh")


def check() -> None:
    if not (ROOT / MODULE[1:]).exists():
        sys.exit(f"{MODULE} is not there: install libpam-slurm-adopt, or make the machine anew from a newer image")
    if not re.search(r"^usepam yes$", run("sshd", "-T", must=True), re.MULTILINE | re.IGNORECASE):
        sys.exit("sshd does not ask PAM (UsePAM): it would let users in where they have no jobs")


def try_root(text: str) -> None:
    """PAM is asked whether root may log in, with the new text in a copy of its directory."""
    with tempfile.TemporaryDirectory(prefix="node-login.") as copy:
        shutil.copytree(PAM, copy, dirs_exist_ok=True, symlinks=True)
        Path(copy, SSHD.name).write_text(text)
        # In a process of its own: a module may hang, or end it.
        command = [sys.executable, "-c", ASK, copy]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            sys.exit(f"root could not log in any more: PAM does not answer within {PATIENCE} s. Nothing was changed")
    if done.returncode != 0:
        sys.exit(f"root could not log in any more: {done.stderr.strip() or 'PAM failed'}. Nothing was changed")


ASK = """
import ctypes, sys
pam = ctypes.CDLL("libpam.so.0", mode=ctypes.RTLD_GLOBAL)
pam.pam_strerror.restype = ctypes.c_char_p
handle, nobody = ctypes.c_void_p(), (ctypes.c_void_p * 2)()
said = pam.pam_start_confdir(b"sshd", b"root", ctypes.byref(nobody), sys.argv[1].encode(), ctypes.byref(handle))
said = said or pam.pam_acct_mgmt(handle, 0)
sys.exit(pam.pam_strerror(handle, said).decode() if said else 0)
"""


def masked() -> bool:
    link = ROOT / "etc/systemd/system" / LOGIND
    return link.is_symlink() and os.readlink(link) == "/dev/null"


def run(*command: str, must: bool = False) -> str:
    if LOOK and not must:
        print(" ".join(command))
        return ""
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    if not must:
        print(" ".join(command))
    return done.stdout


def replace(file: Path, text: str) -> None:
    """The whole file or nothing of it."""
    if LOOK:
        return
    new = file.with_name(f".{file.name}.new")
    new.write_text(text)
    new.chmod(0o644)
    new.replace(file)


main()
