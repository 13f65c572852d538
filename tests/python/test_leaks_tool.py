"""tools/leaks.py without running anything: cases are read and refused, answers compared, shown."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import leak_cases  # noqa: E402
import leak_judge  # noqa: E402
import leak_places  # noqa: E402
import leak_table  # noqa: E402
from leak_judge import Outcome, judge, totals  # noqa: E402

TEXT = """
id = "B3"
title = "openai: lru_cache on a method"
class = "b"
thread = "openai/openai-python#865"
python = ["3.11"]
target = "target.py:call"
seen = "it grows"
[leaky]
packages = ["openai==1.3.7"]
verdict = ["leak"]
kind = ["retained"]
type = ["openai.OpenAI"]
holder = ["platform_headers"]
[fixed]
packages = ["openai==1.3.8"]
verdict = ["clean"]
"""


def case(text=TEXT, folder="B3-openai"):
    return leak_cases.parse(text, pathlib.Path(folder))


def refused(text, *words):
    with pytest.raises(leak_cases.BadCase) as caught:
        case(text)
    for word in words:
        assert word in str(caught.value)


def finding(**changes):
    made = {
        "severity": "leak",
        "kind": "retained",
        "type": "openai.OpenAI",
        "types": None,
        "holder": "openai.BaseClient.platform_headers cache",
        "path_root": "module openai",
        "path": [{"object": "OpenAI", "type": "openai.OpenAI", "edge": "[0]", "suspect": True}],
        "cycle": None,
        "collectable": None,
        "allocated_at": [],
        "descriptor": None,
        "thread": None,
        "task": None,
        "fix": {"verified": True, "how": "copy"},
    }
    return {**made, **changes}


def outcome(side, verdict, *findings, **changes):
    report = {"verdict": verdict, "evidence": "", "calls": {}, "findings": list(findings)}
    return Outcome(side, "3.11.7", report, **changes)


def row(leaky=None, fixed=None, text=TEXT):
    outcomes = [o for o in (leaky, fixed) if o]
    return judge(case(text), outcomes)


# --- reading ----------------------------------------------------------------------------------


def test_every_case_of_the_tree_is_valid_and_says_what_was_seen():
    cases = leak_cases.read_all()
    assert cases
    for each in cases:
        assert each.not_reproduced or each.seen.strip(), each.id
        for side in each.sides.values():
            program = side.target.partition(":")[0]
            assert not program.endswith(".py") or (each.folder / program).is_file(), each.id


def test_a_case_has_sides_that_inherit_what_is_shared():
    read = case()
    assert read.sides["leaky"].pythons == ("3.11",)
    assert read.sides["fixed"].target == "target.py:call"
    assert read.sides["leaky"].holder == ("platform_headers",)
    assert not read.sides["fixed"].names_culprit()


def test_a_side_may_run_elsewhere_than_the_case():
    read = case(TEXT.replace('verdict = ["clean"]', 'verdict = ["clean"]\npython = ["3.12.0-6"]'))
    assert read.sides["fixed"].pythons == ("3.12.0-6",)
    assert read.sides["leaky"].pythons == ("3.11",)


def test_a_misspelt_key_is_an_error():
    refused(TEXT.replace("holder =", "holders ="), "B3-openai [leaky]", "'holders'", "holder")
    refused(TEXT.replace("thread =", "threads ="), "'threads'")


def test_a_version_that_is_not_pinned_is_an_error():
    refused(TEXT.replace("openai==1.3.7", "openai>=1.3.7"), "not pinned", "openai>=1.3.7")


def test_words_that_unfreed_never_says_are_errors():
    refused(TEXT.replace('["leak"]', '["leaks"]'), "verdict", "'leaks'")
    refused(TEXT.replace('["retained"]', '["cached"]'), "kind", "'cached'")
    refused(TEXT + '[unmet]\ncolour = "no"\n', "unmet", "'colour'")


def test_a_case_is_either_run_or_said_not_to_be_reproduced():
    refused('not_reproduced = "no wheel"\n' + TEXT, "either")
    without = TEXT.split("[leaky]")[0]
    refused(without, "either")
    assert case('not_reproduced = "no wheel"\n' + without).not_reproduced == "no wheel"


def test_a_folder_is_named_after_its_case():
    with pytest.raises(leak_cases.BadCase):
        case(folder="B30-openai")


def test_a_file_that_is_not_toml_is_an_error_in_one_line():
    refused("id = [", "B3-openai:")


# --- comparing --------------------------------------------------------------------------------


def test_a_row_that_is_as_expected_has_all_answers_right():
    made = row(outcome("leaky", "leak", finding()), outcome("fixed", "clean"))
    assert made.answers == {"verdict": True, "culprit": True, "proof": True, "fixed": True}
    assert made.notes == []
    assert made.regressed() == []


def test_a_false_alarm_on_the_fixed_version_is_seen():
    made = row(outcome("leaky", "leak", finding()), outcome("fixed", "delayed"))
    assert made.answers["fixed"] is False
    assert made.notes == ["fixed: delayed, not clean"]
    assert made.regressed() == ["fixed"]


@pytest.mark.parametrize(
    "changes",
    [{"kind": "native"}, {"type": "dict"}, {"holder": "sys.modules"}],
)
def test_a_culprit_that_is_another_one_is_seen(changes):
    made = row(outcome("leaky", "leak", finding(**changes)))
    assert made.answers["verdict"] is True
    assert made.answers["culprit"] is False
    assert made.regressed() == ["culprit"]


def test_the_second_finding_does_not_count():
    made = row(outcome("leaky", "leak", finding(type="dict"), finding()))
    assert made.answers["culprit"] is False


def test_the_culprit_may_be_named_anywhere_on_the_path_and_in_the_cycle():
    step = {"object": "", "type": "dict", "edge": ".platform_headers", "suspect": False}
    assert not leak_judge.culprit_faults(
        case().sides["leaky"], {"findings": [finding(holder=None, path=[step])]}
    )
    assert not leak_judge.culprit_faults(
        case().sides["leaky"], {"findings": [finding(holder=None, cycle=[step])]}
    )


def test_a_native_culprit_is_named_by_its_stack_and_a_python_one_is_not():
    frames = [{"library": "openai.so", "symbol": "platform_headers", "line": None}]
    expected = case(TEXT.replace('["retained"]', '["native", "retained"]')).sides["leaky"]
    native = finding(kind="native", holder=None, allocated_at=frames)
    python = finding(kind="retained", holder=None, allocated_at=frames)
    assert leak_judge.culprit_faults(expected, {"findings": [native]}) == []
    assert leak_judge.culprit_faults(expected, {"findings": [python]}) == ["holder unknown"]


def test_the_name_of_the_cases_own_folder_names_no_culprit():
    frames = [{"file": "tests/leaks/B3-platform_headers/target.py", "function": "call", "line": 3}]
    expected = case(TEXT.replace('["retained"]', '["native"]')).sides["leaky"]
    report = {"findings": [finding(kind="native", holder=None, path=[], allocated_at=frames)]}
    assert leak_judge.culprit_faults(expected, report) == []
    own = "B3-platform_headers"
    assert leak_judge.culprit_faults(expected, report, own) == ["holder unknown"]


def test_a_type_within_a_cycle_counts():
    made = finding(type="function", types=["function", "openai.OpenAI"])
    assert leak_judge.culprit_faults(case().sides["leaky"], {"findings": [made]}) == []


def test_no_finding_at_all_names_no_culprit():
    made = row(outcome("leaky", "clean"))
    assert made.answers["verdict"] is False
    assert made.answers["culprit"] is False
    assert "proof" not in made.answers


def test_a_run_without_a_report_is_a_miss():
    made = row(Outcome("leaky", "3.11.7", problem="not done within 300 s"))
    assert made.answers == {"verdict": False, "culprit": False}
    assert "not done within 300 s" in made.notes[0]


def test_a_run_that_could_not_be_made_here_is_no_miss():
    absent = Outcome("leaky", problem="no CPython 3.8 here", unavailable=True)
    made = row(absent, outcome("fixed", "clean"))
    assert made.answers == {"verdict": None, "fixed": True}
    assert made.regressed() == []
    assert totals([made])["verdict"] == (0, 0)
    assert "no CPython 3.8 here" in leak_table.table([made])


def test_a_miss_that_the_case_lists_counts_and_is_no_regression():
    made = row(
        outcome("leaky", "leak", finding(type="dict")),
        text=TEXT + '[unmet]\nculprit = "the dict comes first"\n',
    )
    assert made.regressed() == []
    assert totals([made])["culprit"] == (0, 1)
    assert "known, culprit: the dict comes first" in made.notes


# --- adding up and showing ----------------------------------------------------------------------


def test_targets_are_missed_below_their_share_only():
    def counts(verdict, fixed, culprit):
        return {"verdict": verdict, "fixed": fixed, "culprit": culprit, "proof": (0, 9)}

    assert leak_judge.missed(counts((19, 20), (20, 20), (17, 20))) == []
    assert leak_judge.missed(counts((18, 20), (20, 20), (17, 20))) == ["verdict"]
    assert leak_judge.missed(counts((20, 20), (19, 20), (16, 20))) == ["fixed", "culprit"]
    assert leak_judge.missed(counts((0, 0), (0, 0), (0, 0))) == []


def test_the_table_marks_what_is_wrong_and_names_the_proof():
    right = row(outcome("leaky", "leak", finding(), seconds=4.4), outcome("fixed", "clean"))
    wrong = row(outcome("leaky", "clean"), outcome("fixed", "leak"))
    text = leak_table.table([right, wrong])
    lines = [line.split() for line in text.splitlines() if line.startswith("B3")]
    assert lines[0][-5:] == ["leak", "clean", "yes", "copy", "4"]
    assert lines[1][-5:] == ["!clean", "!leak", "NO", "-", "0"]
    assert "1 of   2    50.0 %  target 95 %  MISSED" in text
    assert "B3 (verdict, culprit, fixed)" in text


def test_rows_that_were_not_reproduced_are_listed_with_the_reason():
    absent = judge(case('not_reproduced = "no wheel"\n' + TEXT.split("[leaky]")[0]), [])
    text = leak_table.table([absent])
    assert "not reproduced\nB3    openai: lru_cache on a method: no wheel" in text
    assert "0 leaky versions run, of 1 rows" in text


def test_an_open_leak_has_no_fixed_side():
    made = row(outcome("leaky", "leak", finding()), text=TEXT.split("[fixed]")[0])
    line = next(line for line in leak_table.table([made]).splitlines() if line.startswith("B3"))
    assert line.split()[-5:] == ["leak", "open", "yes", "copy", "0"]


def test_the_json_says_the_same():
    made = row(outcome("leaky", "leak", finding()), outcome("fixed", "delayed"))
    said = leak_table.as_json([made])
    assert said["rows"][0]["answers"]["fixed"] is False
    assert said["rows"][0]["leaky"]["first"]["holder"].endswith("platform_headers cache")
    assert said["totals"]["verdict"] == {"good": 1, "of": 1}
    assert said["missed"] == ["fixed"]


# --- where it runs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "version", "fits"),
    [
        ("3.12", "3.12.1", True),
        ("3.12", "3.1.2", False),
        ("3.12.1", "3.12.1", True),
        ("3.12.1", "3.12.10", False),
        ("3.12.0-6", "3.12.6", True),
        ("3.12.0-6", "3.12.7", False),
        ("3.15", "3.15.0rc1", True),
    ],
)
def test_an_interpreter_fits_a_wish_by_minor_patch_or_range(wish, version, fits):
    assert leak_places.fits(wish, version) is fits


def test_the_cached_folder_depends_on_the_minor_version_and_the_pins_alone():
    key = leak_places.key
    assert key((3, 11), ("a==1", "b==2"), ()) == key((3, 11), ("b==2", "a==1"), ())
    different = {
        key((3, 11), ("a==1",), ()),
        key((3, 12), ("a==1",), ()),
        key((3, 11), ("a==2",), ()),
        key((3, 11), ("a==1",), ("setuptools==1",)),
    }
    assert len(different) == 4


def test_the_cache_follows_xdg_cache_home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert leak_places.cache() == tmp_path / "unfreed" / "leaks"


def test_an_install_that_fails_says_so_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    python = leak_places.interpreters.ask(sys.executable)
    with pytest.raises(leak_places.Unavailable, match=r"pip: ERROR: .*unfreed-none"):
        leak_places.packages(python, ("unfreed-none==1.0",))
    left = [entry for entry in (tmp_path / "unfreed" / "leaks").iterdir() if entry.is_dir()]
    assert left == []
