"""The tables of a snapshot through Arrow's C stream: what is in them is what Python said of the heap."""

import gc
import subprocess
import sys
import threading

import pytest
import unfreed
from arrow_heaps import consumer, make_shop, mapped


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def heap(shop):
    with unfreed.open(shop.file) as heap:
        yield heap


@pytest.fixture(scope="module")
def rows(shop):
    """All rows of all tables, as pyarrow reads them."""
    pa = consumer("pyarrow")
    with unfreed.open(shop.file) as heap:
        tables = {t.name: pa.table(t) for t in (heap.objects, heap.references, heap.types)}
    for table in tables.values():
        table.validate(full=True)
    return {name: table.to_pylist() for name, table in tables.items()}


def of_type(rows, name):
    return [row for row in rows["objects"] if row["type"] == name]


# --- what is in the tables ----------------------------------------------------------------------


def test_each_session_has_a_row_with_its_address_and_size(shop, rows):
    sessions = of_type(rows, "shop.Session")
    assert len(sessions) == 1500
    assert {s["address"]: s["size"] for s in sessions} == {
        int(address): size for address, (size, _, _) in shop.now["sessions"].items()
    }


def test_a_session_retains_what_goes_with_it(shop, rows):
    said = {int(a): retained for a, (_, retained, _) in shop.now["sessions"].items()}
    assert {s["address"]: s["retained"] for s in of_type(rows, "shop.Session")} == said
    store = next(r for r in rows["objects"] if r["address"] == shop.now["dict"][0])
    keys = sum(sys.getsizeof(user) for _, _, user in shop.now["sessions"].values())
    assert store["retained"] == sum(said.values()) + keys + shop.now["dict"][1]
    assert {s["dominator"] for s in of_type(rows, "shop.Session")} == {store["id"]}
    assert (store["length"], store["tracked"], store["garbage"]) == (1500, True, False)


def test_sums_by_type_are_those_of_python(shop, rows):
    item = next(t for t in rows["types"] if t["name"] == "shop.Item")
    assert (item["objects"], item["bytes"]) == (shop.now["items"], shop.now["item_bytes"])
    assert item["retained"] == item["bytes"] + sys.getsizeof(1.0) * item["objects"]
    session = next(t for t in rows["types"] if t["name"] == "shop.Session")
    assert session["retained"] == sum(r for _, r, _ in shop.now["sessions"].values())
    for kind in rows["types"]:
        own = [r for r in rows["objects"] if r["type_id"] == kind["id"]]
        assert kind["objects"] == len(own)
        assert kind["bytes"] == sum(r["size"] for r in own)
        assert all(r["type"] == kind["name"] for r in own)


def test_references_are_as_many_as_the_collector_sees(shop, rows):
    sessions = {s["id"] for s in of_type(rows, "shop.Session")}
    assert sum(r["source"] in sessions for r in rows["references"]) == shop.now["references"]


def test_references_say_who_holds_what_by_which_name(shop, rows):
    store = next(r for r in rows["objects"] if r["address"] == shop.now["dict"][0])
    sessions = {s["id"]: s["address"] for s in of_type(rows, "shop.Session")}
    held = {
        sessions[r["target"]]: (r["kind"], r["generic"], r["name"])
        for r in rows["references"]
        if r["source"] == store["id"] and r["target"] in sessions
    }
    assert held == {
        int(address): ("item", "[*]", f"['{user}']")
        for address, (_, _, user) in shop.now["sessions"].items()
    }
    items = {i["id"] for i in of_type(rows, "shop.Item")}
    to_items = [r for r in rows["references"] if r["target"] in items]
    assert len(to_items) == shop.now["items"]
    assert {(r["kind"], r["name"]) for r in to_items} == {("index", f"[{i}]") for i in range(3)}


def test_texts_are_the_contents_of_simple_objects(shop, rows):
    by_address = {r["address"]: r for r in rows["objects"]}
    assert {by_address[int(a)]["text"] for a in shop.now["sessions"]} == {None}
    texts = {r["text"] for r in rows["objects"]}
    assert {f"'{user}'" for _, _, user in shop.now["sessions"].values()} <= texts
    assert "<class 'shop.Session'>" in texts
    assert {i["refcount"] for i in of_type(rows, "shop.Item")} == {1}


def test_what_waits_for_the_collector_is_garbage_and_retains_nothing(rows):
    lost = of_type(rows, "shop.Lost")
    assert len(lost) == 7
    assert {(r["garbage"], r["retained"], r["dominator"]) for r in lost} == {(True, None, None)}
    assert next(t for t in rows["types"] if t["name"] == "shop.Lost")["garbage_objects"] == 7


def test_immortal_objects_have_no_count(rows):
    assert all((r["refcount"] is None) == r["immortal"] for r in rows["objects"])
    none = next(r for r in rows["objects"] if r["text"] == "None")
    assert none["immortal"] == (sys.version_info >= (3, 12))


def test_unfreed_itself_has_no_row(rows):
    modules = {r["text"] for r in of_type(rows, "module")}
    assert "<module 'shop'>" in modules and not any("unfreed" in m for m in modules)
    ids = {r["id"] for r in rows["objects"]}
    assert all(r["source"] in ids and r["target"] in ids for r in rows["references"])
    assert all(r["dominator"] is None or r["dominator"] in ids for r in rows["objects"])


# --- who reads them -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["objects", "references", "types"])
def test_polars_reads_the_same(heap, rows, name):
    polars = consumer("polars")
    frame = polars.DataFrame(getattr(heap, name).select(batch_rows=1000))
    assert frame.rows(named=True) == rows[name]


@pytest.mark.parametrize("name", ["objects", "references", "types"])
def test_duckdb_reads_the_same(heap, rows, name):
    duckdb = consumer("duckdb")
    here = getattr(heap, name).select(batch_rows=1000)
    read = duckdb.sql("SELECT * FROM here")
    assert list(read.columns) == list(here.columns)
    assert sorted(read.fetchall(), key=str) == sorted(
        (tuple(r.values()) for r in rows[name]), key=str
    )


def test_lengths_are_known_without_reading(heap, rows):
    for table in (heap.objects, heap.references, heap.types):
        assert len(table) == table.num_rows == len(rows[table.name])
        assert table.columns == tuple(rows[table.name][0])


# --- without a copy -----------------------------------------------------------------------------


def values_at(column):
    """Where the values of a pyarrow array lie."""
    return column.buffers()[1].address + column.offset * column.type.bit_width // 8


@pytest.mark.parametrize(
    "table, name",
    [
        ("objects", "address"),
        ("objects", "type_id"),
        ("objects", "retained"),
        ("objects", "retained_objects"),
        ("objects", "dominator"),
        ("objects", "refcount"),
        ("references", "target"),
    ],
)
def test_a_column_of_the_snapshot_is_read_in_place(heap, table, name):
    pa = consumer("pyarrow")
    whole = getattr(heap, table).select(name)
    chunks = pa.table(whole).column(0).chunks
    again = pa.table(whole).column(0).chunks
    assert [values_at(c) for c in chunks] == [values_at(c) for c in again]
    parts = pa.table(whole.select(batch_rows=500)).column(0).chunks
    assert len(parts) > 10
    places = [(values_at(c), len(c) * c.type.bit_width // 8) for c in chunks]
    for part in parts:
        assert any(at <= values_at(part) < at + size for at, size in places)


def test_polars_takes_the_columns_as_they_are(heap):
    pa, polars = consumer("pyarrow"), consumer("polars")
    addresses = heap.objects.select("address")
    chunks = pa.table(addresses).column(0).chunks
    ours = [values_at(c) for c in chunks]
    assert [values_at(c) for c in polars.DataFrame(addresses).to_arrow().column(0).chunks] == ours


def test_dictionaries_are_shared_by_all_batches(heap):
    pa = consumer("pyarrow")
    chunks = pa.table(heap.objects.select("type", batch_rows=500)).column(0).chunks
    assert len(chunks) > 10
    assert len({c.dictionary.buffers()[2].address for c in chunks}) == 1
    assert chunks[0].dictionary.to_pylist() == pa.table(heap.types)["name"].to_pylist()


# --- how long they live -------------------------------------------------------------------------


def test_batches_outlive_the_snapshot_and_then_the_file_is_let_go_of(shop):
    pa = consumer("pyarrow")
    heap = unfreed.open(shop.file)
    expected = pa.table(heap.objects).to_pylist()
    reader = pa.RecordBatchReader.from_stream(heap.objects.select(batch_rows=100))
    first = reader.read_next_batch()
    column = first.column("address")
    heap.close()
    del heap
    gc.collect()
    assert mapped(shop.file)
    second = reader.read_next_batch()
    assert first.to_pylist() + second.to_pylist() == expected[:200]
    del first, second, reader
    gc.collect()
    assert column.to_pylist() == [r["address"] for r in expected[:100]]
    assert mapped(shop.file)
    del column
    assert not mapped(shop.file)


def test_a_stream_that_nobody_reads_is_let_go_of(shop):
    heap = unfreed.open(shop.file)
    capsules = [heap.objects.__arrow_c_stream__(), heap.types.__arrow_c_schema__()]
    heap.close()
    assert mapped(shop.file)
    capsules.clear()
    assert not mapped(shop.file)


def test_what_is_let_go_of_on_another_thread_is_let_go_of(shop):
    polars = consumer("polars")
    heap = unfreed.open(shop.file)
    frame = polars.DataFrame(heap.objects.select(batch_rows=1000))
    lazy = frame.lazy().filter(polars.col("size") > 100).select("retained", "type")
    heap.close()
    del heap, frame
    results = []

    def collect():
        nonlocal lazy
        results.append(lazy.collect().height)
        lazy = None

    thread = threading.Thread(target=collect)
    thread.start()
    thread.join()
    assert results[0] > 0
    gc.collect()
    assert not mapped(shop.file)


def test_many_threads_read_at_once(shop):
    pa, polars = consumer("pyarrow"), consumer("polars")
    rows, failures = [], []

    def read():
        try:
            with unfreed.open(shop.file) as heap:
                frame = polars.DataFrame(heap.objects.select("id", "type", "text", batch_rows=700))
                table = pa.table(heap.references.select("source", "kind", batch_rows=900))
            rows.append((frame["id"].sum(), table.num_rows))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(rows) == 6 and len(set(rows)) == 1
    gc.collect()
    assert not mapped(shop.file)


def test_a_process_may_end_while_all_is_in_use(shop):
    consumer("pyarrow")
    consumer("polars")
    code = f"""
import pyarrow, polars, unfreed
heap = unfreed.open({shop.file!r})
table = pyarrow.table(heap.objects)
reader = pyarrow.RecordBatchReader.from_stream(heap.references.select(batch_rows=10))
batch = reader.read_next_batch()
frame = polars.DataFrame(heap.types)
capsule = heap.objects.__arrow_c_stream__()
"""
    for end in ("", "heap.close()", "import sys; sys.modules['kept'] = table; del heap"):
        done = subprocess.run([sys.executable, "-c", code + end], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_snapshot_says_so(shop):
    heap = unfreed.open(shop.file)
    table = heap.objects
    assert heap.path == shop.file and not heap.closed
    heap.close()
    heap.close()
    assert heap.closed and "closed" in repr(heap) and "closed" in repr(table)
    for use in (lambda: heap.types, table.__arrow_c_stream__, lambda: len(table), heap.__enter__):
        with pytest.raises(ValueError, match=r"^the snapshot is closed$"):
            use()
    assert table.columns[0] == "id" and table.__arrow_c_schema__()


# --- what is asked for --------------------------------------------------------------------------


def test_columns_are_chosen_by_name(heap, rows):
    pa = consumer("pyarrow")
    chosen = pa.table(heap.objects.select("size", "id"))
    assert chosen.column_names == ["size", "id"]
    assert chosen["id"].to_pylist() == [r["id"] for r in rows["objects"]]
    for columns in (["nonsense"], ["id", "id"]):
        with pytest.raises(ValueError, match="select"):
            heap.objects.select(*columns)
    with pytest.raises(TypeError):
        heap.objects.select(3)
    for batch_rows in (0, -1, 1 << 21):
        with pytest.raises(ValueError, match="batch_rows"):
            heap.objects.select(batch_rows=batch_rows)


def test_a_requested_schema_of_the_same_columns_is_answered_with_ours(heap):
    pa = consumer("pyarrow")
    plain = pa.schema([("name", pa.large_string()), ("id", pa.int64())])
    chosen = heap.types.select("name", "id")
    capsule = chosen.__arrow_c_stream__(plain.__arrow_c_schema__())
    assert 'arrow_array_stream"' in repr(capsule)
    with pytest.raises(ValueError, match="other columns"):
        chosen.__arrow_c_stream__(
            requested_schema=pa.schema([("id", pa.int64())]).__arrow_c_schema__()
        )
    with pytest.raises(TypeError, match="arrow_schema"):
        chosen.__arrow_c_stream__(capsule)


def test_the_schema_is_that_of_the_stream(heap):
    pa = consumer("pyarrow")
    for table in (heap.objects, heap.references, heap.types):
        assert pa.schema(table) == pa.RecordBatchReader.from_stream(table).schema


# --- what cannot be opened ----------------------------------------------------------------------


def test_what_is_no_snapshot_is_refused_in_one_line(shop, tmp_path):
    with pytest.raises(FileNotFoundError):
        unfreed.open(tmp_path / "nothing.snapshot")
    with pytest.raises(IsADirectoryError):
        unfreed.open(tmp_path)
    whole = (shop.folder / "app.snapshot").read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0x40
    for content in (b"", b"text", whole[:1000], whole[:-1], bytes(damaged)):
        file = tmp_path / "bad.snapshot"
        file.write_bytes(content)
        with pytest.raises(ValueError) as raised:
            unfreed.open(file)
        message = str(raised.value)
        assert message.startswith(f"{file}: ") and "\n" not in message
        assert not mapped(file)


def test_importing_the_package_loads_nothing():
    code = "import sys, unfreed; assert 'unfreed._engine' not in sys.modules; unfreed.open"
    code += "; assert 'unfreed._engine' in sys.modules; print(unfreed.open is unfreed._engine.open)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr
