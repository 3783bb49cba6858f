"""Make .venv ready: the interpreter, this project and its dependencies, and Qt's system libraries.

Called by the Makefile before everything else, so it uses only the standard library. What is already in place
is left alone; what cannot be installed is named in one sentence.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT))

from sandbox.display import debian_packages, install_advice, missing_libraries  # noqa: E402

VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/bin", "/bin"])
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|Temporary failure in name resolution|Network is unreachable"
    r"|ConnectTimeout|Connection refused|ProxyError|Connection to \S+ timed out"
)


def main() -> None:
    """Prepare .venv as the arguments ask."""
    parser = argparse.ArgumentParser(description="Make .venv ready.")
    parser.add_argument("--extra", default="", help="the optional dependencies to install: test, dev, bench")
    parser.add_argument("--platform", default="offscreen", help="the platform Qt draws on: offscreen, xcb")
    arguments = parser.parse_args()
    if not venv_is_ours():
        make_venv()
    install(arguments.extra)
    platforms = {"offscreen", arguments.platform}
    if "xcb" in os.environ.get("QT_QPA_PLATFORM", ""):
        platforms.add("xcb")
    provide_libraries(platforms)
    provide_font()


def stop(sentence: str) -> None:
    sys.exit(f"\n{sentence}")


def say(sentence: str) -> None:
    print(sentence, flush=True)


# The environment


def base_python() -> str:
    """Return the base interpreter, even when run from a virtual environment."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def venv_is_ours() -> bool:
    """Whether .venv works, belongs to this interpreter and was made for this folder."""
    if not VENV_PYTHON.exists():
        return False
    question = "import sys; print(sys.version_info[:3], sys.base_prefix, sys.prefix)"
    result = subprocess.run([str(VENV_PYTHON), "-c", question], capture_output=True, text=True, check=False)
    expected = f"{sys.version_info[:3]} {sys.base_prefix} {VENV}"
    return (
        result.returncode == 0 and result.stdout.strip() == expected and read_stamp().get("folder") in (None, str(ROOT))
    )


def make_venv() -> None:
    say("Making .venv" if not VENV.exists() else "Making .venv again: it does not work or belongs to another Python")
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    if find_spec("ensurepip") is None and find_spec("pip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        provide_packages([f"python{version}-venv"], "Python's venv module is missing")
    command = [base_python(), "-m", "venv", str(VENV)]
    if find_spec("ensurepip") is None and find_spec("pip") is not None:
        command.append("--without-pip")  # Debian splits ensurepip off; this interpreter's own pip does as well
    if subprocess.run(command, check=False).returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        stop("Making .venv failed: see above; on Debian or Ubuntu: sudo apt-get install python3-venv")


def pip() -> list[str]:
    result = subprocess.run([str(VENV_PYTHON), "-c", "import pip"], capture_output=True, check=False)
    if result.returncode == 0:
        return [str(VENV_PYTHON), "-m", "pip"]
    return [base_python(), "-m", "pip", "--python", str(VENV_PYTHON)]


# The installation


def read_stamp() -> dict[str, object]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def install(extra: str) -> None:
    """Install the project, editable, with `extra`, if pyproject.toml changed or the extra is new."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = read_stamp()
    recorded = stamp.get("extras")
    extras = set(recorded) if isinstance(recorded, list) else set()
    wanted = extras | ({extra} if extra else set())
    if stamp.get("pyproject") == digest and wanted == extras:
        return
    say("Installing (the first time takes a minute or two)")
    target = str(ROOT) + (f"[{','.join(sorted(wanted))}]" if wanted else "")
    offline, code = run_pip(["install", "--progress-bar", "off", "--editable", target])
    if code == 0:
        STAMP.write_text(json.dumps({"pyproject": digest, "extras": sorted(wanted), "folder": str(ROOT)}))
        return
    if offline:
        stop(
            "Installing failed, because the package index could not be reached: connect this machine to the "
            "network (or name a folder of wheels in PIP_FIND_LINKS and set PIP_NO_INDEX=1) and try again."
        )
    stop("Installing failed: pip says why above.")


def run_pip(arguments: list[str]) -> tuple[bool, int]:
    """Run pip and show its output; return whether the network was missing, and the exit code."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    offline = False
    command = [*pip(), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            offline = offline or NO_NETWORK.search(line) is not None
            if not line.startswith("Requirement already satisfied"):
                print(line, end="", flush=True)
    return offline, process.returncode


# System packages


def provide_libraries(platforms: set[str]) -> None:
    """Install the libraries that Qt and its platform plugins lack, or stop and name them."""
    installations = sorted(VENV.glob("lib/python*/site-packages/PySide6"))
    if not installations:
        return
    missing = missing_libraries(installations[-1], *sorted(platforms))
    if not missing:
        return
    problem = f"Qt needs system libraries that are missing ({', '.join(missing)})"
    packages = debian_packages(missing)
    if not packages:
        stop(f"{problem}: {install_advice(missing)}")
    provide_packages(packages, problem, advice=install_advice(missing))
    still_missing = missing_libraries(installations[-1], *sorted(platforms))
    if still_missing:
        stop(f"Qt still lacks {', '.join(still_missing)}: {install_advice(still_missing)}")


def provide_font() -> None:
    """Install a font if there is none: without one Qt draws boxes for letters."""
    if not sys.platform.startswith("linux") or has_font(font_folders()):
        return
    if is_debian() and administrator() is not None:
        provide_packages(["fonts-dejavu-core"], "There is no font on this system")
    else:
        say("There is no font on this system, so text will show as boxes: install one, such as DejaVu Sans.")


def font_folders() -> list[Path]:
    home = Path(os.environ.get("HOME", "/"))
    data = os.environ.get("XDG_DATA_DIRS", "").split(":")
    folders = [Path(folder) / "fonts" for folder in ("/usr/share", "/usr/local/share", *data) if folder]
    folders.append(Path("/run/current-system/sw/share/X11/fonts"))  # NixOS
    return [*folders, home / ".fonts", home / ".local/share/fonts"]


def has_font(folders: list[Path]) -> bool:
    suffixes = {".ttf", ".otf", ".ttc", ".pfb"}
    files = (name for folder in folders for _, _, names in os.walk(folder) for name in names)
    return any(Path(name).suffix.lower() in suffixes for name in files)


def is_debian() -> bool:
    return shutil.which("apt-get", path=PATH) is not None and shutil.which("dpkg", path=PATH) is not None


def administrator() -> list[str] | None:
    """Return the prefix that runs a command as root: nothing, or sudo; None if neither works."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo", path=PATH)
    if sudo is None:
        return None
    silent = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    if silent:
        return [sudo, "-n"]
    return [sudo] if sys.stdin.isatty() and sys.stderr.isatty() else None


def provide_packages(packages: list[str], what: str, advice: str = "") -> None:
    """Install Debian packages, or stop with a sentence that names them and the command."""
    command = f"sudo apt-get install {' '.join(packages)}"
    prefix = administrator() if is_debian() else None
    if prefix is None:
        stop(f"{what}: {advice or f'install them with your package manager (on Debian: {command})'}")
        return
    say(f"{what}; installing {' '.join(packages)}" + (" through sudo" if prefix else ""))
    environment = {**os.environ, "PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"}
    apt = [*prefix, "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120"]
    install_them = [*apt, "install", "--no-install-recommends", *packages]
    # the package lists may be missing or outdated: fetch them first, but go on if that fails
    subprocess.run([*apt, "update"], env=environment, check=False)
    if subprocess.run(install_them, env=environment, check=False).returncode != 0:
        stop(f"{what}, and installing failed: see above. The command is: {command}")


if __name__ == "__main__":
    main()
