"""Looks of log-keep on a machine that is told on stdin: [{at, cursor, pid, cpu, curl, http, journal}, …]; prints what it did."""

import importlib.machinery
import importlib.util
import json
import sys

loader = importlib.machinery.SourceFileLoader("log_keep", sys.argv[1])
keep = importlib.util.module_from_spec(importlib.util.spec_from_loader("log_keep", loader))
# dataclasses look their module up.
sys.modules["log_keep"] = keep
sys.dont_write_bytecode = True
loader.exec_module(keep)


class Told(keep.Host):
    """One uploader; what it is not told is as the time before."""

    def __init__(self):
        self.at, self.done, self.files = {}, [], {}

    def now(self):
        return float(self.at["at"])

    def run(self, *words):
        if words[0] == "curl":
            return self.at.get("curl", 0), str(self.at.get("http", 200)), self.at.get("said", "")
        if words[1] == "show":
            return 0, f"{self.at.get('pid', 7)}\n", ""
        self.done.append(" ".join(words))
        return 0, "", ""

    def lines(self, count, *words):
        journal = [entry(at) for at in self.at.get("journal", [])]
        after = [word for word in words if word.startswith("--after-cursor=")]
        if after:
            since = keep.sent_until(after[0])
            journal = [line for line in journal if keep.time_of(line) > since]
        return (journal[-1:] if "--lines=1" in words else journal)[:count]

    def read(self, path):
        if path.endswith("/state"):
            return self.files.get(path) or (f"# x\nLAST_CURSOR={cursor(self.at['cursor'])}\n" if "cursor" in self.at else "")
        return "7 (a b) " + "0 " * 11 + f"{self.at.get('cpu', 0) * 100:.0f} 0 0"

    def write(self, path, text):
        if path == keep.METRICS:
            self.metrics = text
        else:
            self.files[path] = text
            self.done.append(f"{path} {text.strip()}")

    def say(self, text, level=5):
        self.done.append(f"<{level}>{text}")


def cursor(at):
    return f"s=ab;i=1;b=cd;m=1;t={int(at * 1e6):x};x=ef"


def entry(at):
    return json.dumps({"__CURSOR": cursor(at), "__REALTIME_TIMESTAMP": str(int(at * 1e6))})


host = Told()
keeper = keep.Keeper("19532", "/etc/log-upload.pem", {"monitor1": "10.0.0.1"}, host)
looks = []
for told in json.load(sys.stdin):
    host.at = {**host.at, **told}
    host.done = []
    keeper.look()
    looks.append(host.done)
print(json.dumps({"looks": looks, "metrics": host.metrics}))
