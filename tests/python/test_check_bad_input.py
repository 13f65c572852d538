"""Wrong usage and targets that behave badly: one clear answer each, and the right exit code."""

import json
import os
import signal
import subprocess
import time

import pytest
from unfreed_runs import TARGETS, UNFREED, check, findings, run


def one_line(done, *words):
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("unfreed: ")
    for word in words:
        assert word in lines[0]
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("missing.py:f", ["missing.py", "No such file"]),
        ("missing.py", ["missing.py", "No such file"]),
        ("leaks.py:registry_dct", ["registry_dct", "there is"]),
        ("leaks.py:", ["function"]),
        ("no_such_module_at_all:f", ["no_such_module_at_all"]),
        ("json", ["package.module:function"]),
        ("naughty.py:not_callable", ["not callable", "int"]),
        ("broken.py:function", ["a_module_that_does_not_exist"]),
        ("naughty.py:needs_arguments", ["needs_arguments(url, retries, *, timeout=...)"]),
        (".", ["not a file"]),
    ],
)
def test_a_target_that_cannot_be_found_is_told_in_one_line(spec, words):
    for options in ([], ["--json"]):
        done = run("check", spec, *options)
        assert done.returncode == 2
        one_line(done, *words)


def test_a_syntax_error_is_told_in_one_line(tmp_path):
    (tmp_path / "bad.py").write_text((TARGETS / "syntax_error.txt").read_text())
    done = run("check", "bad.py:function", cwd=tmp_path)
    assert done.returncode == 2
    one_line(done, "SyntaxError")


def test_too_many_arguments_show_the_signature():
    done = run("check", "naughty.py:takes_argument", "--", "a", "b")
    assert done.returncode == 2
    one_line(done, "takes_argument(text)")


def test_arguments_reach_the_function_as_text():
    code, _ = check("naughty.py:takes_argument", "--budget", 1, args=["7"])
    assert code == 0


@pytest.mark.parametrize(
    "spec", ["naughty.py:Shop.static", "naughty.py:Shop.klass", "naughty.py:is_async"]
)
def test_methods_and_coroutines_can_be_targets(spec):
    code, report = check(spec, "--budget", 2)
    assert (code, report["verdict"]) == (0, "clean"), report


def test_a_module_on_the_path_can_be_the_target():
    code, report = check("naughty:is_async", "--budget", 2)
    assert (code, report["verdict"]) == (0, "clean")


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("function", ["raises", "raises_later"])
def test_an_exception_is_shown_as_python_shows_it_and_nothing_else(function, options):
    done = run("check", f"naughty.py:{function}", *options)
    assert done.returncode == 3
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith(f"in {function}")
    assert "unfreed" not in done.stderr.replace(str(TARGETS), "")


def test_exit_with_zero_is_a_normal_return():
    code, report = check("naughty.py:exits_with_zero", "--budget", 2)
    assert (code, report["verdict"]) == (0, "clean")


@pytest.mark.parametrize("function", ["exits_with_three", "exits_with_text"])
def test_exit_with_a_status_is_a_failure(function):
    done = run("check", f"naughty.py:{function}")
    assert done.returncode == 3
    assert "SystemExit" in done.stderr


@pytest.mark.parametrize("function", ["never_returns", "never_returns_in_c"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_target_that_never_returns_is_undecided(function, options):
    started = time.monotonic()
    done = run("check", f"naughty.py:{function}", "--timeout", 1, *options)
    assert done.returncode == 5
    assert time.monotonic() - started < 15
    if options:
        report = json.loads(done.stdout)
        assert (report["schema"], report["verdict"]) == ("unfreed.check/1", "undecided")
    else:
        assert done.stdout.startswith("UNDECIDED")


def test_megabytes_of_output_stay_out_of_the_report():
    done = run("check", "naughty.py:prints_megabytes", "--json", "--calls", 6)
    assert json.loads(done.stdout)["verdict"] == "clean"
    assert len(done.stderr) > 6 << 20


@pytest.mark.parametrize(
    "function",
    [
        "closes_standard_output",
        "closes_every_descriptor",
        "changes_directory",
        "forks",
        "forks_and_comes_back",
    ],
)
def test_what_the_target_does_to_its_process_does_not_hurt_the_report(function):
    code, report = check(f"naughty.py:{function}", "--calls", 8)
    assert (code, report["verdict"]) == (0, "clean"), report


def test_gc_callbacks_of_the_target_are_counted_apart():
    code, report = check("naughty.py:installs_gc_callback", "--budget", 3)
    assert (code, report["verdict"]) == (0, "clean"), report["findings"]


def test_growth_in_the_background_is_not_from_the_call():
    code, report = check("naughty.py:start_background", "--budget", 4)
    assert (code, report["verdict"]) == (0, "clean"), report["findings"]


def test_a_disabled_collector_is_left_disabled_and_told():
    code, report = check("naughty.py:disables_the_collector", "--budget", 2)
    assert (code, report["verdict"]) == (0, "clean")
    assert report["collector"]["enabled"] is False
    assert any("switches the collector" in w for w in report["warnings"])


def test_thresholds_that_the_target_sets_are_reported():
    _, report = check("naughty.py:sets_thresholds", "--budget", 2)
    assert report["collector"]["thresholds"][:2] == [500, 5]
    assert any("thresholds" in w for w in report["warnings"])


def test_a_frozen_heap_is_judged_from_the_graph():
    code, report = check("naughty.py:freezes", "--budget", 3)
    assert (code, report["verdict"]) == (0, "clean"), report["findings"]
    assert report["collector"]["freeze_count"] > 0


def test_deleted_modules_do_not_stop_it():
    code, report = check("naughty.py:deletes_modules", "--calls", 8)
    assert code in (0, 1), report
    assert report["verdict"] in ("clean", "leak", "delayed")


def test_threads_that_outlive_the_call_do_not_keep_it_from_ending():
    started = time.monotonic()
    code, report = check("naughty.py:starts_a_thread_that_outlives", "--budget", 2)
    assert (code, report["verdict"]) == (0, "clean"), report
    assert time.monotonic() - started < 20


def test_a_crash_is_told_in_one_line():
    done = run("check", "naughty.py:crashes")
    assert done.returncode == 3
    one_line(done, "SIGSEGV")


def test_a_target_that_leaves_the_process_is_told_in_one_line():
    done = run("check", "naughty.py:leaves_the_process")
    assert done.returncode == 3
    one_line(done, "7")


def test_exit_handlers_run():
    done = run("check", "naughty.py:registers_exit_handler", "--calls", 6)
    assert "handler ran" in done.stdout


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_interrupted_in_the_middle_it_says_what_it_has(options):
    process = subprocess.Popen(
        [UNFREED, "check", "clean.py:pass_through", "--calls", "1000000", *options],
        cwd=TARGETS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # where the tests run in the background, SIGINT may be ignored, and that is inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(2.5)
    os.killpg(process.pid, signal.SIGINT)
    try:
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130, err
    if options:
        assert json.loads(out)["verdict"] in ("clean", "undecided")
    else:
        assert "interrupted" in out or "partial" in out


def test_calls_fixes_the_number_of_measured_calls():
    _, report = check("clean.py:pass_through", "--calls", 9)
    assert report["calls"] == {"warmup": 2, "measured": 9}
    assert [s["call"] for s in report["samples"]] == list(range(1, 12))


def test_too_few_calls_are_undecided():
    code, report = check("clean.py:pass_through", "--calls", 3)
    assert (code, report["verdict"]) == (5, "undecided")


def test_setup_runs_once_before():
    code, report = check(
        "leaks.py:registry_dict", "--calls", 6, "--setup", "STORE.sessions['first'] = 1"
    )
    assert code == 1
    done = run("check", "leaks.py:registry_dict", "--setup", "raise RuntimeError('no')")
    assert done.returncode == 3
    assert "RuntimeError: no" in done.stderr


@pytest.mark.parametrize(
    "options", [["--collector", "on"], ["--threshold", "100,5,5"], ["--debug-collector"]]
)
def test_the_collector_is_the_users_instrument(options):
    code, report = check("delayed.py:two_dicts", "--budget", 2, *options)
    assert (code, report["verdict"]) == (0, "delayed"), report
    assert report["collector"]["per_generation"][0]["collections"] > 0
    if "--threshold" in options:
        assert report["collector"]["thresholds"] == [100, 5, 5]
    if "--debug-collector" in options:
        assert "gc: collecting generation" in report["stderr"]


def test_the_module_is_the_same_program():
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "unfreed", "check", "clean.py:pass_through", "--calls", "6"],
        cwd=TARGETS,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("CLEAN")


def test_what_was_found_is_told_also_when_all_is_bounded():
    _, report = check("clean.py:bounded_deque", "--budget", 2)
    assert all(f["severity"] == "bounded" for f in findings(report))


def test_other_interpreters_are_named_as_not_looked_at():
    _, report = check("naughty.py:makes_another_interpreter", "--calls", 6)
    assert any("1 other interpreter" in warning for warning in report["warnings"])
