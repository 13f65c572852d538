#include "export/heapsnapshot_names.h"

#include "base/utf8.h"
#include "report/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 256
#define DIGITS_MAX 9 /* an index of so many digits fits into 32 bits */

/* A generic name that says all is asked for once. */
enum known { UNKNOWN = 0, FIXED, BY_ORDINAL, BY_TEXT };

struct uf_hs_generic {
    uint8_t known, type; /* enum known, enum uf_hs_edge_type */
    uint32_t name;
};

enum content { CONTENT_NONE = 0, CONTENT_STRING, CONTENT_NUMBER, CONTENT_NAMED };

struct uf_hs_type {
    uint8_t type, content; /* enum uf_hs_node_type, enum content */
    uint32_t name;
};

/* --- strings ------------------------------------------------------------------------------------ */

/* Not less than what the text takes as written. */
static uint64_t units_of(const char *text, size_t len)
{
    uint64_t units = 4; /* quotes, comma, newline */
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x7F)
            units += 5; /* at most: an invalid byte becomes "\\xff" with its backslash doubled */
        else
            units += c < 32 ? 6 : c == '"' || c == '\\' ? 2 : 1;
    }
    return units;
}

static uint32_t add_text(struct uf_hs_names *names, const char *text, size_t len)
{
    size_t before = names->strings.count;
    uint32_t number = uf_strings_add(&names->strings, text, len);
    if (number == UF_STRING_NONE) {
        names->failed = true;
        return 0;
    }
    if (names->strings.count != before)
        names->units += units_of(text, len);
    return number;
}

uint32_t uf_hs_text(struct uf_hs_names *names, const char *text)
{
    return add_text(names, text, strlen(text));
}

static bool has_room(const struct uf_hs_names *names)
{
    return names->units < names->content_units;
}

enum uf_code uf_hs_write_strings(const struct uf_hs_names *names, struct uf_sink *sink,
                                 struct uf_error *err)
{
    if (names->failed)
        return uf_error_nomem(err);
    if (names->units > UF_HS_STRINGS_UNITS)
        return uf_error_set(err, UF_ELIMIT, "more names than a heapsnapshot can hold");
    struct uf_text text = {0};
    uf_sink_add_z(sink, "[");
    for (uint32_t i = 0; i < names->strings.count && !uf_sink_failed(sink) && !text.failed; i++) {
        text.len = 0;
        uf_json_write_ascii(&text, uf_strings_get(&names->strings, i));
        uf_sink_add_z(sink, i ? ",\n" : "");
        uf_sink_add(sink, text.at, text.failed ? 0 : text.len);
    }
    uf_sink_add_z(sink, "]");
    bool failed = text.failed;
    uf_text_release(&text);
    return failed ? uf_error_nomem(err) : UF_OK;
}

/* --- nodes -------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* DevTools takes some names for its own: plain objects are named anew by their properties, elements
 * that begin with "Detached " are lost ones, and of "<a b>" only "<a>" counts
 * (HeapSnapshot.ts, chrome-devtools-frontend); memlab takes "Object(" for another engine. */
static void type_text(char text[TEXT_BYTES], const char *name)
{
    bool taken = begins(name, "Object") || begins(name, "Detached ") || begins(name, "<") ||
                 begins(name, "system / ");
    char shown[201];
    uf_utf8_cut(shown, sizeof shown, name);
    snprintf(text, TEXT_BYTES, "%s%s", taken ? "python: " : "", shown);
}

static void enter_types(struct uf_hs_names *names)
{
    static const struct {
        const char *type;
        enum uf_hs_node_type node_type;
        enum content content;
    } special[] = {
        {"str", UF_HS_STRING, CONTENT_STRING},   {"int", UF_HS_NUMBER, CONTENT_NUMBER},
        {"float", UF_HS_NUMBER, CONTENT_NUMBER}, {"complex", UF_HS_NUMBER, CONTENT_NUMBER},
        {"code", UF_HS_CODE, CONTENT_NONE},      {"function", UF_HS_OBJECT, CONTENT_NAMED},
        {"module", UF_HS_OBJECT, CONTENT_NAMED},
    };
    const struct uf_graph *graph = names->graph;
    for (uint32_t t = 0; t < graph->type_count; t++) {
        const char *name = uf_strings_get(&graph->strings, graph->types[t].name);
        char text[TEXT_BYTES];
        type_text(text, name);
        names->types[t] =
            (struct uf_hs_type){.type = UF_HS_OBJECT, .name = uf_hs_text(names, text)};
        for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
            if (strcmp(name, special[i].type) != 0)
                continue;
            names->types[t].type = (uint8_t)special[i].node_type;
            names->types[t].content = (uint8_t)special[i].content;
        }
    }
}

/* Strips the quotes of a repr; false: it has none, so it is not the text of a str. */
static bool unquote(const char **text, size_t *len)
{
    char quote = (*text)[0];
    if (*len < 2 || (quote != '\'' && quote != '"') || (*text)[*len - 1] != quote)
        return false;
    (*text)++;
    *len -= 2;
    return true;
}

/* A text that was cut says how long it is: else DevTools would take all that begin alike for the same
 * ("Duplicated strings"). False: it is whole. */
static bool add_cut_text(struct uf_hs_names *names, uf_node node, const char *text, size_t len,
                         uint32_t *ret)
{
    char whole[TEXT_BYTES + 40];
    if (len < 3 || memcmp(text + len - 3, "...", 3) != 0)
        return false;
    int64_t length = names->names->length(names->names->context, node);
    if (length <= (int64_t)len) /* in characters, of which there are no more than bytes */
        return false;
    snprintf(whole, sizeof whole, "%.*s (%" PRId64 " characters)", (int)len, text, length);
    *ret = uf_hs_text(names, whole);
    return true;
}

struct uf_hs_node_name uf_hs_name_node(struct uf_hs_names *names, uf_node node)
{
    const struct uf_graph *graph = names->graph;
    const struct uf_hs_type *type = &names->types[graph->type[node]];
    enum content content = (enum content)type->content;
    struct uf_hs_node_name plain = {(enum uf_hs_node_type)type->type, type->name};
    if (content != CONTENT_NONE)
        plain.type = UF_HS_OBJECT; /* unless its content is known */
    if (graph->flags[node] & UF_NODE_TYPE)
        content = CONTENT_NAMED;
    if (content == CONTENT_NONE || !has_room(names))
        return plain;

    char preview[TEXT_BYTES];
    const char *text = preview;
    names->names->preview(names->names->context, node, preview, sizeof preview);
    size_t len = strlen(preview);
    /* A preview that says only the type is "<type>". */
    if (content == CONTENT_NAMED) {
        if (preview[0] != '<' || !memchr(preview, ' ', len))
            return plain;
        return (struct uf_hs_node_name){UF_HS_OBJECT, add_text(names, text, len)};
    }
    if (content == CONTENT_STRING ? !unquote(&text, &len) : len == 0 || text[0] == '<')
        return plain;
    uint32_t name = 0;
    if (content != CONTENT_STRING || !add_cut_text(names, node, text, len, &name))
        name = add_text(names, text, len);
    return (struct uf_hs_node_name){(enum uf_hs_node_type)type->type, name};
}

/* --- references --------------------------------------------------------------------------------- */

static bool is_index(const char *text, size_t len, uint32_t *ret)
{
    if (len == 0 || len > DIGITS_MAX)
        return false;
    *ret = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *ret = *ret * 10 + (uint32_t)(text[i] - '0');
    }
    return true;
}

/* What stands between the first quotes: "local 'y' of f()" is about y. */
static void cut_to_quoted(const char **text, size_t *len)
{
    const char *from = memchr(*text, '\'', *len);
    const char *to = from ? strchr(from + 1, '\'') : NULL;
    if (to) {
        *text = from + 1;
        *len = (size_t)(to - from - 1);
    }
}

/* ['key'] and .__dict__['odd key']. */
static struct uf_hs_edge_name name_item(struct uf_hs_names *names, const struct uf_ref_name *ref)
{
    struct uf_hs_edge_name ret = {.type = UF_HS_PROPERTY};
    const char *text = ref->text;
    if (begins(text, ".__dict__["))
        text += strlen(".__dict__");
    size_t len = strlen(text);
    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (is_index(text, len, &ret.name)) {
        ret.type = UF_HS_ELEMENT;
        return ret;
    }
    (void)unquote(&text, &len);
    ret.name = has_room(names) ? add_text(names, text, len) : uf_hs_text(names, ref->generic);
    return ret;
}

/* How a reference of this name is written; `known` says whether all of its generic name are so. */
static struct uf_hs_edge_name name_by(struct uf_hs_names *names, const struct uf_ref_name *ref,
                                      uint32_t ordinal, enum known *known)
{
    struct uf_hs_edge_name ret = {.type = UF_HS_INTERNAL};
    const char *text = ref->generic;
    size_t len = strlen(text);
    *known = FIXED;
    switch (ref->kind) {
    case UF_REF_INDEX:
    case UF_REF_ITEM:
        *known = BY_TEXT;
        return name_item(names, ref);
    case UF_REF_KEY:
        if (begins(text, "key"))
            break;
        *known = BY_ORDINAL; /* a member of a set */
        return (struct uf_hs_edge_name){UF_HS_ELEMENT, ordinal};
    case UF_REF_ATTR:
    case UF_REF_DICT:
    case UF_REF_TYPE:
        ret.type = ref->kind == UF_REF_TYPE ? UF_HS_INTERNAL : UF_HS_PROPERTY;
        if (text[0] == '.')
            text++, len--;
        break;
    case UF_REF_LOCAL:
    case UF_REF_CLOSURE:
        ret.type = UF_HS_CONTEXT;
        cut_to_quoted(&text, &len);
        break;
    case UF_REF_FIELD:
    case UF_REF_UNKNOWN:
        if (text[0] == '.') { /* ".f_locals": Python has a name for it */
            ret.type = UF_HS_PROPERTY;
            text++, len--;
        }
        break;
    }
    ret.name = add_text(names, text, len);
    return ret;
}

static void remember(struct uf_hs_names *names, uint32_t number, enum known known,
                     struct uf_hs_edge_name name)
{
    struct uf_hs_generic generic = {(uint8_t)known, (uint8_t)name.type, name.name};
    uint32_t index = (uint32_t)names->generic.len;
    if (uf_vec_push(&names->generic, generic) ||
        uf_map_set(&names->generic_of, (uint64_t)number + 1, index))
        names->failed = true;
}

/* A reference that holds nothing has a name in words whatever it is. */
static struct uf_hs_edge_name as_weak(struct uf_hs_names *names, struct uf_hs_edge_name name)
{
    char index[16];
    if (name.type == UF_HS_ELEMENT) {
        snprintf(index, sizeof index, "%u", name.name);
        name.name = uf_hs_text(names, index);
    }
    name.type = UF_HS_WEAK;
    return name;
}

static struct uf_hs_edge_name name_edge(struct uf_hs_names *names, uf_node source, uint32_t ordinal)
{
    const struct uf_names *from = names->names;
    struct uf_hs_generic seen = {0};
    uint32_t number = from->generic ? from->generic(from->context, source, ordinal) : UINT32_MAX;
    uint32_t index = uf_map_get(&names->generic_of, (uint64_t)number + 1);
    if (index != UF_MAP_NONE)
        seen = names->generic.at[index];
    if (seen.known == FIXED)
        return (struct uf_hs_edge_name){(enum uf_hs_edge_type)seen.type, seen.name};
    if (seen.known == BY_ORDINAL)
        return (struct uf_hs_edge_name){UF_HS_ELEMENT, ordinal};

    struct uf_ref_name ref;
    enum known known;
    from->name(from->context, source, ordinal, &ref);
    struct uf_hs_edge_name ret = name_by(names, &ref, ordinal, &known);
    if (number != UINT32_MAX && seen.known == UNKNOWN)
        remember(names, number, known, ret);
    return ret;
}

struct uf_hs_edge_name uf_hs_name_edge(struct uf_hs_names *names, uf_node source, uint32_t ordinal,
                                       bool weak)
{
    struct uf_hs_edge_name name = name_edge(names, source, ordinal);
    return weak ? as_weak(names, name) : name;
}

/* --- the whole ---------------------------------------------------------------------------------- */

enum uf_code uf_hs_names_init(struct uf_hs_names *names, const struct uf_graph *graph,
                              const struct uf_names *from, uint64_t content_units,
                              struct uf_error *err)
{
    *names = (struct uf_hs_names){
        .graph = graph, .names = from, .content_units = content_units, .units = 4};
    names->types = uf_mem_zalloc(((size_t)graph->type_count + 1) * sizeof *names->types);
    if (names->types)
        enter_types(names);
    if (names->types && !names->failed)
        return UF_OK;
    uf_hs_names_release(names);
    return uf_error_nomem(err);
}

void uf_hs_names_release(struct uf_hs_names *names)
{
    uf_strings_release(&names->strings);
    uf_map_release(&names->generic_of);
    uf_vec_release(&names->generic);
    uf_mem_free(names->types);
    *names = (struct uf_hs_names){0};
}
