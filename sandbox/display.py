"""Check whether a window can be shown, and which system libraries Qt lacks: Qt itself would just abort.

Uses the standard library only, so that it works before anything is installed.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

_WINDOWLESS = "train without a window: loss-sandbox run FILE"

# System libraries that Qt needs, and their packages on Debian, Fedora, Arch and their relatives.
_PACKAGES: dict[str, tuple[str, str, str]] = {
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd"),
    "libOpenGL.so.0": ("libopengl0", "libglvnd-opengl", "libglvnd"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype", "freetype2"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libz.so.1": ("zlib1g", "zlib", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd", "zstd"),
    "libstdc++.so.6": ("libstdc++6", "libstdc++", "gcc-libs"),
    "libX11.so.6": ("libx11-6", "libX11", "libx11"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb", "libx11"),
    "libxcb.so.1": ("libxcb1", "libxcb", "libxcb"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb", "libxcb"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb", "libxcb"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    "libwayland-client.so.0": ("libwayland-client0", "libwayland-client", "wayland"),
    "libwayland-cursor.so.0": ("libwayland-cursor0", "libwayland-cursor", "wayland"),
}
_MANAGERS = (("apt-get", "apt-get install", 0), ("dnf", "dnf install", 1), ("pacman", "pacman -S", 2))


def display_problem() -> str | None:
    """Return one sentence on why no window can be shown here, or None if one can.

    Only Linux and similar systems are checked: macOS and Windows always have a display. A platform named by
    QT_QPA_PLATFORM that draws without a display server (offscreen, vnc, ...) is no problem either.
    """
    if sys.platform in ("darwin", "win32"):
        return None
    platforms = [name.split(":")[0] for name in os.environ.get("QT_QPA_PLATFORM", "").split(";") if name]
    if any(name != "xcb" and not name.startswith("wayland") for name in platforms):
        return None
    wayland = not platforms or any(name.startswith("wayland") for name in platforms)
    x11 = not platforms or "xcb" in platforms
    problem = None
    if wayland and _wayland_answers():
        problem = library_problem("wayland")
        if problem is None:
            return None
    if x11 and _x11_answers(os.environ.get("DISPLAY", "")):
        problem = library_problem("xcb")
        if problem is None:
            return None
    if problem is not None:
        return problem
    variables = [name for name in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(name)]
    if not variables:
        return f"There is no display for a window (neither DISPLAY nor WAYLAND_DISPLAY is set); {_WINDOWLESS}"
    assignments = " and ".join(f"{name}={os.environ[name]}" for name in variables)
    return f"The display cannot be reached ({assignments}); {_WINDOWLESS}"


def library_problem(platform: str = "offscreen") -> str | None:
    """Return one sentence on the system libraries that Qt's `platform` plugin lacks and how to install them.

    None if it loads, if there is no such plugin, or if PySide6 itself is not installed.
    """
    spec = find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0])
    plugin = _plugin(folder, platform)
    if not plugin.exists():
        return None
    try:
        ctypes.CDLL(str(plugin))  # what Qt would do next anyway
    except OSError as error:
        missing = missing_libraries(folder, platform) or [str(error)]
        return f"Qt lacks system libraries ({', '.join(missing)}); {install_advice(missing)}"
    return None


def missing_libraries(folder: Path, *platforms: str) -> list[str]:
    """Return the shared libraries that PySide6 in `folder` needs and this system does not have, sorted.

    Parameters
    ----------
    folder
        The installed PySide6 package.
    platforms
        Platform plugins that must load, besides Qt's own libraries: "offscreen", "xcb", "wayland".
    """
    if not sys.platform.startswith("linux") or shutil.which("ldd", path=_search_path()) is None:
        return []
    files = [folder / "Qt" / "lib" / f"libQt6{name}.so.6" for name in ("Gui", "Widgets", "Svg", "OpenGLWidgets")]
    files += [_plugin(folder, platform) for platform in platforms]
    present = [str(file) for file in files if file.exists()]
    if not present:
        return []
    command = ["ldd", *present]
    environment = {**os.environ, "PATH": _search_path(), "LC_ALL": "C"}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    return sorted(set(re.findall(r"^\s*(\S+) => not found", output, re.MULTILINE)))


def debian_packages(libraries: list[str]) -> list[str]:
    """Return the Debian packages that provide `libraries`; libraries without a known package are skipped."""
    return sorted({_PACKAGES[library][0] for library in libraries if library in _PACKAGES})


def install_advice(libraries: list[str]) -> str:
    """Return the command that installs `libraries` on this system, as the end of a sentence."""
    unknown = [library for library in libraries if library not in _PACKAGES]
    others = f", and the packages that provide {', '.join(unknown)}" if unknown else ""
    rows = [_PACKAGES[library] for library in libraries if library in _PACKAGES]
    for program, command, column in _MANAGERS:
        if rows and shutil.which(program, path=_search_path()):
            packages = sorted({names[column] for names in rows})
            return f"install them with: sudo {command} {' '.join(packages)}{others}"
    if not rows:
        return f"install the packages that provide {', '.join(unknown)} with your system's package manager"
    packages = sorted({names[0] for names in rows})
    return f"install them with your system's package manager (on Debian they are {' '.join(packages)}{others})"


def _search_path() -> str:
    """Return PATH with the folders of system programs, which a bare environment leaves out."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/bin", "/bin"])


def _plugin(folder: Path, platform: str) -> Path:
    return folder / "Qt" / "plugins" / "platforms" / f"libq{platform}.so"


def _wayland_answers() -> bool:
    if os.environ.get("WAYLAND_SOCKET"):  # an already open connection
        return True
    name = os.environ.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    return _socket_answers(os.path.join(os.environ.get("XDG_RUNTIME_DIR", ""), name))


def _x11_answers(display: str) -> bool:
    """Return whether the X server `display` accepts a connection; libxcb checks permissions too."""
    if not display:
        return False
    if not _x11_listens(display):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:  # Qt needs it too, and library_problem reports it
        return True
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not refused


def _x11_listens(display: str) -> bool:
    """Return whether anything listens at `display`: [protocol/][host]:number[.screen], or the path of a socket."""
    if display.startswith("/"):
        return _socket_answers(display) or _socket_answers(re.sub(r"\.\d+$", "", display))
    parts = re.fullmatch(r"(?:\w+/)?(.*):(\d+)(?:\.\d+)?", display)
    if parts is None:
        return False
    host, number = parts[1].strip("[]"), int(parts[2])
    if host not in ("", "unix"):
        try:
            socket.create_connection((host, 6000 + number), timeout=5).close()
        except OSError:
            return False
        return True
    path = f"/tmp/.X11-unix/X{number}"
    return _socket_answers("\0" + path) or _socket_answers(path)


def _socket_answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(path)
        except OSError:
            return False
    return True
