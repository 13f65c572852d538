#include "base/mem.h"
#include "snapshot/read_private.h"

static bool is_string(const struct uf_strings *strings, uint32_t number)
{
    return number == 0 || number < strings->count;
}

static enum uf_code check_part(const struct uf_snapshot *snapshot,
                               const struct uf_format_part *part, struct uf_error *err)
{
    if (!is_string(&snapshot->names, part->text) || !is_string(&snapshot->names, part->generic) ||
        part->kind > UF_REF_UNKNOWN)
        return uf_damaged(err, "a name of a reference is out of range");
    return UF_OK;
}

/* Where the parts of each shape begin. */
static enum uf_code fill_first_parts(struct uf_snapshot *snapshot, struct uf_error *err)
{
    struct uf_file_shapes *shapes = &snapshot->shapes;
    uint64_t sum = 0;
    enum uf_code code = UF_OK;
    shapes->first_part =
        uf_mem_alloc(((size_t)snapshot->counts.shapes + 1) * sizeof *shapes->first_part);
    if (!shapes->first_part)
        return uf_error_nomem(err);
    for (uint32_t s = 0; s < snapshot->counts.shapes && !code; s++) {
        const struct uf_format_shape *shape = &shapes->shapes[s];
        struct uf_format_part same = {shape->same_text, shape->same_generic, shape->same_kind};
        shapes->first_part[s] = (uint32_t)sum;
        sum += (uint64_t)shape->head_count + shape->tail_count;
        if (sum > snapshot->counts.shape_parts || shape->rule >= UF_SHAPE_RULES)
            return uf_damaged(err, "shape %u is out of range", s);
        code = check_part(snapshot, &same, err);
    }
    if (!code && sum != snapshot->counts.shape_parts)
        code = uf_damaged(err, "its shapes do not have %u names", snapshot->counts.shape_parts);
    shapes->first_part[snapshot->counts.shapes] = (uint32_t)sum;
    for (uint32_t i = 0; i < snapshot->counts.shape_parts && !code; i++)
        code = check_part(snapshot, &shapes->parts[i], err);
    return code;
}

static enum uf_code load_shapes(struct uf_snapshot *snapshot, struct uf_error *err)
{
    const void *at;
    uint64_t len, wanted = (uint64_t)snapshot->counts.shapes * sizeof(struct uf_format_shape) +
                           (uint64_t)snapshot->counts.shape_parts * sizeof(struct uf_format_part);
    enum uf_code code = uf_container_bytes(&snapshot->container, UF_CHUNK_SHAPES, &len, &at, err);
    if (code)
        return code;
    if (len != wanted)
        return uf_damaged(err, "its shapes have %llu bytes, not %llu", (unsigned long long)len,
                          (unsigned long long)wanted);
    snapshot->shapes.shapes = at;
    snapshot->shapes.parts = (const void *)(snapshot->shapes.shapes + snapshot->counts.shapes);
    return fill_first_parts(snapshot, err);
}

enum uf_code uf_load_shapes(struct uf_snapshot *snapshot, struct uf_error *err)
{
    enum uf_code code = uf_load_strings(snapshot, UF_CHUNK_SHAPE_STRINGS, &snapshot->names, err);
    if (!code && snapshot->names.count > UF_NAMES_MAX)
        code = uf_damaged(err, "it has more names than there can be");
    if (!code)
        code = load_shapes(snapshot, err);
    return code;
}
