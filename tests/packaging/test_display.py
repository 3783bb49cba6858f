"""Whether a window can be shown, and which libraries Qt lacks, is known before Qt starts."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import display

linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux has display servers to look for"
)


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XDG_RUNTIME_DIR", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """The path of a socket on which a server listens."""
    path = tmp_path / "wayland-0"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen()
        yield path


def sentence(problem: str | None) -> str:
    assert problem is not None
    assert "\n" not in problem
    return problem


@linux_only
@pytest.mark.parametrize("platform", ["", "xcb", "wayland", "wayland;xcb"])
def test_without_a_display_the_run_command_is_named(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    problem = sentence(display.display_problem())
    assert "DISPLAY" in problem and "loss-sandbox run" in problem


@linux_only
@pytest.mark.parametrize(
    "value", [":4711", "unix:4711", "localhost:4711", "tcp/127.0.0.1:4711.0", "/nowhere/X:0", "word"]
)
def test_an_x_display_without_a_server_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DISPLAY", value)
    problem = sentence(display.display_problem())
    assert f"DISPLAY={value}" in problem and "loss-sandbox run" in problem


@linux_only
def test_a_wayland_display_without_a_server_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert "WAYLAND_DISPLAY=wayland-0" in sentence(display.display_problem())


@linux_only
@pytest.mark.parametrize("full_path", [True, False], ids=["path", "name"])
def test_a_wayland_display_with_a_server_is_enough(
    monkeypatch: pytest.MonkeyPatch, listening: Path, full_path: bool
) -> None:
    monkeypatch.setattr(display, "library_problem", lambda platform: None)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "" if full_path else str(listening.parent))
    monkeypatch.setenv("WAYLAND_DISPLAY", str(listening) if full_path else listening.name)
    assert display.display_problem() is None
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")  # Wayland is available, but not selected
    assert display.display_problem() is not None


@linux_only
def test_a_display_needs_its_libraries(monkeypatch: pytest.MonkeyPatch, listening: Path) -> None:
    monkeypatch.setattr(display, "library_problem", lambda platform: f"Qt lacks what {platform} needs")
    monkeypatch.setenv("WAYLAND_DISPLAY", str(listening))
    assert display.display_problem() == "Qt lacks what wayland needs"


@linux_only
def test_an_x_server_that_refuses_us_is_not_enough(monkeypatch: pytest.MonkeyPatch, listening: Path) -> None:
    monkeypatch.setattr(display, "_x11_listens", lambda name: True)
    monkeypatch.setenv("DISPLAY", ":4711")  # libxcb finds no server there
    assert "DISPLAY=:4711" in sentence(display.display_problem())


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "vnc:size=800x600", "eglfs", "linuxfb:fb=/dev/fb0"])
def test_platforms_without_a_display_server_are_no_problem(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert display.display_problem() is None


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_macos_and_windows_always_have_a_display(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert display.display_problem() is None


def test_the_platform_of_these_tests_loads() -> None:
    assert display.library_problem("offscreen") is None


@linux_only
def test_missing_libraries_are_those_ldd_does_not_find(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plugin = tmp_path / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    ldd = programs / "ldd"
    ldd.write_text(
        "#!/bin/sh\n"
        'for file in "$@"; do echo "$file:"; done\n'
        "printf '\\tlibc.so.6 => /lib/libc.so.6 (0x0)\\n'\n"
        "printf '\\tlibxcb-cursor.so.0 => not found\\n\\tlibEGL.so.1 => not found\\n'\n"
    )
    ldd.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    assert display.missing_libraries(tmp_path, "xcb") == ["libEGL.so.1", "libxcb-cursor.so.0"]
    assert display.missing_libraries(tmp_path, "offscreen") == []  # there is no such plugin, so nothing is missing


def test_packages_of_a_minimal_debian() -> None:
    missing = ["libEGL.so.1", "libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0", "libmadeup.so.1"]
    assert display.debian_packages(missing) == ["libegl1", "libgl1", "libglib2.0-0"]


@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("apt-get", "sudo apt-get install libegl1 libxcb-cursor0"),
        ("dnf", "sudo dnf install libglvnd-egl xcb-util-cursor"),
        ("pacman", "sudo pacman -S libglvnd xcb-util-cursor"),
        ("none", "on Debian they are libegl1 libxcb-cursor0"),
    ],
)
def test_the_install_command_fits_the_system(monkeypatch: pytest.MonkeyPatch, program: str, command: str) -> None:
    monkeypatch.setattr(display.shutil, "which", lambda name, path=None: name if name == program else None)
    assert command in display.install_advice(["libxcb-cursor.so.0", "libEGL.so.1"])


def test_a_library_of_an_unknown_package_is_named() -> None:
    assert "libmadeup.so.1" in display.install_advice(["libmadeup.so.1"])
    assert re.search(
        r"libegl1.*libmadeup\.so\.1|libglvnd.*libmadeup\.so\.1",
        display.install_advice(["libEGL.so.1", "libmadeup.so.1"]),
    )
