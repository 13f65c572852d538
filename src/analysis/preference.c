#include "analysis/preference.h"

#include <string.h>

enum rank {
    EXCEPTION_LOCAL = 1,
    LOCAL,
    ATTRIBUTE,
    CLOSURE,
    ENTRY,
    EXCEPTION_FIELD = UF_PREFERENCE_CHANGEABLE,
    OTHER,
    INTERNAL = UF_PREFERENCE_LAST,
};

/* The bare name in ".name" and "['name']". */
static void bare(const char *text, char *ret, size_t size)
{
    size_t from = text[0] == '.' ? 1 : strncmp(text, "['", 2) == 0 ? 2 : 0;
    size_t len = strlen(text + from);
    if (from == 2 && len >= 2 && strcmp(text + from + len - 2, "']") == 0)
        len -= 2;
    if (len >= size)
        len = size - 1;
    memcpy(ret, text + from, len);
    ret[len] = '\0';
}

static bool among(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

/* Attributes that the interpreter sets and that nobody can do without. */
static const char *const internal[] = {
    "tb_frame", "tb_next",   "f_back",       "f_globals",    "f_builtins", "f_code",
    "f_locals", "__class__", "__dict__",     "__globals__",  "__mro__",    "__bases__",
    "__base__", "__code__",  "gi_frame",     "gi_code",      "cr_frame",   "cr_code",
    "ag_frame", "ag_code",   "__builtins__", "__objclass__", NULL};
/* The same among internal fields that have no attribute's name (graph/names.h: UF_REF_FIELD). */
static const char *const internal_fields[] = {"frame",      "globals", "builtins", "mro",  "bases",
                                              "base",       "dict",    "type",     "code", "back",
                                              "subclasses", "cache",   NULL};
static const char *const exception_fields[] = {"__traceback__", "__context__", "__cause__", NULL};

/* What a person would make a weak reference. */
static bool points_back(const char *text)
{
    static const char *const words[] = {"parent", "owner", "prev",      "previous", "back",
                                        "up",     "outer", "container", NULL};
    char name[64];
    bare(text, name, sizeof name);
    char *end = name + strlen(name), *from = name + strspn(name, "_");
    while (end > from && end[-1] == '_')
        *--end = '\0';
    char *last = strrchr(from, '_'), *first = strchr(from, '_');
    if (among(from, words) || (last && among(last + 1, words)))
        return true;
    if (first)
        *first = '\0';
    return among(from, words);
}

static unsigned rank_of_attribute(const char *text)
{
    char name[64];
    bare(text, name, sizeof name);
    size_t len = strlen(name);
    if (among(name, internal))
        return INTERNAL;
    if (among(name, exception_fields))
        return EXCEPTION_FIELD;
    if (strcmp(name, "cell_contents") == 0)
        return CLOSURE;
    if (strcmp(name, "__wrapped__") == 0)
        return ATTRIBUTE;
    bool dunder = len > 4 && strncmp(name, "__", 2) == 0 && strcmp(name + len - 2, "__") == 0;
    return dunder ? OTHER : ATTRIBUTE;
}

static unsigned rank_of_field(const char *text)
{
    unsigned rank = among(text, internal_fields) ? INTERNAL : rank_of_attribute(text);
    return rank == ATTRIBUTE ? OTHER : rank;
}

static unsigned rank_of_local(const char *text, const struct uf_ref_name *after)
{
    char name[64];
    if (after) {
        bare(after->text, name, sizeof name);
        if (strcmp(name, "__traceback__") == 0)
            return EXCEPTION_LOCAL;
    }
    bool receiver = strncmp(text, "local 'self'", 12) == 0 || strncmp(text, "local 'cls'", 11) == 0;
    return receiver ? EXCEPTION_FIELD : LOCAL;
}

struct uf_preference uf_preference_of(const struct uf_ref_name *name,
                                      const struct uf_ref_name *before,
                                      const struct uf_ref_name *after)
{
    struct uf_preference ret = {.rank = OTHER, .points_back = points_back(name->text)};
    bool attribute = name->kind == UF_REF_ATTR ||
                     (name->kind == UF_REF_ITEM && before && before->kind == UF_REF_DICT);
    const char *text = attribute ? name->text : name->generic;
    size_t len = strnlen(text, sizeof ret.generic - 1);
    memcpy(ret.generic, text, len);
    switch (name->kind) {
    case UF_REF_LOCAL:
        ret.rank = rank_of_local(name->text, after);
        break;
    case UF_REF_ATTR:
    case UF_REF_ITEM:
        ret.rank = attribute ? rank_of_attribute(name->text) : ENTRY;
        break;
    case UF_REF_KEY:
    case UF_REF_INDEX:
        ret.rank = ENTRY;
        break;
    case UF_REF_CLOSURE:
        ret.rank = strcmp(name->text, "closure '__class__'") == 0 ? OTHER : CLOSURE;
        break;
    case UF_REF_FIELD:
        ret.rank = rank_of_field(name->text);
        break;
    case UF_REF_DICT:
    case UF_REF_TYPE:
        ret.rank = INTERNAL;
        break;
    case UF_REF_UNKNOWN:
        break;
    }
    return ret;
}

void uf_preference_of_fixed(struct uf_preference *preference, const char *source_type)
{
    static const char *const fixed[] = {
        "tuple", "frozenset", "method", "builtin_function_or_method", "functools.partial", NULL};
    if (preference->rank < OTHER && among(source_type, fixed))
        preference->rank = OTHER;
}

int uf_preference_compare(const struct uf_preference *a, const struct uf_preference *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->points_back != b->points_back)
        return a->points_back ? -1 : 1;
    return strncmp(a->generic, b->generic, sizeof a->generic);
}
