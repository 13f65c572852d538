"""Cores of real processes, for the tests beside this file."""

import functools
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

import pytest
from outside_runs import plain_environment, readable

UNDER_ASAN = "UNFREED_SANITIZED" in os.environ


@functools.cache
def one_of_each():
    """The newest release of each minor version, by version; under AddressSanitizer only the one that
    runs this: what is tested there is unfreed, not the versions."""
    own = {".".join(map(str, sys.version_info[:3])): sys.executable}
    if UNDER_ASAN:
        return own
    newest = {tuple(v.split(".")[:2]): (v, program) for v, program in (readable() | own).items()}
    return dict(newest.values())


def _for_each(versions):
    return pytest.mark.parametrize("python", versions.values(), ids=versions.keys())


each_python = _for_each(one_of_each())
oldest_and_newest = _for_each(dict([*one_of_each().items()][:: max(len(one_of_each()) - 1, 1)]))


def gcore(process, folder):
    """A core of a process that goes on; skips where there is no gdb."""
    if not shutil.which("gcore"):
        pytest.skip("no gcore here (apt-get install gdb)")
    done = subprocess.run(
        ["gcore", "-o", str(folder / "gcore"), str(process.pid)],
        capture_output=True,
        text=True,
        timeout=120,
        env=plain_environment(),
    )
    path = folder / f"gcore.{process.pid}"
    if not path.exists() and "ptrace" in done.stderr:
        pytest.skip("gdb may not look at processes here")
    assert path.exists(), done.stdout + done.stderr
    return path


def kernel_core(command, folder, filter_bits=None, env=None):
    """The core of a program that aborts by itself; skips where the kernel does not write it there."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip(f"cores go elsewhere here (kernel.core_pattern: {pattern})")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("no cores may be written here (ulimit -H -c)")

    def allow_cores():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if filter_bits is not None:
            pathlib.Path("/proc/self/coredump_filter").write_text(hex(filter_bits))

    before = set(folder.iterdir())
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=env or plain_environment(),
        preexec_fn=allow_cores,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGABRT, done.stderr
    cores = [path for path in set(folder.iterdir()) - before if path.name.startswith("core")]
    if not cores:
        pytest.skip("the kernel wrote no core here")
    return cores[0]
