"""Puts the Ansible collections that the roles use where the Python that runs this finds its packages.

They come out of PyPI's package of all collections, so that no other server is needed. All of it would be 500 MB in
24000 files and take a quarter of a minute; these are some MB and a second.
"""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from zipfile import ZipFile

# The release that belongs to the ansible-core of requirements.txt: it fixes the version of each collection.
PACKAGE = "ansible==11.13.0"
COLLECTIONS = ["ansible.posix", "community.mysql"]

with tempfile.TemporaryDirectory() as directory:
    pip = [sys.executable, "-m", "pip", "--quiet", "download"]
    options = ["--no-deps", "--only-binary=:all:", "--dest", directory]
    subprocess.run([*pip, *options, PACKAGE], check=True)
    (wheel,) = Path(directory).glob("*.whl")
    with ZipFile(wheel) as archive:
        for name in COLLECTIONS:
            prefix = f"ansible_collections/{name.replace('.', '/')}/"
            files = [file for file in archive.namelist() if file.startswith(prefix)]
            if not files:
                sys.exit(f"{PACKAGE} has no collection {name}")
            archive.extractall(sysconfig.get_path("purelib"), files)
