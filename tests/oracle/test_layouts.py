"""The checked-in layout rows against what the compiler makes of the headers: field by field."""

import ctypes
import os
import pathlib
import subprocess
import sys
import sysconfig

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import layout_rows  # noqa: E402
import layout_text  # noqa: E402
import make_layouts  # noqa: E402


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """A function that reads a row, given its address, into nested dicts."""
    folder = tmp_path_factory.mktemp("printer")
    source, library, text = folder / "printer.c", folder / "printer.so", folder / "row.txt"
    source.write_text(layout_rows.printer())
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-w", f"-I{ROOT / 'src'}", str(source), "-o", str(library)],
        check=True,
    )
    print_row = ctypes.CDLL(str(library)).print_row
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p

    def row(address):
        file = libc.fopen(os.fsencode(text), b"w")
        print_row(ctypes.c_void_p(address), ctypes.c_void_p(file))
        libc.fclose(ctypes.c_void_p(file))
        return layout_rows.read(text.read_text())

    return row


def flat(value, path=""):
    """{path: number or text}"""
    if isinstance(value, dict):
        return {k: v for name in value for k, v in flat(value[name], f"{path}.{name}").items()}
    if isinstance(value, list):
        return {k: v for i, x in enumerate(value) for k, v in flat(x, f"{path}[{i}]").items()}
    return {path: value}


# Distributions have taken this over from later releases: the extension does not go by the version, and
# test_decode.py has the interpreter's own word for it.
TRIED_OUT = {".objects.values.of_dict"}


def differences(a, b):
    left, right = flat(a), flat(b)
    return {
        path: (left.get(path, "not there"), right.get(path, "not there"))
        for path in left.keys() | right.keys()
        if left.get(path) != right.get(path) and path != ".version_hex"
    }


def test_the_generated_row_is_the_compiled_row_of_the_running_extension(printed):
    probe = pytest.importorskip("unfreed_probe")
    own, generated, serves = probe.layouts()
    assert generated, "no row for this minor version (run: make layouts)"
    if not serves:
        pytest.skip("no row was made from this release's headers")
    own_row = printed(own)
    assert len(flat(own_row)) > 1000  # all of it was read
    assert differences(own_row, printed(generated)).keys() <= TRIED_OUT


def test_a_row_read_out_of_headers_is_the_compiled_row(printed):
    probe = pytest.importorskip("unfreed_probe")
    found = list(layout_rows.find(pathlib.Path(sysconfig.get_path("include"))))
    if not found:
        pytest.skip("no headers")
    own_build = next(x for x in found if not x.derived)
    made = layout_rows.row_of(own_build)
    assert differences(printed(probe.layouts()[0]), made).keys() <= TRIED_OUT


def test_the_interpreter_tells_of_itself_what_the_row_says():
    probe = pytest.importorskip("unfreed_probe")
    found = probe.debug_offsets()
    if sys.version_info < (3, 13):
        assert found is None
        return
    version, free_threaded, told, contradictions = found
    assert (version, free_threaded) == (sys.hexversion, False)
    assert told > 35  # those that are not at the start of their structure
    assert contradictions == []


def test_every_struct_and_every_enum_of_the_row_headers_is_understood():
    read = layout_rows.fields()
    assert [member.name for member in read.row] == ["version_hex", "objects", "runtime"]
    runtime = next(m for m in read.row if m.name == "runtime")
    gc = next(m for m in runtime.members if m.name == "gc")
    names = [m.name for m in gc.members]
    assert names[:3] == ["enabled", "debug", "collecting"] and "next_flags" in names
    records = next(m for m in read.row if m.name == "objects").members[-2]
    assert (records.name, records.kind) == ("records", "table")
    assert next(m for m in records.members if m.name == "holds").enum == "uf_container"
    assert read.enums["uf_line_table"].index("UF_LINES_LOCATIONS") > 0


HEADER = """
enum uf_colour { UF_RED, UF_GREEN };
struct uf_item { uint16_t offset; const char *name; };
struct uf_tiny {
    uint16_t here, missing; /* two in a line */
    uint8_t colour; /* enum uf_colour */
    struct { uint32_t far; bool yes; } inner[2];
    const struct uf_item *items;
    uint16_t item_count;
};
"""


def test_a_row_is_written_as_c_that_says_what_is_not_there():
    parser = layout_rows._Parser(HEADER)
    members = parser.structs["uf_tiny"]
    value = {
        "here": 8,
        "missing": 0xFFFF,
        "colour": 1,
        "inner": [{"far": 0xFFFFFFFF, "yes": 0}, {"far": 0, "yes": 1}],
        "items": [{"offset": 16, "name": ".func"}],
        "item_count": 1,
    }
    read = layout_rows.Fields(members, parser.enums)
    text = layout_text.struct(members, value, read, {id(value["items"]): "uf_items"})
    assert text == [
        ".here = 8",
        ".missing = UF_NO_FIELD",
        ".colour = UF_GREEN",
        ".inner = {{.far = UF_NO_OFFSET}, {.yes = true}}",
        ".items = uf_items",
        ".item_count = 1",
    ]


def test_builds_whose_rows_are_equal_share_one_and_others_do_not(monkeypatch):
    moved = {0x030E00F0: 1, 0x030E01F0: 1, 0x030E02F0: 2}
    builds = [layout_rows.Headers((), release, False) for release in moved]
    monkeypatch.setattr(
        make_layouts, "row_of", lambda h: {"version_hex": h.version_hex, "at": moved[h.version_hex]}
    )
    made, failed = make_layouts.rows(builds)
    assert failed == []
    assert [(r.name, [hex(x) for x in r.releases]) for r in made] == [
        ("3_14_0", ["0x30e0000", "0x30e0100"]),
        ("3_14_2", ["0x30e0200"]),
    ]


def test_a_derived_debug_row_gives_way_to_one_of_a_debug_build(monkeypatch):
    monkeypatch.setattr(make_layouts, "row_of", lambda h: {"version_hex": h.version_hex})
    derived = layout_rows.Headers((), 0x030B07F0, True, derived=True)
    real = layout_rows.Headers((), 0x030B02F0, True)
    made, _ = make_layouts.rows([real, derived])
    assert [[x.version_hex for x in r.builds] for r in made] == [[0x030B02F0]]
