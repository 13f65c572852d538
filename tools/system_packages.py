"""Sees to the few things that come from the system: a C compiler, headers, venv, libasan.

As root on a Debian-like system they are installed through apt-get; otherwise one line names the
command to run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from python_facts import Facts

# A header of each library that the engine is linked with, and Debian's package of it.
LIBRARIES = {
    "elfutils/libdwfl.h": "libdw-dev",
    "gelf.h": "libelf-dev",
    "seccomp.h": "libseccomp-dev",
    "zlib.h": "zlib1g-dev",
}


class Missing(Exception):
    """Something of the system is missing and could not be installed; the text is one line."""


def compiler() -> str:
    return os.environ.get("CC") or "cc"


def _compiles(header: str = "stdio.h") -> bool:
    command = [*compiler().split(), "-E", "-include", header, "-xc", "/dev/null"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def asan_library() -> Path | None:
    """The AddressSanitizer runtime that belongs to the compiler; None when there is none."""
    try:
        answer = subprocess.run(
            [*compiler().split(), "-print-file-name=libasan.so"], capture_output=True, text=True
        ).stdout.strip()
    except OSError:
        return None
    path = Path(answer)
    return path.resolve() if path.is_absolute() and path.exists() else None


def _asan_package() -> str:
    major = subprocess.run(
        [*compiler().split(), "-dumpversion"], capture_output=True, text=True
    ).stdout.split(".")[0]
    return f"libgcc-{major}-dev"


def _from_debian(python: Facts) -> bool:
    return python.executable.startswith("/usr/bin/")


def _python_package(python: Facts, suffix: str) -> str | None:
    """The Debian package that completes this interpreter; None for one that is not Debian's."""
    if not _from_debian(python):
        return None
    return f"python{python.minor[0]}.{python.minor[1]}-{suffix}"


def require(python: Facts, *, sanitizer: bool = False) -> None:
    """Installs what is missing for a build with `python`; raises Missing when that cannot be."""
    wanted: list[tuple[str, str | None]] = []  # what it is, the package that brings it
    missing = [header for header in LIBRARIES if not _compiles(header)]
    wanted += [(f"the header {header}", LIBRARIES[header]) for header in missing]
    if not _compiles():
        wanted += [("a C compiler", "gcc"), ("the C library's headers", "libc6-dev")]
    if not python.has_header:
        wanted.append((f"Python.h of {python.executable}", _python_package(python, "dev")))
    if not (python.has_venv and python.has_ensurepip):
        # An interpreter that a tool of ours unpacked gets its pip from another environment.
        package = _python_package(python, "venv")
        if package or not python.has_venv:
            wanted.append((f"venv of {python.executable}", package))
    if wanted:
        _install(wanted, lambda: all(map(_compiles, LIBRARIES)) and Path(python.header).is_file())
    if sanitizer and asan_library() is None:
        _install([("libasan", _asan_package())], lambda: asan_library() is not None)


_FUZZ_TARGET = """
#include <stddef.h>
#include <zlib.h>
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    return crc32_z(0, data, size) == 0;
}
"""


def _clang() -> str | None:
    """A clang that can link a fuzzer; None when there is none."""
    names = ["clang", *(f"clang-{version}" for version in range(30, 12, -1))]
    for name in filter(shutil.which, names):
        command = [name, "-fsanitize=fuzzer,address", "-xc", "-", "-lz", "-o", "/dev/null"]
        if (
            subprocess.run(command, input=_FUZZ_TARGET, text=True, capture_output=True).returncode
            == 0
        ):
            return name
    return None


def require_fuzzer() -> str:
    """A clang with libFuzzer, installed if it is missing; raises Missing when that cannot be."""
    if _clang() is None and not shutil.which("clang"):
        _install(
            [("clang", "clang"), ("zlib.h", "zlib1g-dev")], lambda: bool(shutil.which("clang"))
        )
    if _clang() is None:
        version = subprocess.run(["clang", "-dumpversion"], capture_output=True, text=True).stdout
        package = f"libclang-rt-{version.split('.')[0]}-dev"
        _install([("libFuzzer", package)], lambda: _clang() is not None)
    clang = _clang()
    if clang is None:
        raise Missing("missing: clang with libFuzzer")
    return clang


def _install(wanted: list[tuple[str, str | None]], came: Callable[[], bool]) -> None:
    names = ", ".join(what for what, _ in wanted)
    packages = sorted({package for _, package in wanted if package})
    apt = shutil.which("apt-get")
    if len(packages) < len(wanted) or not apt:
        raise Missing(f"missing: {names} (install it with the system's or that Python's own means)")
    command = f"apt-get install -y --no-install-recommends {' '.join(packages)}"
    if os.geteuid() != 0:
        raise Missing(f"missing: {names} (run: sudo {command})")
    print(f"unfreed: missing: {names}; running {command}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in ("apt-get update", command):
        done = subprocess.run(
            step.split(), env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines()
            why = lines[-1] if lines else "no message"
            raise Missing(f"missing: {names}: `{step}` failed: {why}")
    if not came():
        raise Missing(f"missing: {names}, still, after `{command}`")
