"""docs/sql.md: what it shows is run as it stands there."""

import re

import pytest
import unfreed
from arrow_heaps import consumer, make_shop
from unfreed_runs import ROOT

PAGE = (ROOT / "docs" / "sql.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def names(shop, monkeypatch):
    """The names that the page's first script makes, in the folder of the snapshots."""
    consumer("duckdb")
    monkeypatch.chdir(shop.folder)
    names = {}
    exec(SCRIPTS[0], names)
    return names


def answer(query, names):
    """Rows of one of the page's queries, by their first column (or first two)."""
    names["query"] = query
    exec("rows = duckdb.sql(query).fetchall()", names)
    return names["rows"]


def test_the_page_has_three_queries():
    assert len(QUERIES) == 3


def test_what_keeps_most_alive(shop, names):
    rows = answer(QUERIES[0].replace("LIMIT 20", ""), names)
    assert [r[3] for r in rows] == sorted((r[3] for r in rows), reverse=True)
    assert answer(QUERIES[0], names) == rows[:20]
    by_name = {r[0]: r[1:] for r in rows}
    sizes = [size for size, _, _ in shop.now["sessions"].values()]
    retained = sum(retained for _, retained, _ in shop.now["sessions"].values())
    assert by_name["shop.Session"] == (1500, sum(sizes), retained)
    assert by_name["shop.Store"][2] > retained


def test_who_refers_to_the_sessions(names):
    assert answer(QUERIES[1], names) == [("dict", "[*]", 1500)]


def test_what_grew_between_two_snapshots(shop, names):
    names["old"] = unfreed.open("before.snapshot").types
    names["new"] = unfreed.open("app.snapshot").types
    rows = {r[0]: r[1:] for r in answer(QUERIES[2], names)}
    assert rows["shop.Session"][0] == 500
    assert rows["shop.Item"] == (
        shop.now["items"] - shop.before["items"],
        shop.now["item_bytes"] - shop.before["item_bytes"],
    )
    assert "shop.Lost" not in rows and "shop.Store" not in rows


def test_the_other_lines_of_the_page_run_too(names, shop):
    names |= {"polars": consumer("polars"), "pyarrow": consumer("pyarrow")}
    __import__("pyarrow.ipc")
    assert "heap.references.arrow" in SCRIPTS[3]
    from unfreed_runs import run

    assert (
        run(
            "export", "app.snapshot", "--to", "arrow", "-o", "heap.arrow", cwd=shop.folder
        ).returncode
        == 0
    )
    for script in SCRIPTS[1:]:
        for line in script.splitlines():
            exec(f"value = {line}", names)
            assert names["value"] is not None


def test_every_column_is_on_the_page(names):
    for table in ("objects", "refs", "types"):
        for column in names[table].columns:
            assert f"`{column}`" in PAGE
