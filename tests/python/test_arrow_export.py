"""`unfreed export --to arrow`: files that Arrow's own readers open, with what the stream has."""

import gc
import json

import pytest
import unfreed
from arrow_heaps import consumer, make_shop
from cli_runs import refused
from unfreed_runs import run

TABLES = ["objects", "references", "types"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def exported(shop):
    """The files, by table."""
    out = shop.folder / "heap.arrow"
    done = run("export", shop.file, "--to", "arrow", "-o", out)
    assert done.returncode == 0, done.stderr
    files = {t: shop.folder / f"heap.{t}.arrow" for t in TABLES} | {"objects": out}
    assert [str(files[t]) in done.stdout for t in TABLES] == [True, True, True]
    return files


@pytest.fixture(scope="module")
def streamed(shop):
    pa = consumer("pyarrow")
    with unfreed.open(shop.file) as heap:
        return {t: pa.table(getattr(heap, t)) for t in TABLES}


@pytest.mark.parametrize("name", TABLES)
def test_pyarrow_reads_the_file(exported, streamed, name):
    ipc = consumer("pyarrow") and __import__("pyarrow.ipc").ipc
    table = ipc.open_file(exported[name]).read_all()
    table.validate(full=True)
    assert table.equals(streamed[name])


@pytest.mark.parametrize("name", TABLES)
def test_a_mapped_file_is_read_without_a_copy(exported, streamed, name):
    pa = consumer("pyarrow")
    ipc = __import__("pyarrow.ipc").ipc
    gc.collect()
    before = pa.total_allocated_bytes()
    table = ipc.open_file(pa.memory_map(str(exported[name]))).read_all()
    assert pa.total_allocated_bytes() <= before
    buffers = [b for column in table.columns for chunk in column.chunks for b in chunk.buffers()]
    assert all(b.address % 64 == 0 for b in buffers if b is not None and b.size)
    assert table.equals(streamed[name])


@pytest.mark.parametrize("name", TABLES)
def test_polars_reads_the_file(exported, streamed, name):
    polars = consumer("polars")
    rows = streamed[name].to_pylist()
    assert polars.read_ipc(exported[name]).rows(named=True) == rows
    assert polars.scan_ipc(exported[name]).select(
        "id" if name != "references" else "target"
    ).collect().height == len(rows)


@pytest.mark.parametrize("name", TABLES)
def test_duckdb_reads_the_file_through_pyarrow(exported, streamed, name):
    consumer("pyarrow")
    duckdb = consumer("duckdb")
    dataset = __import__("pyarrow.dataset").dataset.dataset(exported[name], format="ipc")  # noqa: F841 - DuckDB finds it by its name
    assert duckdb.sql("SELECT count(*) FROM dataset").fetchall() == [(streamed[name].num_rows,)]
    column = {"objects": "size", "references": "target", "types": "bytes"}[name]
    assert duckdb.sql(f"SELECT sum({column}) FROM dataset").fetchall() == [
        (sum(streamed[name][column].to_pylist()),)
    ]


def test_the_files_are_for_their_owner_and_json_names_them(shop, exported):
    assert {f.stat().st_mode & 0o777 for f in exported.values()} == {0o600}
    out = shop.folder / "plain"
    done = run("export", shop.file, "--to", "arrow", "-o", out, "--json")
    report = json.loads(done.stdout)
    assert report["format"] == "arrow" and report["out"] == str(out)
    assert report["also"] == [f"{out}.references", f"{out}.types"]
    assert report["bytes"] == out.stat().st_size == exported["objects"].stat().st_size


def test_standard_output_is_refused(shop):
    refused(run("export", shop.file, "--to", "arrow", "-o", "-"), 2, "arrow", "-o FILE")


def test_where_nothing_can_be_written_nothing_is_left(shop, tmp_path):
    refused(run("export", shop.file, "--to", "arrow", "-o", tmp_path / "no" / "heap.arrow"), 4)
    (tmp_path / "heap.references.arrow").mkdir()
    refused(
        run("export", shop.file, "--to", "arrow", "-o", tmp_path / "heap.arrow"), 4, "references"
    )
    assert [f.name for f in tmp_path.iterdir()] == ["heap.references.arrow"]
