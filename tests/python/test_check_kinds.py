"""Descriptors, threads and asyncio tasks that pile up: each told once, and with where it stands."""

import pytest
from unfreed_runs import check, findings

BUDGET = ("--budget", 4)


def leak(function, kind):
    """The findings of `kind`; nothing else leaks."""
    code, report = check(f"kinds.py:{function}", *BUDGET)
    assert code == 1, report
    leaks = findings(report, "leak")
    assert {f["kind"] for f in leaks} == {kind}, [f["id"] for f in leaks]
    return leaks


@pytest.mark.parametrize(
    "function, sort, target, per_call",
    [
        ("raw_file", "file /dev/null", "/dev/null", 1),
        ("pipe", "pipe", "end of a pipe", 2),
        ("deleted_files", "file /tmp/* (deleted)", "(deleted)", 1),
        ("sockets_in_a_list", "UDP socket, not connected", "UDP socket", 1),
    ],
)
def test_a_descriptor_is_named_by_its_sort(function, sort, target, per_call):
    (found,) = leak(function, "descriptor")
    assert found["type"] == sort
    assert target in found["descriptor"]["target"]
    assert found["descriptor"]["fd"] > 2
    assert found["objects_per_call"] == pytest.approx(per_call)
    assert found["id"] == f"descriptor:{sort}:{function}"


def test_each_sort_of_descriptor_is_a_finding():
    found = {f["type"]: f["objects_per_call"] for f in leak("two_sorts", "descriptor")}
    assert found == {"file /dev/null": pytest.approx(1), "pipe": pytest.approx(2)}


@pytest.mark.parametrize("function", ["sockets_in_a_list", "files_in_a_list", "numbers_in_a_list"])
def test_an_object_that_is_only_the_descriptors_other_face_is_one_finding_with_it(function):
    (found,) = leak(function, "descriptor")
    assert found["holder"] == "kinds.KEPT"
    assert found["path_root"] == "module kinds"


def test_a_descriptor_of_a_larger_object_shows_the_way_to_it():
    code, report = check("kinds.py:sockets_in_clients", *BUDGET)
    assert code == 1
    retained, descriptor = findings(report, "leak")
    assert (retained["kind"], retained["type"]) == ("retained", "kinds.Client")
    assert descriptor["kind"] == "descriptor"
    assert descriptor["type"] == "socket to 127.0.0.1:*"
    assert "which the peer has closed" in descriptor["descriptor"]["target"]
    assert descriptor["holder"].startswith("kinds.KEPT[")
    assert descriptor["holder"].endswith("].connection")


def test_descriptors_opened_and_closed_are_none():
    code, report = check("kinds.py:reopened_working_set", *BUDGET)
    assert code == 0, report["findings"]


def functions(stack):
    return [frame["function"].split(".")[-1] for frame in stack]


def test_a_thread_is_named_with_its_function_and_where_it_stands():
    (found,) = leak("named_thread", "thread")
    assert found["thread"]["name"] == "poller"
    assert found["thread"]["target"] == "kinds.wait_for_ever"
    assert functions(found["thread"]["stack"])[:3] == ["wait", "wait", "wait_for_ever"]
    assert found["thread"]["stack"][2]["file"].endswith("kinds.py")
    assert found["thread"]["stack"][2]["line"] > 0
    assert found["id"] == "thread:kinds.wait_for_ever:named_thread"


def test_of_a_class_derived_from_thread_run_is_the_target():
    (found,) = leak("subclass_of_thread", "thread")
    assert found["type"] == "kinds.Worker"
    assert found["thread"]["target"] == "kinds.Worker.run"
    assert functions(found["thread"]["stack"])[0] == "run"


def test_a_thread_without_a_thread_object_is_named_by_its_outermost_function():
    (found,) = leak("low_level_thread", "thread")
    assert found["thread"]["target"] == "kinds.sleep_long"
    assert functions(found["thread"]["stack"]) == ["sleep_long"]


def test_a_thread_that_ends_a_little_later_is_none():
    code, report = check("kinds.py:short_thread", *BUDGET)
    assert code == 0, report["findings"]


def test_threads_that_have_ended_are_objects_like_any_other():
    (found,) = leak("finished_threads_kept", "retained")
    assert found["type"] == "threading.Thread"


@pytest.mark.parametrize("function, kind", [("pending_task", "_asyncio.Task")])
def test_a_pending_task_is_one_finding_with_its_stack(function, kind):
    (found,) = leak(function, "task")
    assert found["type"] == kind
    assert found["task"]["name"] == "poller"
    assert found["task"]["coroutine"] == "kinds.poll_for_ever"
    assert functions(found["task"]["stack"]) == ["inner", "poll_for_ever"]
    assert found["holder"] == "kinds.KEPT"
    assert found["id"] == "task:kinds.poll_for_ever:pending_task"


def test_a_python_task_is_a_task_too():
    (found,) = leak("python_task", "task")
    assert found["type"] == "kinds.PythonTask"
    assert functions(found["task"]["stack"]) == ["inner", "poll_for_ever"]


@pytest.mark.parametrize("function", ["sleeping_task", "task_in_a_list"])
def test_a_sleeping_task_is_told_with_its_timer(function):
    (found,) = leak(function, "task")
    assert found["type"] == "_asyncio.Task"
    assert found["task"]["coroutine"] == "asyncio.tasks.sleep"
    assert functions(found["task"]["stack"]) == ["sleep"]


def test_pending_tasks_are_counted_per_call():
    code, report = check("kinds.py:task_in_a_list", *BUDGET)
    assert report["per_call"]["tasks"] == pytest.approx(1)
    code, report = check("kinds.py:done_tasks_kept", *BUDGET)
    assert report["per_call"]["tasks"] == 0
    assert [f["kind"] for f in findings(report, "leak")] == ["retained"]


def test_a_timer_is_named_by_its_callback():
    (found,) = leak("timer_handle", "task")
    assert found["task"]["coroutine"] == "timer for kinds.tick"
    assert found["task"]["name"] is None


def test_a_task_that_ends_is_none():
    code, report = check("kinds.py:task_that_ends", *BUDGET)
    assert code == 0, report["findings"]


@pytest.mark.parametrize(
    "function, holder, limit, declared_by",
    [
        ("declared_cache", "kinds.CACHE._Cache__data", 100_000, "kinds.Cache._Cache__maxsize"),
        ("declared_in_a_slot", "kinds.SLOTTED.entries", 50_000, "kinds.Slotted.capacity"),
        ("declared_by_a_class", "kinds.DERIVED", 50_000, "kinds.BoundedDict.MAX_SIZE"),
        ("bounded_queue", "kinds.QUEUE.queue", 50_000, "queue.Queue.maxsize"),
        ("large_lru_cache", "kinds.make_entry", 100_000, None),
    ],
)
def test_what_fills_a_container_with_a_bound_is_bounded_long_before_it_is_full(
    function, holder, limit, declared_by
):
    code, report = check(f"kinds.py:{function}", *BUDGET)
    assert (code, report["verdict"]) == (0, "clean"), report["findings"]
    (found,) = findings(report, "bounded")
    assert (found["kind"], found["type"], found["holder"]) == ("retained", "kinds.Entry", holder)
    assert found["bound"]["limit"] == limit
    assert 10 < found["bound"]["fill"] < limit / 2
    assert found["bound"]["declared_by"] == declared_by
    assert f"{holder} rose, and is bounded" in report["evidence"]
    assert report["confidence"] == 1


def test_the_cache_of_re_is_bounded():
    code, report = check("kinds.py:many_patterns", *BUDGET)
    assert (code, report["verdict"]) == (0, "clean"), report["findings"]
    found = findings(report, "bounded")[0]
    assert (found["type"], found["holder"]) == ("re.Pattern", "re._cache")
    assert found["bound"]["limit"] == 512
    assert found["bound"]["declared_by"] == "re._MAXCACHE"


def test_a_small_cache_is_told_with_what_it_keeps():
    code, report = check("kinds.py:small_lru_cache", *BUDGET)
    assert code == 0
    (found,) = findings(report, "bounded")
    assert (found["type"], found["holder"]) == ("kinds.Schema", "kinds.Schema.fields")
    assert found["bound"] == {"limit": 8, "fill": 8, "declared_by": None}


@pytest.mark.parametrize(
    "function, type_",
    [
        ("unbounded_queue", "kinds.Entry"),
        ("declared_and_broken", "kinds.Entry"),
        ("leaks_bounded_deques", "collections.deque"),
    ],
)
def test_a_bound_that_is_none_does_not_hide_a_leak(function, type_):
    (found,) = leak(function, "retained")
    assert found["type"] == type_
