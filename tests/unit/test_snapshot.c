#include "snapshot/snapshot.h"

#include "make_shapes.h"
#include "snapshot_files.h"

static const char shop[] = "root module shop -> attributes\n"
                           "root thread MainThread -> frame local 'x' of f() at shop.py:12\n"
                           "root native code -> orphan 3\n"
                           "attributes: dict size=232 tracked\n"
                           "attributes -> name_STORE key 'STORE'\n"
                           "attributes -> store .STORE\n"
                           "name_STORE: str preview='STORE'\n"
                           "store: shop.Store tracked size=48\n"
                           "store -> sessions ._sessions\n"
                           "store -> class .__class__\n"
                           "class: type type static immortal preview=<class/Store>\n"
                           "sessions: dict size=1000 tracked\n"
                           "sessions -> k1 key '9f3c'\n"
                           "sessions -> s1 ['9f3c']\n"
                           "sessions -> k2 key 5\n"
                           "sessions -> s1 [5]\n"
                           "k1: str preview='9f3c'\n"
                           "k2: int preview=5 refs=70000\n"
                           "s1: shop.Session tracked size=5000000000 refs=300\n"
                           "s1 -> list .items\n"
                           "list: list tracked size=70000\n"
                           "list -> a [0]\n"
                           "list -> a [1]\n"
                           "list -> k1 [2]\n"
                           "a: tuple tracked\n"
                           "set: set tracked\n"
                           "set -> k1 {'9f3c'}\n"
                           "frame: frame tracked\n"
                           "frame -> set local 'x' of f() at shop.py:12\n"
                           "cache: collections.deque bound=10\n"
                           "cache -> long [0]\n"
                           "long: str preview='abcdefghijklmnopqrstuvwx...' len=5012\n"
                           "orphan: bytearray len=77\n";

struct fixture {
    struct made_graph made;
    struct made_shapes shapes;
    struct uf_snapshot *snapshot;
};

/* Writes it, opens it, loads all. */
static void round_trip(struct fixture *f, const char *text, bool redact)
{
    struct uf_error err = {0};
    uint64_t bytes;
    make_graph(&f->made, text);
    make_shapes(&f->shapes, &f->made);
    struct uf_snapshot_content content = {&f->made.graph, &f->shapes.shapes, meta_unknown(), redact};
    f->snapshot = NULL;
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_OK);
    EXPECT(uf_snapshot_open(&f->snapshot, files_path, &err) == UF_OK);
    EXPECT(f->snapshot && uf_snapshot_load(f->snapshot, UF_LOAD_ALL, &err) == UF_OK);
    EXPECT(f->snapshot && uf_snapshot_verify(f->snapshot, &err) == UF_OK);
    EXPECT(f->snapshot && uf_snapshot_bytes(f->snapshot) == bytes);
    EXPECT_TEXT(err.message, "");
}

static void release(struct fixture *f)
{
    uf_snapshot_close(f->snapshot);
    made_shapes_release(&f->shapes);
    made_graph_release(&f->made);
}

TEST(a_graph_comes_back_from_a_file_as_it_was)
{
    struct fixture f;
    round_trip(&f, shop, false);
    if (f.snapshot) {
        EXPECT(uf_graph_check(uf_snapshot_graph(f.snapshot), NULL) == UF_OK);
        expect_same_graph(&f.made.graph, uf_snapshot_graph(f.snapshot));
    }
    release(&f);
}

TEST(references_are_called_as_they_were)
{
    struct fixture f;
    round_trip(&f, shop, false);
    if (f.snapshot) {
        const struct uf_names *names = uf_snapshot_names(f.snapshot);
        expect_same_names(&f.made.graph, &f.made.names, names);
    }
    release(&f);
}

int main(void)
{
    files_begin();
    RUN(a_graph_comes_back_from_a_file_as_it_was);
    RUN(references_are_called_as_they_were);
    files_end();
    return test_end();
}
