"""Native memory that C code lost, descriptors and threads: where they came from, and nothing else."""

import ctypes.util
import os
import resource
import subprocess
import sys

import pytest
from unfreed_runs import check, findings

pytestmark = pytest.mark.native

BUDGET = ("--budget", "8")


def native(report):
    return [f for f in findings(report) if f["kind"] == "native"]


def python_frames(finding):
    return [f["function"] for f in finding["allocated_at"] if "function" in f]


def leak(target, *options):
    code, report = check(f"native.py:{target}", *BUDGET, *options)
    assert code == 1, report["stderr"]
    assert report["verdict"] == "leak"
    return report


@pytest.mark.parametrize(
    ("target", "size", "functions"),
    [
        ("lost_malloc", 104, ["take", "lost_malloc"]),
        ("lost_calloc", 120, ["lost_calloc"]),
        ("lost_realloc", 400, ["lost_realloc"]),
        ("lost_strdup", 28, ["lost_strdup"]),
    ],
)
def test_a_lost_block_has_its_size_and_the_python_code_that_took_it(target, size, functions):
    (finding,) = findings(leak(target))
    assert finding["kind"] == "native"
    assert finding["type"] == "malloc"
    assert finding["objects_per_call"] == pytest.approx(1)
    assert finding["bytes_per_call"] == pytest.approx(size)
    assert python_frames(finding) == functions
    assert finding["path_root"] == "nothing (lost reference)"
    assert functions[0] in finding["fix"]["advice"]


def test_no_frame_of_the_interpreters_own_is_shown():
    (finding,) = [f for f in findings(leak("lost_descriptor")) if f["kind"] == "descriptor"]
    assert all(not f["file"].startswith("<") for f in finding["allocated_at"])


def test_native_frames_come_before_those_of_python_with_library_and_symbol():
    (finding,) = findings(leak("lost_malloc"))
    frames = finding["allocated_at"]
    count = len(frames) - 2
    assert count > 0
    assert all("library" in f for f in frames[:count])
    assert all("library" not in f for f in frames[count:])
    assert "_ctypes" in frames[0]["library"]
    assert not any("unfreed" in f["library"] for f in frames[:count])


def test_the_line_is_that_of_the_call():
    (finding,) = findings(leak("lost_calloc"))
    with open(os.path.join(os.path.dirname(__file__), "..", "targets", "native.py")) as file:
        line = next(n for n, text in enumerate(file, 1) if "libc.calloc(3, 40)" in text)
    assert finding["allocated_at"][-1]["line"] == line


def test_the_id_is_the_same_in_two_runs_and_names_no_address():
    first, second = findings(leak("lost_malloc"))[0], findings(leak("lost_malloc"))[0]
    assert first["id"] == second["id"]
    assert "0x" not in first["id"]
    assert "take" in first["id"]


def test_two_places_are_two_findings_worst_first():
    first, second = native(leak("two_places"))
    assert first["bytes_per_call"] == pytest.approx(1000)
    assert python_frames(first) == ["two_places"]
    assert second["bytes_per_call"] == pytest.approx(28)
    assert python_frames(second) == ["lost_strdup", "two_places"]


def test_what_hangs_from_a_lost_block_is_counted_with_it():
    (finding,) = findings(leak("lost_structure"))
    assert finding["objects_per_call"] == pytest.approx(1)
    assert finding["bytes_per_call"] == pytest.approx(64 + 128)


def test_a_lost_mapping_is_found_though_malloc_knows_nothing_of_it():
    (finding,) = findings(leak("lost_mmap"))
    assert finding["kind"] == "native"
    assert finding["type"] == "mmap"
    assert finding["bytes_per_call"] == pytest.approx(12288)
    assert python_frames(finding) == ["lost_mmap"]
    assert "munmap" in finding["fix"]["advice"]


def test_a_block_lost_in_a_thread_has_the_python_stack_of_the_thread():
    (finding,) = native(leak("lost_in_a_thread"))
    assert python_frames(finding)[0] == "take"
    assert "Thread.run" in "".join(python_frames(finding)) or "run" in python_frames(finding)


def test_a_block_lost_in_every_third_call_only_is_found():
    (finding,) = native(leak("every_third"))
    assert finding["objects_per_call"] == pytest.approx(1 / 3, abs=0.1)
    assert python_frames(finding) == ["take", "every_third"]


def test_one_block_that_every_call_makes_larger_is_a_finding_at_the_place_that_does():
    (finding,) = native(leak("grown_buffer"))
    assert finding["bytes_per_call"] == pytest.approx(700, rel=0.2)
    assert python_frames(finding) == ["grown_buffer"]
    assert "larger" in finding["fix"]["advice"]


@pytest.mark.parametrize(
    "target",
    [
        "given_back_malloc",
        "given_back_realloc",
        "given_back_mmap",
        "last_result",
        "buffer_of_changing_size",
    ],
)
def test_what_is_given_back_is_no_finding(target):
    code, report = check(f"native.py:{target}", *BUDGET)
    assert (code, report["verdict"]) == (0, "clean"), report["findings"]
    assert native(report) == []


@pytest.mark.parametrize("target", ["kept_hashes", "kept_maps", "kept_buffers", "kept_lists"])
def test_native_memory_of_objects_that_pile_up_has_no_finding_of_its_own(target):
    report = leak(target)
    assert native(report) == []
    assert findings(report)[0]["holder"] == "native.KEPT"


@pytest.mark.parametrize(
    ("target", "functions"),
    [
        ("lost_descriptor", ["open_it", "lost_descriptor"]),
        ("lost_pipe", ["lost_pipe"]),
    ],
)
def test_a_descriptor_has_the_stack_that_opened_it(target, functions):
    (finding,) = [f for f in findings(leak(target)) if f["kind"] == "descriptor"]
    assert python_frames(finding) == functions
    assert finding["allocated_at_unknown"] is None


def test_each_sort_of_descriptor_has_the_stack_that_opened_it():
    report = leak("two_sorts_of_descriptors")
    opened = {f["type"]: python_frames(f)[0] for f in findings(report) if f["kind"] == "descriptor"}
    assert opened.pop("pipe") == "lost_pipe"
    assert list(opened.values()) == ["open_it"]


def test_descriptors_do_not_run_out_because_calls_are_measured():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))  # what most systems give
    try:
        report = leak("two_sorts_of_descriptors")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert report["per_call"]["descriptors"] == 3
    assert {f["type"] for f in findings(report)} >= {"pipe"}


def test_a_socket_that_was_detached_has_the_stack_that_made_it():
    (finding,) = [f for f in findings(leak("lost_socket_descriptor")) if f["kind"] == "descriptor"]
    assert python_frames(finding)[-1] == "lost_socket_descriptor"


def test_descriptors_that_are_closed_are_no_finding():
    code, report = check("native.py:given_back_descriptors", *BUDGET)
    assert (code, report["findings"]) == (0, [])


def test_a_thread_has_the_stack_that_started_it():
    (finding,) = [
        f for f in findings(leak("lost_thread", "--calls", "30")) if f["kind"] == "thread"
    ]
    assert python_frames(finding)[-2:] == ["start_it", "lost_thread"]
    assert native({"findings": [finding]}) == []


def test_what_forked_children_do_is_not_watched():
    report = leak("forked_children", "--calls", "12")
    (finding,) = findings(report)
    assert finding["kind"] == "native"
    assert finding["bytes_per_call"] == pytest.approx(300)


def test_the_target_and_its_children_see_nothing_of_the_preloaded_library():
    code, report = check("native.py:sees_no_preload", "--calls", "6")
    assert code == 0, report["stderr"]


def test_what_the_user_preloads_stays_preloaded():
    library = ctypes.util.find_library("z") or pytest.skip("no zlib to preload")
    paths = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True).stdout
    path = next(line.split()[-1] for line in paths.splitlines() if line.split()[0:1] == [library])
    variables = {**os.environ, "LD_PRELOAD": path, "WANTED": path}
    code, report = check("native.py:sees_own_preload", "--calls", "6", env=variables)
    assert code == 0, report["stderr"]


def test_with_another_allocator_in_front_the_site_is_unknown_and_it_says_why(tmp_path):
    source = tmp_path / "front.c"
    source.write_text(
        "#include <stddef.h>\n"
        "void *__libc_malloc(size_t); void *malloc(size_t n) { return __libc_malloc(n); }\n"
    )
    library = tmp_path / "front.so"
    compiler = subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source])
    if compiler.returncode != 0:
        pytest.skip("no C compiler")
    variables = {**os.environ, "LD_PRELOAD": str(library)}
    code, report = check("native.py:lost_malloc", *BUDGET, env=variables)
    assert code == 1
    (finding,) = native(report)
    assert finding["allocated_at"] == []
    assert "in front of malloc" in finding["allocated_at_unknown"]


def test_the_pass_is_run_only_when_something_native_grows():
    _, clean = check("native.py:given_back_malloc", *BUDGET)
    assert "native" not in [p["kind"] for p in clean["passes"]]
    assert "native" in [p["kind"] for p in leak("lost_malloc")["passes"]]


def test_the_text_names_who_took_it(tmp_path):
    from unfreed_runs import run

    done = run("check", "native.py:lost_malloc", *BUDGET)
    assert done.returncode == 1
    assert "in take" in done.stdout
    assert "in lost_malloc" in done.stdout
    assert sys.executable not in done.stdout
