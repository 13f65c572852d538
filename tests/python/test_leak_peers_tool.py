"""tools/leaks_peers.py without running anything: what another tool said is judged and shown."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import leak_cases  # noqa: E402
import leak_peer_judge  # noqa: E402
import leak_peer_probe  # noqa: E402
from leak_peer_judge import PeerRow, Said  # noqa: E402

TEXT = """
id = "B3"
title = "openai: lru_cache on a method"
class = "{group}"
thread = "openai/openai-python#865"
python = ["3.11"]
target = "target.py:call"
seen = "it grows"
[leaky]
verdict = ["{leaky}"]
holder = ["platform_headers"]
[fixed]
verdict = ["{fixed}"]
"""


def row(leaky_said=None, fixed_said=None, group="b", leaky="leak", fixed="clean"):
    text = TEXT.format(group=group, leaky=leaky, fixed=fixed)
    made = PeerRow(leak_cases.parse(text, pathlib.Path("B3-openai")))
    for side, said in (("leaky", leaky_said), ("fixed", fixed_said)):
        if said:
            made.said["memray", side] = said
    return made


def test_a_tool_that_flags_names_and_keeps_quiet_is_right():
    made = row(Said(True, "in platform_headers"), Said())
    assert made.answers("memray") == {"leaky": True, "fixed": True, "named": True}


def test_the_name_of_the_cases_own_folder_names_nothing():
    side = row().case.sides["leaky"]
    said = Said(True, "File tests/leaks/B3-platform_headers/target.py")
    assert leak_peer_judge.names(side, said)
    assert not leak_peer_judge.names(side, said, "B3-platform_headers")


def test_a_tool_that_says_nothing_named_nothing():
    made = row(Said(False, "platform_headers"), Said())
    assert made.answers("memray") == {"leaky": False, "fixed": True, "named": False}


def test_a_tool_without_an_answer_is_wrong_and_one_that_cannot_be_had_is_not():
    made = row(Said(problem="not done"), Said(problem="no wheel", unavailable=True))
    assert row(fixed_said=Said(problem="not done")).answers("memray")["fixed"] is None
    assert made.answers("memray") == {"leaky": False, "fixed": None, "named": False}
    assert row().answers("memray") == {"leaky": None, "fixed": None, "named": None}


def test_a_flag_on_the_fixed_version_is_a_false_alarm():
    assert row(fixed_said=Said(True, "dict")).answers("memray")["fixed"] is False


@pytest.mark.parametrize(
    ("first", "right"), [("UncollectableGarbageError: 3", True), ("MemoryLeakError: x", False)]
)
def test_garbage_that_waits_may_be_called_garbage_and_not_a_leak(first, right):
    made = row(fixed_said=Said(True, first), fixed="delayed")
    assert made.answers("memray")["fixed"] is right


def test_what_a_leaky_version_keeps_up_to_a_bound_is_to_be_flagged_as_well():
    made = row(Said(True, "platform_headers"), Said(), leaky="clean")
    assert made.answers("memray") == {"leaky": True, "fixed": True, "named": True}


def test_a_fix_that_did_not_help_asks_nothing():
    made = row(Said(True, "platform_headers"), Said(True, "lambda"), fixed="leak")
    assert made.answers("memray") == {"leaky": True, "fixed": None, "named": True}


def test_the_table_totals_class_a_with_the_rest_and_without_it():
    rows = [
        row(Said(), Said(), group="a", leaky="delayed"),
        row(Said(True, "platform_headers"), Said(), group="b"),
    ]
    text = leak_peer_judge.table(rows, ["memray"])
    assert "B3    no yes no" in text
    assert "B3    yes yes yes" in text
    assert "flagged the leaky version                         1/2 50 %" in text
    assert "flagged the leaky version                         1/1 100 %" in text


def test_the_json_holds_answers_and_what_was_said():
    said = leak_peer_judge.as_json([row(Said(True, "platform_headers"), Said())], ["memray"])
    peer = said["rows"][0]["peers"]["memray"]
    assert peer["answers"]["named"] is True
    assert peer["leaky"]["first"] == "platform_headers"
    assert said["totals"]["memray"]["leaky"] == (1, 1)


def test_a_coroutine_function_is_called_in_one_loop(tmp_path):
    file = tmp_path / "coroutine_target.py"
    file.write_text(
        "import asyncio\nloops = []\nasync def call():\n    loops.append(asyncio.get_running_loop())\n"
    )
    call = leak_peer_probe.load(f"{file}:call")
    call()
    call()
    loops = sys.modules["coroutine_target"].loops
    assert len(loops) == 2 and loops[0] is loops[1]
    sys.modules.pop("coroutine_target")
    sys.path.remove(str(tmp_path))
    loops[0].close()
