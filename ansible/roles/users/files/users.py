"""Makes the users of the site on a machine, and locks those who left.

Reads from stdin, as JSON: `users` (name, uid, group, gid, full_name, ssh_keys), `shell`, `homes` (whether each has a
home here) and `login` (whether they log in here by their keys). Says what it changed, by a line each; with --look what it
would change. Ends with 1 where something of theirs is another's here, and nothing is touched then. Another word is the
root directory of a test.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LOOK = "--look" in sys.argv
ROOT = Path(next((word for word in sys.argv[1:] if word.startswith("/")), "/"))
# Who was ever made here: only they are locked when the site no longer names them.
MADE = ROOT / "var/lib/hpc-ha/users"
KEYS = ROOT / "etc/ssh/authorized_keys.d"
HOMES = ROOT / "home"
# The day after 1970-01-01, as useradd's manual has it: no login of any kind.
EXPIRED = "1"
# Longest wait for the file server of homes, s.
PATIENCE = 20


def main() -> None:
    told = json.load(sys.stdin)
    users = told["users"]
    passwd, groups, expiry = table("passwd"), table("group"), table("shadow")
    faults = [fault for user in users for fault in conflicts(user, passwd, groups)]
    if faults:
        sys.exit("\n".join(faults))
    names = [user["name"] for user in users]
    made = MADE.read_text().split() if MADE.exists() else []
    if set(names) - set(made):
        # Before they are: a run that is cut off has made nobody whom the next one does not know.
        write(MADE, "".join(f"{name}\n" for name in sorted({*made, *names})), 0o644)
    for user in users:
        name, group = user["name"], user["group"]
        if group not in groups:
            act(f"group {group}", "groupadd", "--gid", user["gid"], group)
            groups[group] = []
        wanted = {"--comment": user["full_name"], "--home-dir": f"/home/{name}", "--shell": told["shell"]}
        words = [word for pair in wanted.items() for word in pair]
        if name not in passwd:
            ids = ["--uid", user["uid"], "--gid", user["gid"]]
            act(f"user {name}", "useradd", *ids, "--no-create-home", *words, name)
        else:
            words[2] = "--home"
            if expiry.get(name, [""] * 9)[7] != "":
                words += ["--expiredate", ""]
            if passwd[name][4:7] != list(wanted.values()) or len(words) > 6:
                act(f"user {name}", "usermod", *words, name)
    for name in made:
        if name not in names and name in passwd and expiry.get(name, [""] * 9)[7] != EXPIRED:
            act(f"{name} is locked", "usermod", "--expiredate", EXPIRED, name)
    if told["login"]:
        keys(users, made)
    if told["homes"] and users:
        homes(users, told["login"])


def table(name: str) -> dict[str, list[str]]:
    """The lines of one of the system's lists of users, by name."""
    lines = (ROOT / "etc" / name).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return {line.split(":")[0]: line.split(":") for line in lines if ":" in line}


def conflicts(user: dict, passwd: dict, groups: dict) -> list[str]:
    """What of a user is another one's here. Ids that files carry are never changed."""
    name, uid, group, gid = user["name"], str(user["uid"]), user["group"], str(user["gid"])
    there, of_group = passwd.get(name), groups.get(group)
    faults = []
    if there and there[2] != uid:
        faults.append(f"user {name} has uid {there[2]} here, and is to have {uid}: his files would be another's")
    elif there and there[3] != gid:
        faults.append(f"user {name} has gid {there[3]} here, and is to have {gid}: his files would be another's")
    faults += [
        f"uid {uid} of {name} is {other}'s here" for other in passwd if other != name and passwd[other][2] == uid
    ]
    if of_group and of_group[2] != gid:
        faults.append(f"group {group} has gid {of_group[2]} here, and is to have {gid}")
    faults += [
        f"gid {gid} of {name} is group {other}'s here" for other in groups if other != group and groups[other][2] == gid
    ]
    return faults


def keys(users: list, made: list) -> None:
    """The keys that they log in with; those in their homes are their own."""
    for name in {*made, *(user["name"] for user in users)}:
        wanted = "".join(f"{key}\n" for user in users if user["name"] == name for key in user["ssh_keys"])
        file = KEYS / name
        if wanted and (not file.exists() or file.read_text(encoding="utf-8") != wanted):
            say(f"keys of {name}")
            write(file, wanted, 0o644)
        elif not wanted and file.exists():
            say(f"keys of {name}")
            if not LOOK:
                file.unlink()


def homes(users: list, strict: bool) -> None:
    """A home for each who has none; on a file server that lets nobody make one it is its administrators' to make."""
    try:
        # Not by this process: a server that is away would hold it for ever.
        subprocess.run(["stat", HOMES, *(HOMES / u["name"] for u in users)], capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        sys.exit(f"{HOMES} does not answer within {PATIENCE} s: its file server is away")
    faults = []
    for user in users:
        home = HOMES / user["name"]
        if os.path.lexists(home):
            continue
        try:
            if not LOOK:
                make_home(home, user)
            if os.access(HOMES, os.W_OK):
                say(f"home of {user['name']}")
        except OSError as error:
            faults.append(f"{home} is not there and cannot be made from here ({error.strerror}): make it on its server")
    # Nodes run jobs all the same; where users log in their homes must be there.
    if faults and strict:
        sys.exit("\n".join(faults))


def make_home(home: Path, user: dict) -> None:
    """Whole or not at all, also when several machines make it at the same time on a shared file system."""
    new = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{home.name}."))
    try:
        shutil.copytree(ROOT / "etc/skel", new, symlinks=True, dirs_exist_ok=True)
        for path in [new, *new.rglob("*")]:
            os.chown(path, user["uid"], user["gid"], follow_symlinks=False)
        new.chmod(0o700)
        new.rename(home)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not os.path.lexists(home):
            raise


def act(what: str, command: str, *words: object) -> None:
    say(what)
    if LOOK:
        return
    prefix = [] if str(ROOT) == "/" else ["--prefix", str(ROOT)]
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run([command, *prefix, *map(str, words)], capture_output=True, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{what}: {done.stderr.strip() or f'{command} failed'}")


def write(file: Path, text: str, mode: int) -> None:
    """The whole file or nothing of it."""
    if LOOK:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(mode)
    new.replace(file)


def say(what: str) -> None:
    print(what)


main()
