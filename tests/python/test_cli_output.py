"""Where the report goes, colours, progress: pipes, full disks, terminals."""

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from cli_runs import CLEAN, environment, on_terminal
from unfreed_runs import TARGETS, UNFREED, run

ESCAPE = "\x1b"


def test_a_reader_that_has_gone_changes_no_exit_code():
    for arguments in (["check", "--help"], ["check", "leaks.py:registry_dict", "--calls", "6"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [UNFREED, *arguments], cwd=TARGETS, stdout=write, stderr=subprocess.PIPE, text=True
        )
        os.close(write)
        assert done.stderr == ""
        assert done.returncode == (1 if "leaks.py:registry_dict" in arguments else 0)


def test_a_full_disk_is_told():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [UNFREED, "check", "clean.py:pass_through", "--calls", "6", "--json"],
            cwd=TARGETS,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 4
    assert done.stderr.startswith("unfreed: the report cannot be written: No space left")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_closed_standard_output_is_told(options):
    command = [UNFREED, "check", "clean.py:pass_through", "--calls", "6", *options]
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", *command],
        cwd=TARGETS,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 4
    assert done.stderr.splitlines()[-1].startswith("unfreed: the report cannot be written")


def test_all_descriptors_closed_is_survived():
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            '"$@" <&- >&- 2>&-',
            "sh",
            UNFREED,
            "check",
            "clean.py:pass_through",
            "--calls",
            "6",
            "--json",
        ],
        cwd=TARGETS,
    )
    assert done.returncode == 4


def test_a_reader_that_is_slow_gets_the_whole_report():
    process = subprocess.Popen(
        [UNFREED, "check", "leaks.py:registry_dict", "--calls", "200", "--json"],
        cwd=TARGETS,
        stdout=subprocess.PIPE,
    )
    os.set_blocking(process.stdout.fileno(), False)
    time.sleep(3)
    os.set_blocking(process.stdout.fileno(), True)
    assert json.loads(process.communicate()[0])["schema"] == "unfreed.check/1"


def test_colours_appear_on_a_terminal_only():
    colour = f"{ESCAPE}["
    assert colour in on_terminal(CLEAN, environment())[1]
    assert colour not in run(*CLEAN, env=environment()).stdout
    assert colour in run(*CLEAN, "--color", "always", env=environment()).stdout


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        ([], {"NO_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
        (["--color=never"], {}),
        (["--json"], {}),
        (["--json", "--color=always"], {}),
    ],
)
def test_colours_can_be_declined(options, variables):
    _, text = on_terminal([*CLEAN, *options], environment(**variables))
    assert ESCAPE not in re.sub(r"\r\x1b\[K(unfreed: [^\x1b\r]*)?", "", text)


def test_an_empty_no_color_means_nothing():
    assert f"{ESCAPE}[" in on_terminal(CLEAN, environment(NO_COLOR=""))[1]


def test_progress_is_shown_on_a_terminal_and_erased():
    slow = ["check", "naughty.py:never_returns", "--timeout", "2"]
    code, text = on_terminal(slow, environment(), columns=40, also_stdout=False)
    assert code == 5
    lines = re.findall(r"\r\x1b\[K(unfreed: [^\r\x1b]*)", text)
    assert any("call 1 of" in line for line in lines), text
    assert max(map(len, lines)) < 40
    assert text.endswith(f"\r{ESCAPE}[K")


@pytest.mark.parametrize(
    ("options", "variables"), [(["-q"], {}), ([], {"TERM": "dumb"}), (None, {})]
)
def test_progress_is_shown_nowhere_else(options, variables):
    slow = ["check", "naughty.py:never_returns", "--timeout", "2", *(options or [])]
    if options is None:
        assert run(*slow, env=environment()).stderr == ""
    else:
        assert on_terminal(slow, environment(**variables), also_stdout=False)[1] == ""
