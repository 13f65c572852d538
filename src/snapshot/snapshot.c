#include "snapshot/snapshot.h"

#include "base/mem.h"
#include "snapshot/read_private.h"

#include <string.h>

/* Forgets all that was loaded. */
static void unload(struct uf_snapshot *snapshot)
{
    /* these are the mapping's */
    snapshot->graph.edge_target = NULL;
    snapshot->graph.guessed = NULL;
    uf_graph_release(&snapshot->graph);
    uf_mem_free(snapshot->shapes.first_part);
    uf_mem_free(snapshot->texts.before);
    snapshot->forms = (struct uf_file_forms){0};
    snapshot->shapes = (struct uf_file_shapes){0};
    snapshot->texts = (struct uf_file_texts){0};
    uf_strings_release(&snapshot->names);
    uf_map_release(&snapshot->attribute_of);
    snapshot->loaded = 0;
}

static enum uf_code read_counts(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at;
    enum uf_code code = uf_container_items(&snapshot->container, UF_CHUNK_COUNTS,
                                           sizeof snapshot->counts, 1, &at, err);
    if (code)
        return code;
    memcpy(&snapshot->counts, at, sizeof snapshot->counts);
    if (snapshot->counts.nodes > UF_NODE_MAX || snapshot->counts.shapes == UF_SHAPE_NOMEM)
        return uf_damaged(err, "it has more objects than there can be");
    return UF_OK;
}

static enum uf_code read_meta(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at;
    uint32_t len;
    enum uf_code code = uf_container_all(&snapshot->container, UF_CHUNK_META, 1, &len, &at, err);
    if (!code && !uf_read_meta(&snapshot->meta, at, len))
        code = uf_damaged(err, "chunk 'meta' cannot be read");
    return code;
}

static enum uf_code open_with(struct uf_snapshot **ret, const char *path, const void *bytes,
                              size_t len, struct uf_error *err)
{
    *ret = NULL;
    struct uf_snapshot *snapshot = uf_mem_zalloc(sizeof *snapshot);
    if (!snapshot)
        return uf_error_nomem(err);
    enum uf_code code = path ? uf_container_open(&snapshot->container, path, err)
                             : uf_container_open_memory(&snapshot->container, bytes, len, err);
    if (!code)
        code = read_counts(snapshot, err);
    if (!code)
        code = read_meta(snapshot, err);
    if (code)
        uf_snapshot_close(snapshot);
    else
        *ret = snapshot;
    return code;
}

enum uf_code uf_snapshot_open(struct uf_snapshot **ret, const char *path, struct uf_error *err)
{
    return open_with(ret, path, NULL, 0, err);
}

enum uf_code uf_snapshot_open_memory(struct uf_snapshot **ret, const void *bytes, size_t len,
                                     struct uf_error *err)
{
    return open_with(ret, NULL, bytes, len, err);
}

void uf_snapshot_close(struct uf_snapshot *snapshot)
{
    if (!snapshot)
        return;
    unload(snapshot);
    uf_container_release(&snapshot->container);
    uf_mem_free(snapshot);
}

static enum uf_code load_base(struct uf_snapshot *snapshot, struct uf_error *err)
{
    snapshot->graph.node_count = snapshot->counts.nodes;
    enum uf_code code = uf_load_forms(snapshot, err);
    if (!code)
        code = uf_load_edges(snapshot, err);
    if (!code)
        code = uf_load_tables(snapshot, err);
    return code;
}

enum uf_code uf_snapshot_load(struct uf_snapshot *snapshot, unsigned parts, struct uf_error *err)
{
    static enum uf_code (*const loaders[])(struct uf_snapshot *, struct uf_error *) = {
        load_base, uf_load_address, uf_load_type, uf_load_count, uf_load_names,
    };
    if (parts & ~(unsigned)UF_LOAD_ALL)
        return uf_error_set(err, UF_EINVAL, "there is no part %#x of a snapshot", parts);
    if (parts & UF_LOAD_NAMES)
        parts |= UF_LOAD_TYPE;
    if (parts)
        parts |= UF_LOAD_BASE; /* the others rest on it */
    parts &= ~snapshot->loaded;
    for (unsigned i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        if (!(parts >> i & 1))
            continue;
        enum uf_code code = loaders[i](snapshot, err);
        if (code) {
            unload(snapshot);
            return code;
        }
        snapshot->loaded |= 1U << i;
    }
    return UF_OK;
}

enum uf_code uf_snapshot_verify(struct uf_snapshot *snapshot, struct uf_error *err)
{
    return uf_container_verify(&snapshot->container, err);
}

const struct uf_graph *uf_snapshot_graph(const struct uf_snapshot *snapshot)
{
    return &snapshot->graph;
}

const struct uf_names *uf_snapshot_names(const struct uf_snapshot *snapshot)
{
    return snapshot->loaded & UF_LOAD_NAMES ? &snapshot->interface : NULL;
}

const struct uf_meta *uf_snapshot_meta(const struct uf_snapshot *snapshot)
{
    return &snapshot->meta;
}

uint64_t uf_snapshot_bytes(const struct uf_snapshot *snapshot)
{
    return snapshot->container.len;
}
