"""Programs that are looked at from outside: started, held, dumped. For the tests beside this file."""

import contextlib
import functools
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

import pytest
from unfreed_runs import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import interpreters
import python_facts

UNDER_ASAN = "asan" in os.environ.get("LD_PRELOAD", "")


def plain_environment(**changes):
    """Without what only unfreed's own tests need: AddressSanitizer would fill a core with its shadow."""
    ours = ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "PYTHONPATH")
    return {**{k: v for k, v in os.environ.items() if k not in ours}, **changes}


@functools.cache
def pythons():
    """The newest release of each minor version from 3.8 on; of this one the interpreter that runs.
    Under AddressSanitizer only that: what is tested there is unfreed, not the versions."""
    own = python_facts.ask(sys.executable)
    if UNDER_ASAN:
        return [own]
    found = {facts.minor: facts for facts in interpreters.found(python_facts.OLDEST_OUTSIDE)[0]}
    found[own.minor] = own
    return [found[minor] for minor in sorted(found)]


each_python = pytest.mark.parametrize(
    "python", [pytest.param(f, id=f.version) for f in pythons()]
)


@contextlib.contextmanager
def started(python, script, *arguments, cwd, env=None):
    """A process that has said its first line, and ends with the block."""
    process = subprocess.Popen(
        [python, str(script), *map(str, arguments)],
        cwd=cwd,
        env=env or plain_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        process.first_line = process.stdout.readline().strip()
        assert process.first_line, "the program did not come so far"
        yield process
    finally:
        process.kill()
        process.communicate()


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


def kernel_core(python, script, *arguments, cwd, env=None, filter_bits=None):
    """The core of a process that aborts by itself; skips where the kernel does not write it here."""
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        pytest.skip(f"cores go elsewhere here (kernel.core_pattern: {pattern})")
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("no cores may be written here (ulimit -H -c)")

    def allow_cores():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if filter_bits is not None:
            pathlib.Path("/proc/self/coredump_filter").write_text(hex(filter_bits))

    before = set(cwd.iterdir())
    done = subprocess.run(
        [python, str(script), *map(str, arguments)],
        cwd=cwd,
        env=env or plain_environment(),
        preexec_fn=allow_cores,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGABRT, done.stderr
    cores = [path for path in set(cwd.iterdir()) - before if path.name.startswith("core")]
    if not cores:
        pytest.skip("the kernel wrote no core here")
    return cores[0]
