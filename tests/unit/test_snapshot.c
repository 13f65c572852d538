#include "snapshot/snapshot.h"

#include "make_shapes.h"
#include "shop_graph.h"
#include "snapshot_files.h"

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
    struct uf_snapshot_content content = {&f->made.graph, &f->shapes.shapes, meta_unknown(),
                                          redact};
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
    round_trip(&f, shop_graph, false);
    if (f.snapshot) {
        EXPECT(uf_graph_check(uf_snapshot_graph(f.snapshot), NULL) == UF_OK);
        expect_same_graph(&f.made.graph, uf_snapshot_graph(f.snapshot));
    }
    release(&f);
}

TEST(references_are_called_as_they_were)
{
    struct fixture f;
    round_trip(&f, shop_graph, false);
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
