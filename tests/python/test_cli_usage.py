"""Wrong usage, help, version, baselines: the program before and beside the check."""

import json
import re
import subprocess
import sys

import pytest
from cli_runs import refused
from unfreed_runs import ROOT, run

# --- usage ---


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["no command", "unfreed --help"]),
        (["chekc", "a.py"], ["chekc", "did you mean check?"]),
        (["frobnicate"], ["unknown command", "unfreed --help"]),
        (["--vresion"], ["unknown option", "did you mean --version?"]),
        (["check"], ["no TARGET"]),
        (["check", ""], ["TARGET is empty"]),
        (["check", "a.py:f", "b"], ["'b'", "a.py:f -- b"]),
        (["check", "a.py:f", "--jsn"], ["did you mean --json?"]),
        (["check", "a.py:f", "--json=1"], ["takes no value"]),
        (["check", "a.py:f", "--calls", "0"], ["--calls '0'"]),
        (["check", "a.py:f", "--budget", "ten"], ["--budget 'ten'", "seconds"]),
        (["check", "a.py:f", "--timeout"], ["needs a value"]),
        (["check", "a.py:f", "--threshold", "700"], ["700,10,10"]),
        (["check", "a.py:f", "--fail-on", "cycle"], ["leak, delayed"]),
        (["check", "a.py:f", "--collector", "maybe"], ["off, on"]),
        (["check", "a.py:f", "--color=blue"], ["auto, always, never"]),
    ],
)
def test_wrong_usage_is_told_in_one_line(arguments, words):
    refused(run(*arguments), 2, *words)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["help"], ["check", "--help"], ["help", "check"], ["check", "x", "-h"]],
)
def test_help_goes_to_standard_output_and_fits_a_terminal(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: unfreed ")
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_help_names_every_option_and_exit_code():
    text = run("check", "--help").stdout
    for word in re.findall(r'\{"(--[a-z-]+)"', (ROOT / "src/cli/cmd_check.c").read_text()):
        assert word in text
    for code in (0, 1, 2, 3, 4, 5, 70, 130):
        assert re.search(rf"^ +{code}  ", text, re.MULTILINE)


def test_the_version_is_the_same_everywhere():
    stated = re.search(r'UNFREED_VERSION "(.*)"', (ROOT / "include/unfreed.h").read_text()).group(1)
    assert run("--version").stdout == f"unfreed {stated}\n"
    asked = [sys.executable, "-c", "import unfreed; print(unfreed.__version__)"]
    done = subprocess.run(asked, capture_output=True, text=True, cwd="/")
    assert done.stdout == stated + "\n", done.stderr


# --- baselines ---


def test_known_findings_are_left_out(tmp_path):
    leaky = ["check", "leaks.py:registry_dict", "--calls", 6, "--json"]
    first = run(*leaky)
    assert first.returncode == 1, first.stderr
    (tmp_path / "known.json").write_text(first.stdout)
    known = [finding["id"] for finding in json.loads(first.stdout)["findings"]]
    (tmp_path / "known.txt").write_text("# accepted\n" + "\n".join(known) + "\n")
    for options in (
        ["--baseline", tmp_path / "known.json"],
        ["--baseline", tmp_path / "known.txt"],
        [word for name in known for word in ("--ignore", name)],
        ["--ignore", "*"],
    ):
        done = run(*leaky, *options)
        assert done.returncode == 0, (options, done.stderr)
        assert json.loads(done.stdout)["findings"] == []
    assert run(*leaky, "--ignore", "no such*").returncode == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"schema": "unfreed.check/1", "findings": [{"id": "a', ["ends inside a string"]),
        (b'{"schema": "unfreed.check/9", "findings": []}', ["schema"]),
        (b"\x7fELF\x00\x01", ["neither a report nor a text file"]),
        (None, ["No such file"]),
    ],
)
def test_a_damaged_baseline_is_refused(tmp_path, content, words):
    file = tmp_path / "known.json"
    if content is not None:
        file.write_bytes(content)
    done = run("check", "clean.py:pass_through", "--baseline", file, "--json")
    refused(done, 4, str(file), *words)
    refused(run("check", "clean.py:pass_through", "--baseline", tmp_path), 4, "Is a directory")
