#include "export/profile.h"

#include "export/protobuf.h"
#include "report/columns.h"

/* Numbers of fields: github.com/google/pprof, proto/profile.proto. */
enum { SAMPLE_TYPE = 1, SAMPLE = 2, MAPPING = 3, LOCATION = 4, FUNCTION = 5, STRING = 6, TIME = 9 };
enum { PERIOD_TYPE = 11, PERIOD = 12, COMMENT = 13, DEFAULT_SAMPLE_TYPE = 14 };
enum { VALUE_TYPE = 1, VALUE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3, LABEL_KEY = 1, LABEL_TEXT = 2 };
enum { MAPPING_ID = 1, MAPPING_FILE = 5, MAPPING_HAS_FUNCTIONS = 7, THE_MAPPING = 1 };
enum {
    LOCATION_ID = 1,
    LOCATION_MAPPING = 2,
    LOCATION_LINE = 4,
    LINE_FUNCTION = 1,
    LINE_NUMBER = 2
};
/* system_name (3) stays away: pprof takes a name that equals it for one of C++ and strips "<...>"
 * (internal/symbolizer, Demangle). */
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_FILE = 4 };

/* Writes `message` as one field of the profile; it is empty afterwards. */
static void put(struct uf_profile *profile, unsigned field, struct uf_text *message)
{
    struct uf_text *framed = &profile->framed;
    framed->len = 0;
    uf_protobuf_bytes(framed, field, message->at, message->len);
    if (framed->failed || message->failed)
        profile->failed = true;
    else
        uf_gzip_add(&profile->gzip, framed->at, framed->len);
    message->len = 0;
}

static void put_number(struct uf_profile *profile, unsigned field, uint64_t value)
{
    struct uf_text *framed = &profile->framed;
    framed->len = 0;
    uf_protobuf_number(framed, field, value);
    if (framed->failed)
        profile->failed = true;
    else
        uf_gzip_add(&profile->gzip, framed->at, framed->len);
}

/* The number of a text in the string table, of one line and valid UTF-8 whatever it holds. */
static uint32_t text_number(struct uf_profile *profile, const char *text)
{
    uint32_t number = UF_STRING_NONE;
    profile->clean.len = 0;
    uf_columns_clean(&profile->clean, text);
    if (profile->clean.len == 0 && !profile->clean.failed)
        return 0;
    if (!profile->clean.failed)
        number = uf_strings_add(&profile->strings, profile->clean.at, profile->clean.len);
    if (number != UF_STRING_NONE)
        return number;
    profile->failed = true;
    return 0;
}

static void put_value_type(struct uf_profile *profile, unsigned field, const char *type,
                           const char *unit)
{
    uf_protobuf_number(&profile->message, VALUE_TYPE, text_number(profile, type));
    uf_protobuf_number(&profile->message, VALUE_UNIT, text_number(profile, unit));
    put(profile, field, &profile->message);
}

enum uf_code uf_profile_open(struct uf_profile *profile, struct uf_sink *sink, struct uf_error *err)
{
    *profile = (struct uf_profile){0};
    enum uf_code code = uf_gzip_open(&profile->gzip, sink, err);
    if (code)
        return code;
    if (uf_strings_add_z(&profile->strings, "") == UF_STRING_NONE) /* string_table[0] */
        return uf_error_nomem(err);
    put_value_type(profile, SAMPLE_TYPE, "inuse_objects", "count");
    put_value_type(profile, SAMPLE_TYPE, "inuse_space", "bytes");
    put_value_type(profile, PERIOD_TYPE, "space", "bytes");
    put_number(profile, PERIOD, 1); /* nothing was sampled: every byte stands for itself */
    put_number(profile, DEFAULT_SAMPLE_TYPE, text_number(profile, "inuse_space"));
    return UF_OK;
}

void uf_profile_program(struct uf_profile *profile, const char *file)
{
    uf_protobuf_number(&profile->message, MAPPING_ID, THE_MAPPING);
    uf_protobuf_number(&profile->message, MAPPING_FILE, text_number(profile, file));
    uf_protobuf_number(&profile->message, MAPPING_HAS_FUNCTIONS, 1);
    put(profile, MAPPING, &profile->message);
}

void uf_profile_comment(struct uf_profile *profile, const char *text)
{
    put_number(profile, COMMENT, text_number(profile, text));
}

/* The id under a key: 1, 2, ... as keys are met; *is_new says that it was not. 0: memory is out. */
static uint32_t id_of(struct uf_profile *profile, struct uf_map *ids, uint64_t key, bool *is_new)
{
    uint32_t id = uf_map_get(ids, key);
    *is_new = id == UF_MAP_NONE;
    if (!*is_new)
        return id;
    id = (uint32_t)ids->len + 1;
    if (uf_map_set(ids, key, id) == 0)
        return id;
    profile->failed = true;
    *is_new = false;
    return 0;
}

static uint32_t function_id(struct uf_profile *profile, const char *name, const char *file)
{
    bool is_new;
    uint32_t name_number = text_number(profile, name), file_number = text_number(profile, file);
    if (name_number == 0)
        name_number = text_number(profile, "(unnamed)");
    if (profile->failed)
        return 0;
    uint64_t key = (uint64_t)name_number << 32 | file_number;
    uint32_t id = id_of(profile, &profile->functions, key, &is_new);
    if (is_new) {
        uf_protobuf_number(&profile->message, FUNCTION_ID, id);
        uf_protobuf_number(&profile->message, FUNCTION_NAME, name_number);
        uf_protobuf_number(&profile->message, FUNCTION_FILE, file_number);
        put(profile, FUNCTION, &profile->message);
    }
    return id;
}

uint32_t uf_profile_frame(struct uf_profile *profile, const char *name, const char *file,
                          uint32_t line)
{
    bool is_new;
    uint32_t function = function_id(profile, name, file);
    if (function == 0)
        return 0;
    uint32_t id = id_of(profile, &profile->locations, (uint64_t)function << 32 | line, &is_new);
    if (is_new) {
        uf_protobuf_number(&profile->inner, LINE_FUNCTION, function);
        uf_protobuf_number(&profile->inner, LINE_NUMBER, line);
        uf_protobuf_number(&profile->message, LOCATION_ID, id);
        uf_protobuf_number(&profile->message, LOCATION_MAPPING, THE_MAPPING);
        uf_protobuf_bytes(&profile->message, LOCATION_LINE, profile->inner.at, profile->inner.len);
        profile->inner.len = 0;
        put(profile, LOCATION, &profile->message);
    }
    return id;
}

/* Appends what `inner` holds as a field of `message`; it is empty afterwards. */
static void close_inner(struct uf_profile *profile, unsigned field)
{
    uf_protobuf_bytes(&profile->message, field, profile->inner.at, profile->inner.len);
    profile->inner.len = 0;
}

void uf_profile_sample(struct uf_profile *profile, const uint32_t *frames, size_t count,
                       const struct uf_profile_weight *weight)
{
    for (size_t i = 0; i < count; i++)
        uf_protobuf_varint(&profile->inner, frames[i]);
    close_inner(profile, SAMPLE_LOCATIONS);
    uf_protobuf_varint(&profile->inner, weight->objects);
    uf_protobuf_varint(&profile->inner, weight->bytes);
    close_inner(profile, SAMPLE_VALUES);
    if (weight->type) {
        uf_protobuf_number(&profile->inner, LABEL_KEY, text_number(profile, "type"));
        uf_protobuf_number(&profile->inner, LABEL_TEXT, text_number(profile, weight->type));
        close_inner(profile, SAMPLE_LABEL);
    }
    put(profile, SAMPLE, &profile->message);
}

enum uf_code uf_profile_finish(struct uf_profile *profile, uint64_t time_ns, struct uf_error *err)
{
    put_number(profile, TIME, time_ns);
    for (uint32_t s = 0; s < profile->strings.count; s++) {
        uf_text_add_z(&profile->message, uf_strings_get(&profile->strings, s));
        put(profile, STRING, &profile->message);
    }
    if (profile->failed || profile->inner.failed)
        return uf_error_nomem(err);
    return uf_gzip_finish(&profile->gzip, err);
}

void uf_profile_release(struct uf_profile *profile)
{
    uf_gzip_release(&profile->gzip);
    uf_strings_release(&profile->strings);
    uf_map_release(&profile->functions);
    uf_map_release(&profile->locations);
    uf_text_release(&profile->message);
    uf_text_release(&profile->inner);
    uf_text_release(&profile->framed);
    uf_text_release(&profile->clean);
    *profile = (struct uf_profile){0};
}
