/* Names of references out of shapes, targets and texts; lengths, bounds, previews.
 *
 * What is written here is what cpython/names.h says of the same object while it lives. */
#include "base/mem.h"
#include "base/utf8.h"
#include "graph/preview.h"
#include "snapshot/read_private.h"

#include <stdio.h>
#include <string.h>

#define KEY_BYTES 160 /* of a text with NUL; more is cut */
#define TYPE_KEY_BYTES                                                                             \
    61 /* of a type's name where it stands for a key, with NUL: as in cpython/naming.h */

/* The number of a generic name: its text's number and its kind. */
static uint32_t numbered(uint32_t text, enum uf_ref_kind kind)
{
    return text << UF_GENERIC_KIND_BITS | kind;
}

/* --- keys ------------------------------------------------------------------------------------------ */

/* Where contents were left out, what would have one says "...". */
static bool lost_its_text(const struct uf_snapshot *snapshot, uf_node node)
{
    static const char *const types[] = {"str", "int", "float", "bytes", "tuple"};
    const char *type = uf_graph_type_name(&snapshot->graph, node);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (snapshot->meta.redacted && strcmp(type, types[i]) == 0)
            return true;
    return false;
}

static void key_text(const struct uf_snapshot *snapshot, uf_node key, char ret[KEY_BYTES])
{
    struct uf_file_text text;
    char type[TYPE_KEY_BYTES];
    if (uf_file_text(snapshot, key, &text) && text.len) {
        uf_utf8_copy(ret, KEY_BYTES, text.at, text.len);
    } else if (lost_its_text(snapshot, key)) {
        memcpy(ret, "...", 4);
    } else {
        uf_utf8_cut(type, sizeof type, uf_graph_type_name(&snapshot->graph, key));
        snprintf(ret, KEY_BYTES, "<%s>", type);
    }
}

/* 'name' without its quotes, if an attribute can be written with it. */
static bool as_identifier(char *text)
{
    size_t len = strlen(text);
    if (len < 3 || text[0] != '\'' || text[len - 1] != '\'' || (text[1] >= '0' && text[1] <= '9'))
        return false;
    for (size_t i = 1; i + 1 < len; i++) {
        char c = text[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || (c & 0x80);
        if (!word)
            return false;
    }
    memmove(text, text + 1, len - 2);
    text[len - 2] = 0;
    return true;
}

/* --- names ----------------------------------------------------------------------------------------- */

/* Where a reference stands in its node's shape. */
struct place {
    const struct uf_format_shape *shape;
    const struct uf_format_part *part; /* its name, or NULL: it follows the rule */
    uint32_t index, rest;              /* among those that follow the rule */
    uint32_t edge;
};

/* False: nothing is said of it. */
static bool find_place(const struct uf_snapshot *snapshot, uf_node source, uint32_t ordinal,
                       struct place *ret)
{
    const struct uf_graph *graph = &snapshot->graph;
    if (source >= graph->node_count)
        return false;
    uint32_t first = graph->edge_start[source];
    uint32_t degree = graph->edge_start[source + 1] - first;
    uint32_t number = ordinal < degree ? uf_file_shape(snapshot, source) : UF_SHAPE_NOMEM;
    if (number == UF_SHAPE_NOMEM)
        return false;
    const struct uf_format_shape *shape = &snapshot->shapes.shapes[number];
    const struct uf_format_part *parts = snapshot->shapes.parts +
                                         snapshot->shapes.first_part[number];
    uint64_t named = (uint64_t)shape->head_count + shape->tail_count;
    if (named > degree)
        return false; /* it has not what its shape names: not written by unfreed */
    uint32_t tail = degree - shape->tail_count;
    *ret = (struct place){.shape = shape, .edge = first + ordinal};
    if (ordinal < shape->head_count) {
        ret->part = parts + ordinal;
    } else if (ordinal >= tail) {
        ret->part = parts + shape->head_count + (ordinal - tail);
    } else {
        ret->index = ordinal - shape->head_count;
        ret->rest = degree - (uint32_t)named;
    }
    return true;
}

/* Is it a key, or the value of the one before it? */
static bool is_value(const struct place *place)
{
    if (place->shape->rule == UF_SHAPE_ORDERED && place->index >= place->rest / 3 * 2)
        return false;
    return place->index % 2 != 0;
}

static void set(struct uf_ref_name *ret, enum uf_ref_kind kind, const char *text,
                const char *generic)
{
    ret->kind = kind;
    uf_utf8_cut(ret->text, sizeof ret->text, text);
    uf_utf8_cut(ret->generic, sizeof ret->generic, generic);
}

static void name_pair(const struct uf_snapshot *snapshot, const struct place *place,
                      struct uf_ref_name *ret)
{
    char key[KEY_BYTES], text[KEY_BYTES + 16];
    if (place->shape->rule == UF_SHAPE_ORDERED && place->index >= place->rest / 3 * 2) {
        set(ret, UF_REF_KEY, "key (in the order list)", "key");
        return;
    }
    if (!is_value(place)) {
        key_text(snapshot, snapshot->graph.edge_target[place->edge], key);
        snprintf(text, sizeof text, "key %s", key);
        set(ret, UF_REF_KEY, text, "key");
        return;
    }
    key_text(snapshot, snapshot->graph.edge_target[place->edge - 1], key);
    if (place->shape->rule != UF_SHAPE_ATTRIBUTES) {
        snprintf(text, sizeof text, "[%s]", key);
        set(ret, UF_REF_ITEM, text, "[*]");
    } else if (as_identifier(key)) {
        snprintf(text, sizeof text, ".%s", key);
        set(ret, UF_REF_ATTR, text, text);
    } else {
        snprintf(text, sizeof text, ".__dict__[%s]", key);
        set(ret, UF_REF_ITEM, text, ".__dict__[*]");
    }
}

static void name(void *context, uf_node source, uint32_t ordinal, struct uf_ref_name *ret)
{
    const struct uf_snapshot *snapshot = context;
    char key[KEY_BYTES], text[KEY_BYTES + 16];
    struct place place;
    set(ret, UF_REF_UNKNOWN, "(held inside)", "(held inside)");
    if (!find_place(snapshot, source, ordinal, &place))
        return;
    if (place.part) {
        set(ret, (enum uf_ref_kind)place.part->kind,
            uf_strings_get(&snapshot->names, place.part->text),
            uf_strings_get(&snapshot->names, place.part->generic));
        return;
    }
    switch ((enum uf_shape_rule)place.shape->rule) {
    case UF_SHAPE_INDEX:
        snprintf(text, sizeof text, "[%u]", place.index);
        set(ret, UF_REF_INDEX, text, "[*]");
        break;
    case UF_SHAPE_ITEMS:
    case UF_SHAPE_ATTRIBUTES:
    case UF_SHAPE_ORDERED:
        name_pair(snapshot, &place, ret);
        break;
    case UF_SHAPE_MEMBERS:
        key_text(snapshot, snapshot->graph.edge_target[place.edge], key);
        snprintf(text, sizeof text, "{%s}", key);
        set(ret, UF_REF_KEY, text, "{*}");
        break;
    case UF_SHAPE_SAME:
        set(ret, (enum uf_ref_kind)place.shape->same_kind,
            uf_strings_get(&snapshot->names, place.shape->same_text),
            uf_strings_get(&snapshot->names, place.shape->same_generic));
        break;
    case UF_SHAPE_NONE:
    case UF_SHAPE_RULES:
        break;
    }
}

/* --- numbers of generic names ------------------------------------------------------------------------ */

static uint32_t number_of(struct uf_snapshot *snapshot, const char *text, enum uf_ref_kind kind)
{
    uint32_t number = uf_strings_add_z(&snapshot->names, text);
    return number >> (32 - UF_GENERIC_KIND_BITS) ? UINT32_MAX : numbered(number, kind);
}

/* ".name" of the value that the key's node leads to; most dictionaries share their keys. */
static uint32_t attribute_number(struct uf_snapshot *snapshot, uf_node key)
{
    char text[KEY_BYTES];
    char generic[sizeof((struct uf_ref_name *)0)->generic];
    uint32_t number = uf_map_get(&snapshot->attribute_of, (uint64_t)key + 1);
    if (number != UF_MAP_NONE)
        return number;
    key_text(snapshot, key, text);
    if (as_identifier(text)) {
        generic[0] = '.';
        uf_utf8_cut(generic + 1, sizeof generic - 1, text);
        number = number_of(snapshot, generic, UF_REF_ATTR);
    } else {
        number = number_of(snapshot, ".__dict__[*]", UF_REF_ITEM);
    }
    if (number == UINT32_MAX || uf_map_set(&snapshot->attribute_of, (uint64_t)key + 1, number))
        return UINT32_MAX;
    return number;
}

static uint32_t generic(void *context, uf_node source, uint32_t ordinal)
{
    struct uf_snapshot *snapshot = context;
    const uint32_t *fixed = snapshot->generic_numbers;
    struct place place;
    if (!find_place(snapshot, source, ordinal, &place))
        return fixed[UF_GENERIC_UNKNOWN];
    if (place.part)
        return numbered(place.part->generic, (enum uf_ref_kind)place.part->kind);
    switch ((enum uf_shape_rule)place.shape->rule) {
    case UF_SHAPE_INDEX:
        return fixed[UF_GENERIC_INDEX];
    case UF_SHAPE_ITEMS:
    case UF_SHAPE_ORDERED:
        return fixed[is_value(&place) ? UF_GENERIC_ITEM : UF_GENERIC_KEY];
    case UF_SHAPE_ATTRIBUTES:
        return is_value(&place)
                   ? attribute_number(snapshot, snapshot->graph.edge_target[place.edge - 1])
                   : fixed[UF_GENERIC_KEY];
    case UF_SHAPE_MEMBERS:
        return fixed[UF_GENERIC_MEMBER];
    case UF_SHAPE_SAME:
        return numbered(place.shape->same_generic, (enum uf_ref_kind)place.shape->same_kind);
    case UF_SHAPE_NONE:
    case UF_SHAPE_RULES:
        break;
    }
    return fixed[UF_GENERIC_UNKNOWN];
}

static const char *generic_text(void *context, uint32_t number)
{
    const struct uf_snapshot *snapshot = context;
    return uf_strings_get(&snapshot->names, number >> UF_GENERIC_KIND_BITS);
}

static enum uf_code number_fixed(struct uf_snapshot *snapshot, struct uf_error *err)
{
    static const struct {
        const char *text;
        enum uf_ref_kind kind;
    } fixed[UF_GENERIC_FIXED] = {
        [UF_GENERIC_UNKNOWN] = {"(held inside)", UF_REF_UNKNOWN},
        [UF_GENERIC_INDEX] = {"[*]", UF_REF_INDEX},
        [UF_GENERIC_ITEM] = {"[*]", UF_REF_ITEM},
        [UF_GENERIC_KEY] = {"key", UF_REF_KEY},
        [UF_GENERIC_MEMBER] = {"{*}", UF_REF_KEY},
    };
    for (int i = 0; i < UF_GENERIC_FIXED; i++) {
        snapshot->generic_numbers[i] = number_of(snapshot, fixed[i].text, fixed[i].kind);
        if (snapshot->generic_numbers[i] == UINT32_MAX)
            return uf_error_nomem(err);
    }
    return UF_OK;
}

/* --- objects ----------------------------------------------------------------------------------------- */

/* Characters of 'abc' or b'abc', escapes counted as what they stand for; -1: it is no such text. */
static int64_t quoted_length(const char *text, size_t len)
{
    size_t at = len > 0 && text[0] == 'b';
    int64_t count = 0;
    if (len < at + 2 || (text[at] != '\'' && text[at] != '"') || text[len - 1] != text[at])
        return -1;
    for (at++; at < len - 1; count++) {
        if (text[at] == '\\')
            at += text[at + 1] == 'x' ? 4 : 2;
        else
            for (at++; at < len - 1 && (text[at] & 0xc0) == 0x80;)
                at++;
    }
    return count;
}

#define LRU_CACHE "functools._lru_cache_wrapper"

/* The node that `source` holds by a reference of this name; UF_NODE_NONE: there is none. */
static uf_node held_as(const struct uf_snapshot *snapshot, uf_node source, const char *text)
{
    const struct uf_graph *graph = &snapshot->graph;
    uint32_t first = graph->edge_start[source], degree = graph->edge_start[source + 1] - first;
    struct place place;
    for (uint32_t i = 0; i < degree; i++)
        if (find_place(snapshot, source, i, &place) && place.part &&
            strcmp(uf_strings_get(&snapshot->names, place.part->text), text) == 0)
            return graph->edge_target[first + i];
    return UF_NODE_NONE;
}

/* What the shape of a node says of its length; -1: nothing. */
static int64_t length_by_shape(const struct uf_snapshot *snapshot, uf_node node)
{
    const struct uf_graph *graph = &snapshot->graph;
    uint32_t number = uf_file_shape(snapshot, node);
    const struct uf_format_shape *shape = &snapshot->shapes.shapes[number];
    uint32_t degree = graph->edge_start[node + 1] - graph->edge_start[node];
    uint64_t named = (uint64_t)shape->head_count + shape->tail_count;
    uint32_t rest = named < degree ? degree - (uint32_t)named : 0;
    switch ((enum uf_shape_rule)shape->rule) {
    case UF_SHAPE_INDEX:
    case UF_SHAPE_MEMBERS:
        return rest;
    case UF_SHAPE_ITEMS:
    case UF_SHAPE_ATTRIBUTES:
        return rest / 2;
    case UF_SHAPE_ORDERED:
        return rest / 3;
    default:
        break;
    }
    const char *type = uf_graph_type_name(graph, node);
    if (shape->rule == UF_SHAPE_NONE && (strcmp(type, "dict") == 0 || strcmp(type, "tuple") == 0))
        return shape->head_count; /* keys shared with others, variables of a closure */
    return -1;
}

static int64_t length(void *context, uf_node node)
{
    const struct uf_snapshot *snapshot = context;
    struct uf_file_text text;
    if (node >= snapshot->graph.node_count)
        return -1;
    bool has_text = uf_file_text(snapshot, node, &text);
    if (has_text && text.length >= 0)
        return text.length;
    int64_t length = length_by_shape(snapshot, node);
    if (length < 0 && has_text)
        length = quoted_length(text.at, text.len);
    if (length < 0 && strcmp(uf_graph_type_name(&snapshot->graph, node), LRU_CACHE) == 0) {
        uf_node cache = held_as(snapshot, node, "cache");
        length = cache == UF_NODE_NONE ? -1 : length_by_shape(snapshot, cache);
    }
    return length;
}

static int64_t bound(void *context, uf_node node)
{
    return uf_file_bound(context, node);
}

static enum uf_length_unit unit_of(const struct uf_snapshot *snapshot, uf_node node)
{
    const char *type = uf_graph_type_name(&snapshot->graph, node);
    uint32_t number = uf_file_shape(snapshot, node);
    uint8_t rule = number == UF_SHAPE_NOMEM ? UF_SHAPE_NONE : snapshot->shapes.shapes[number].rule;
    if (strcmp(type, "str") == 0)
        return UF_UNIT_CHARACTERS;
    if (strcmp(type, "bytes") == 0 || strcmp(type, "bytearray") == 0)
        return UF_UNIT_BYTES;
    if (rule == UF_SHAPE_MEMBERS)
        return UF_UNIT_MEMBERS;
    bool entries = rule == UF_SHAPE_ITEMS || rule == UF_SHAPE_ATTRIBUTES ||
                   rule == UF_SHAPE_ORDERED || rule == UF_SHAPE_SAME || strcmp(type, "dict") == 0 ||
                   strcmp(type, LRU_CACHE) == 0;
    return entries ? UF_UNIT_ENTRIES : UF_UNIT_ITEMS;
}

static void preview(void *context, uf_node node, char *ret, size_t size)
{
    const struct uf_snapshot *snapshot = context;
    struct uf_file_text text;
    if (size == 0)
        return;
    if (node >= snapshot->graph.node_count)
        ret[0] = 0;
    else if (uf_file_text(snapshot, node, &text) && text.len)
        uf_utf8_copy(ret, size, text.at, text.len);
    else
        uf_preview_of_length(ret, size, uf_graph_type_name(&snapshot->graph, node),
                             length(context, node), unit_of(snapshot, node));
}

enum uf_code uf_load_names(struct uf_snapshot *snapshot, struct uf_error *err)
{
    enum uf_code code = uf_load_shapes(snapshot, err);
    if (!code)
        code = uf_load_texts(snapshot, err);
    if (!code)
        code = number_fixed(snapshot, err);
    snapshot->interface = (struct uf_names){.context = snapshot,
                                            .name = name,
                                            .length = length,
                                            .bound = bound,
                                            .generic = generic,
                                            .generic_text = generic_text,
                                            .preview = preview};
    return code;
}
