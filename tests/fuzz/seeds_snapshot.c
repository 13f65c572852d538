/* seeds_snapshot - what fuzzing of snapshots begins with: small sound files, whole and as chunks.
 *
 *     fuzz_seeds_snapshot tests/fuzz/corpus/snapshot
 */
#include "make_shapes.h"
#include "shop_graph.h"
#include "snapshot/write.h"
#include "snapshot_parts.h"

#include <unistd.h>

static void save(const char *folder, const char *name, uint8_t first, const uint8_t *bytes,
                 size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fputc(first, file) == EOF || fwrite(bytes, 1, len, file) != len || fclose(file))
        made_fault("cannot be written", path);
}

static void save_chunks(const char *folder, const char *name, struct parts *parts)
{
    uint8_t *bytes = malloc((size_t)1 << 20), *to = bytes;
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->part[i];
        memcpy(to, part->id, 4);
        parts_put(to + 4, 2, part->len);
        memcpy(to + 6, part->at, part->len);
        to += 6 + part->len;
    }
    save(folder, name, 1, bytes, (size_t)(to - bytes));
    free(bytes);
}

static void seed(const char *folder, const char *name, const char *graph, bool redact)
{
    struct made_graph made;
    struct made_shapes shapes;
    struct uf_error err = {0};
    struct uf_meta meta = {.python = "3.11.7", .command_line = "app.py"};
    char path[4096], chunks[100];
    static uint8_t bytes[1 << 16];
    uint64_t len;
    make_graph(&made, graph);
    make_shapes(&shapes, &made);
    struct uf_snapshot_content content = {&made.graph, &shapes.shapes, &meta, redact};
    snprintf(path, sizeof path, "%s/seed.tmp", folder);
    if (uf_snapshot_write(path, &content, &len, &err))
        made_fault(err.message, path);
    FILE *file = fopen(path, "rb");
    if (!file || fread(bytes, 1, sizeof bytes, file) != len)
        made_fault("cannot be read", path);
    fclose(file);
    unlink(path);
    struct parts parts = parts_of(bytes, len);
    save(folder, name, 0, bytes, len);
    snprintf(chunks, sizeof chunks, "%s-chunks", name);
    save_chunks(folder, chunks, &parts);
    made_shapes_release(&shapes);
    made_graph_release(&made);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        made_fault("a folder is wanted", "");
    seed(argv[1], "shop", shop_graph, false);
    seed(argv[1], "shop-redacted", shop_graph, true);
    seed(argv[1], "one-object", "a: object\n", false);
    seed(argv[1], "nothing", "", false);
    return 0;
}
