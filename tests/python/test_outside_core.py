"""Cores of real Python processes, of the kernel and of gcore, read where the process has gone."""

import gzip
import json
import os
import pathlib
import platform
import shutil
import signal
import sys

import pytest
from cli_runs import refused
from outside_runs import each_python, gcore, kernel_core, plain_environment, started
from unfreed_runs import TARGETS, run

PROGRAM = TARGETS / "outside.py"


def answer(command, core, *arguments):
    done = run(command, core, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def of_type(summary, name):
    found = [t for t in summary["types"] if t["type"] == name]
    assert len(found) == 1, name
    return found[0]


def expect_the_heap(core, version, *options):
    """What outside.py planted, and who holds it."""
    summary = answer("summary", core, *options)
    sessions, waste = of_type(summary, "__main__.Session"), of_type(summary, "__main__.Waste")
    assert (sessions["objects"], sessions["garbage_objects"]) == (501, 0)
    assert (waste["objects"], waste["garbage_objects"]) == (20, 20)
    heap = summary["heap"]
    assert (heap["source"], heap["python"], heap["threads"]) == ("core", version, 2)
    assert heap["missing_files"] == []
    held = answer("why", core, "__main__.Session", *options)["groups"]
    assert [(group["path"], group["objects"]) for group in held] == [
        ("module __main__.SESSIONS[*]", 500),
        ("thread Waiter: local 'kept_by_a_local' of waits() at outside.py:26", 1),
    ]
    return summary


@each_python
def test_a_core_of_gcore_has_the_heap_of_the_process(python, tmp_path):
    with started(python.executable, PROGRAM, cwd=tmp_path) as process:
        core = gcore(process, tmp_path)
    summary = expect_the_heap(core, python.version)
    assert summary["heap"]["pid"] == process.pid
    assert summary["heap"]["signal"] is None


@each_python
def test_a_core_of_the_kernel_has_the_heap_of_the_process(python, tmp_path):
    core = kernel_core(python.executable, PROGRAM, "abort", cwd=tmp_path)
    summary = expect_the_heap(core, python.version)
    assert summary["heap"]["signal"] == signal.SIGABRT
    assert summary["heap"]["command_line"].split()[1:] == [str(PROGRAM), "abort"]
