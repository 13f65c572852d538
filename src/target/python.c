#include "target/python.h"

#include "cpython/debug_offsets.h"
#include "cpython/decode.h"
#include "cpython/read.h"
#include "cpython/str.h"
#include "target/calibrate.h"
#include "target/known.h"
#include "target/unnamed.h"
#include "target/validate.h"

#include <stdio.h>
#include <string.h>

#define MINOR(version_hex) ((version_hex) >> 16)
#define VERSION_BYTES 24
#define ROWS_MAX 64
#define PASSED_INTERPRETERS 1

/* How far a row came before something of it did not hold: of all rows, the one that came farthest tells
 * what is wrong. */
struct attempt {
    int steps; /* PASSED_INTERPRETERS and more */
    const struct uf_layout_row *row;
    struct uf_error err;
};

/* "3.14.0a2" of a PY_VERSION_HEX (CPython 3.12 Include/patchlevel.h) */
static const char *version_text(uint32_t hex, char *ret)
{
    static const char levels[16] = {[0xa] = 'a', [0xb] = 'b', [0xc] = 'c'};
    char level = levels[hex >> 4 & 15];
    int len = snprintf(ret, VERSION_BYTES, "%u.%u.%u", hex >> 24, hex >> 16 & 255, hex >> 8 & 255);
    if (level && len > 0)
        snprintf(ret + len, VERSION_BYTES - (size_t)len, "%s%u",
                 level == 'c' ? "rc" : (char[]){level, '\0'}, hex & 15);
    return ret;
}

struct uf_heap_config uf_python_config(const struct uf_python *python)
{
    return (struct uf_heap_config){
        .source = python->memory->source,
        .layout = &python->layout,
        .runtime = python->location.runtime,
        .interpreter = python->interpreters.len ? python->interpreters.at[0] : 0,
        .interpreters = python->interpreters.at,
        .interpreter_count = (uint32_t)python->interpreters.len,
        .known = &python->known,
    };
}

/* --- what the interpreter says of itself -------------------------------------------------------- */

/* The dict of the sys module: a field of the interpreter, which no Python code can replace. */
static uint64_t sys_dict(const struct uf_python *python)
{
    const struct uf_root_field *field = python->layout.runtime.interpreter.fields;
    for (; field->name; field++)
        if (strcmp(field->name, "sys") == 0 && field->label &&
            strcmp(field->label, "its dict") == 0)
            return uf_source_word(python->memory->source,
                                  python->interpreters.at[0] + field->offset);
    return 0;
}

static enum uf_code confirm_build(const struct uf_python *python, const struct uf_heap *heap,
                                  struct uf_error *err)
{
    char flags[16] = "";
    uint64_t object = uf_dict_find(heap, python->sys, "abiflags");
    if (object)
        uf_str_copy(heap, object, flags, sizeof flags);
    bool debug = strchr(flags, 'd') || uf_dict_find(heap, python->sys, "gettotalrefcount");
    if (strchr(flags, 't'))
        return uf_error_set(err, UF_EUNSUPPORTED, "it is a free-threaded build");
    if (debug != python->row->debug)
        return uf_error_set(err, UF_EUNSUPPORTED, "it is a %s build", debug ? "debug" : "release");
    return UF_OK;
}

/* What sys says must be what the row is for, and what the program's own constant says. */
static enum uf_code confirm(struct uf_python *python, const struct uf_heap *heap,
                            struct uf_error *err)
{
    const struct uf_layout_row *row = python->row;
    char text[VERSION_BYTES];
    python->sys = sys_dict(python);
    if (!python->sys ||
        uf_source_word(python->memory->source, python->sys + python->layout.objects.object.type) !=
            python->known.type[UF_KNOWN_DICT])
        return uf_error_set(err, UF_EUNSUPPORTED, "the sys module is not there");
    int64_t version = uf_int_value(heap, uf_dict_find(heap, python->sys, "hexversion"));
    if (version <= 0)
        return uf_error_set(err, UF_EUNSUPPORTED, "sys.hexversion is not there");
    python->version_hex = (uint32_t)version;
    if (python->location.version_hex && python->location.version_hex != python->version_hex)
        return uf_error_set(err, UF_EUNSUPPORTED, "sys.hexversion says %s",
                            version_text(python->version_hex, text));
    if (MINOR(python->version_hex) != MINOR(row->first))
        return uf_error_set(err, UF_EUNSUPPORTED, "sys.hexversion says %s",
                            version_text(python->version_hex, text));
    return confirm_build(python, heap, err);
}

/* --- rows --------------------------------------------------------------------------------------- */

/* A heap with which dicts of strings, and numbers, can be read. int is the type of sys.hexversion: an
 * object of another type is no number. */
static enum uf_code open_heap(struct uf_python *python, struct uf_heap **ret, struct uf_error *err)
{
    struct uf_heap_config config = uf_python_config(python);
    return uf_heap_create(ret, &config, err);
}

static enum uf_code hold_types(struct uf_python *python, struct attempt *attempt)
{
    struct uf_error *err = &attempt->err;
    struct uf_heap *heap = NULL;
    enum uf_code code = open_heap(python, &heap, err);
    if (code)
        return code;
    if ((code = uf_known_fill(&python->known, python, heap, err)) == UF_OK) {
        attempt->steps++;
        code = uf_validate_types(python, err);
    }
    if (code == UF_OK) {
        attempt->steps++;
        code = confirm(python, heap, err);
    }
    if (code == UF_OK) {
        attempt->steps++;
        code = uf_known_by_example(&python->known, python, heap, err);
    }
    uf_heap_destroy(heap);
    return code;
}

static enum uf_code try_row(struct uf_python *python, const struct uf_layout_row *row,
                            struct attempt *attempt)
{
    struct uf_error *err = &attempt->err;
    enum uf_code code;
    *attempt = (struct attempt){.row = row};
    python->row = row;
    python->layout = *row->layout;
    /* What the target itself says of its layout goes before what the row says, which may be of another release. */
    python->calibrated = uf_debug_offsets_apply(python->memory->source, python->location.runtime,
                                                &python->layout) > 0;
    python->known = (struct uf_known_types){0};
    python->version_hex = 0;
    if ((code = uf_validate_interpreters(python, err)) != UF_OK)
        return code;
    attempt->steps = PASSED_INTERPRETERS;
    if ((code = uf_known_begin(&python->known, python, err)) != UF_OK)
        return code;
    attempt->steps++;
    if ((code = hold_types(python, attempt)) != UF_OK)
        return code;
    attempt->steps++;
    code = uf_validate_collector(python, err);
    return code == UF_EUNSUPPORTED ? uf_calibrate_collector(python, err) : code;
}

static enum uf_code refuse_version(uint32_t version, struct uf_error *err)
{
    size_t count;
    const struct uf_layout_row *rows = uf_layout_rows(&count);
    char text[VERSION_BYTES];
    if (count == 0)
        return uf_error_set(err, UF_EINTERNAL, "there are no layouts");
    return uf_error_set(err, UF_ETARGET,
                        "it runs CPython %s, whose layout is not known (those of %u.%u to %u.%u "
                        "are; a later unfreed may know it)",
                        version_text(version, text), rows[0].first >> 24, rows[0].first >> 16 & 255,
                        rows[count - 1].last >> 24, rows[count - 1].last >> 16 & 255);
}

static enum uf_code refuse_row(const struct uf_python *python, uint32_t version,
                               const struct attempt *best, struct uf_error *err)
{
    char text[VERSION_BYTES] = "";
    /* Its threads and interpreters are where the row says, and what they need is not there. */
    if (version && best->steps == PASSED_INTERPRETERS)
        return uf_error_set(err, UF_EUNSUPPORTED,
                            "its CPython %s is just starting or ending: %s (try again; if it stays "
                            "so, please report it)",
                            version_text(version, text), best->err.message);
    if (version)
        return uf_error_set(err, UF_EUNSUPPORTED, "CPython %s is not laid out as %s: %s",
                            version_text(version, text), best->row->name, best->err.message);
    const char *path = uf_strings_get(&python->memory->mappings->paths, python->location.image);
    const char *slash = strrchr(path, '/');
    return uf_error_set(
        err, UF_EUNSUPPORTED,
        "the CPython in %.60s is of a version that is not known; most like %s, but %s",
        slash ? slash + 1 : path, best->row->name, best->err.message);
}

/* The row is tried, and the attempt kept if it came farther than the best so far. */
static enum uf_code attempt_row(struct uf_python *python, const struct uf_layout_row *row,
                                struct attempt *best, struct uf_error *err)
{
    struct attempt attempt;
    enum uf_code code = try_row(python, row, &attempt);
    if (code == UF_EUNSUPPORTED &&
        (attempt.steps > best->steps || (attempt.steps == best->steps && best->row->debug)))
        *best = attempt;
    if (code != UF_OK && code != UF_EUNSUPPORTED && err)
        *err = attempt.err;
    return code;
}

/* Before 3.11 no constant tells the version: whatever row shows sys.hexversion does. */
static enum uf_code ask_version(struct uf_python *python, uint32_t *ret, struct attempt *best,
                                struct uf_error *err)
{
    size_t count;
    const struct uf_layout_row *rows = uf_layout_rows(&count);
    *ret = python->location.version_hex;
    for (size_t i = count; i-- > 0 && !*ret;) {
        enum uf_code code = attempt_row(python, &rows[i], best, err);
        if (code != UF_OK && code != UF_EUNSUPPORTED)
            return code;
        *ret = python->version_hex;
    }
    return UF_OK;
}

/* Of the rows that were not tried, the nearest one of the version's minor version; NULL: none is left. */
static const struct uf_layout_row *next_row(uint32_t version, uint64_t *tried)
{
    size_t count, best = SIZE_MAX;
    uint32_t nearest = UINT32_MAX;
    const struct uf_layout_row *rows = uf_layout_rows(&count);
    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        uint32_t distance = uf_layout_distance(&rows[i], version);
        if ((*tried >> i & 1) || distance >= nearest)
            continue;
        best = i;
        nearest = distance;
    }
    if (best == SIZE_MAX)
        return NULL;
    *tried |= UINT64_C(1) << best;
    return &rows[best];
}

static enum uf_code choose_row(struct uf_python *python, struct uf_error *err)
{
    struct attempt best = {.steps = -1};
    const struct uf_layout_row *row;
    uint64_t tried = 0;
    uint32_t version;
    enum uf_code code = ask_version(python, &version, &best, err);
    if (code)
        return code;
    if (version)
        best = (struct attempt){.steps = -1};
    while ((row = next_row(version, &tried)) != NULL)
        if ((code = attempt_row(python, row, &best, err)) != UF_EUNSUPPORTED)
            return code;
    return best.row ? refuse_row(python, version, &best, err) : refuse_version(version, err);
}

enum uf_code uf_python_find(struct uf_python *ret, const struct uf_outside_memory *memory,
                            struct uf_error *err)
{
    char text[VERSION_BYTES];
    memset(ret, 0, sizeof *ret);
    ret->memory = memory;
    enum uf_code code = uf_locate(&ret->location, memory, err);
    if (code && (code == UF_ENOMEM || !uf_unnamed_runtime(ret)))
        return code;
    if (ret->location.free_threaded)
        return uf_error_set(err, UF_ETARGET,
                            "it runs a free-threaded CPython %s, which keeps no lists of its "
                            "objects (only the default build can be read)",
                            version_text(ret->location.version_hex, text));
    return choose_row(ret, err);
}

void uf_python_release(struct uf_python *python)
{
    uf_vec_release(&python->interpreters);
    python->memory = NULL;
}
