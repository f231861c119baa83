"""Finds the web servers that the host tests run, or unpacks them from Debian's packages.

Nothing is installed and no service is started: packages that are missing are downloaded with apt and unpacked
into .cache/programs. Tests are skipped if that is not possible either.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

UNPACKED = Path(__file__).resolve().parents[1] / ".cache" / "programs"
PACKAGES = {"nginx": ("nginx", "nginx-common"), "caddy": ("caddy",)}


@cache
def program_path(name: str) -> str | None:
    """The executable of a server, or None if there is none and none can be unpacked."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    places = os.pathsep.join([*folders, "/usr/sbin", f"{UNPACKED}/usr/sbin", f"{UNPACKED}/usr/bin"])
    found = shutil.which(name, path=places)
    if found is None and _unpack(PACKAGES[name]):
        found = shutil.which(name, path=places)
    return found if found and _runs(found) else None


def nginx_types() -> Path:
    """The table of media types that comes with nginx."""
    own = Path("/etc/nginx/mime.types")
    return own if own.exists() else UNPACKED / "etc" / "nginx" / "mime.types"


def _unpack(packages: tuple[str, ...]) -> bool:
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if apt is None or dpkg is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        download = [apt, "download", "-qq", *packages]
        done = subprocess.run(download, cwd=folder, capture_output=True)
        if done.returncode and os.geteuid() == 0:
            subprocess.run([apt, "update", "-qq"], capture_output=True)
            done = subprocess.run(download, cwd=folder, capture_output=True)
        if done.returncode:
            return False
        UNPACKED.mkdir(parents=True, exist_ok=True)
        for package in Path(folder).glob("*.deb"):
            subprocess.run([dpkg, "-x", package, UNPACKED], check=True)
    return True


def _runs(program: str) -> bool:
    option = "-v" if Path(program).name == "nginx" else "version"
    return subprocess.run([program, option], capture_output=True).returncode == 0


if __name__ == "__main__":
    for name in PACKAGES:
        print(f"{name}:", program_path(name) or "not found and not in apt; its tests are skipped")
