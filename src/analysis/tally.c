#include "analysis/tally.h"

static size_t find(const struct uf_tally *tally, uint32_t name)
{
    for (size_t i = 0; i < tally->sorts.len; i++)
        if (tally->sorts.at[i].name == name)
            return i;
    return SIZE_MAX;
}

enum uf_code uf_tally_begin(struct uf_tally *tally, uint32_t calls, struct uf_error *err)
{
    size_t count = tally->calls.len;
    for (size_t i = 0; i < tally->sorts.len; i++)
        tally->sorts.at[i].now = 0;
    if (count > 0 && tally->calls.at[count - 1] > calls)
        return uf_error_set(err, UF_EINVAL, "readings must be added in the order of their calls");
    if (count > 0 && tally->calls.at[count - 1] == calls) {
        tally->calls.len--;
        for (size_t i = 0; i < tally->sorts.len; i++)
            tally->sorts.at[i].points.len--;
    }
    return uf_vec_push(&tally->calls, calls) ? uf_error_nomem(err) : UF_OK;
}

/* One that was not counted before had none in all readings before this one. */
static size_t add(struct uf_tally *tally, uint32_t name)
{
    struct uf_tally_sort sort = {.name = name};
    for (size_t i = 0; i + 1 < tally->calls.len; i++) {
        struct uf_growth_point none = {.calls = tally->calls.at[i]};
        if (uf_vec_push(&sort.points, none)) {
            uf_vec_release(&sort.points);
            return SIZE_MAX;
        }
    }
    if (uf_vec_push(&tally->sorts, sort)) {
        uf_vec_release(&sort.points);
        return SIZE_MAX;
    }
    return tally->sorts.len - 1;
}

enum uf_code uf_tally_count(struct uf_tally *tally, const char *name, struct uf_error *err)
{
    size_t at = uf_tally_find(tally, name);
    if (at == SIZE_MAX && tally->sorts.len >= UF_TALLY_SORTS_MAX) {
        name = UF_TALLY_OTHERS;
        at = uf_tally_find(tally, name);
    }
    if (at == SIZE_MAX) {
        uint32_t number = uf_strings_add_z(&tally->names, name);
        at = number == UF_STRING_NONE ? SIZE_MAX : add(tally, number);
    }
    if (at == SIZE_MAX)
        return uf_error_nomem(err);
    tally->sorts.at[at].now++;
    return UF_OK;
}

enum uf_code uf_tally_end(struct uf_tally *tally, struct uf_error *err)
{
    for (size_t i = 0; i < tally->sorts.len; i++) {
        struct uf_tally_sort *sort = &tally->sorts.at[i];
        struct uf_growth_point point = {tally->calls.at[tally->calls.len - 1], sort->now};
        if (uf_vec_push(&sort->points, point))
            return uf_error_nomem(err);
    }
    return UF_OK;
}

void uf_tally_release(struct uf_tally *tally)
{
    for (size_t i = 0; i < tally->sorts.len; i++)
        uf_vec_release(&tally->sorts.at[i].points);
    uf_vec_release(&tally->sorts);
    uf_vec_release(&tally->calls);
    uf_strings_release(&tally->names);
}

const char *uf_tally_name(const struct uf_tally *tally, size_t sort)
{
    return uf_strings_get(&tally->names, tally->sorts.at[sort].name);
}

size_t uf_tally_find(const struct uf_tally *tally, const char *name)
{
    size_t len = 0;
    while (name[len] != '\0')
        len++;
    uint32_t number = uf_strings_find(&tally->names, name, len);
    return number == UF_STRING_NONE ? SIZE_MAX : find(tally, number);
}

struct uf_growth uf_tally_judge(const struct uf_tally *tally, size_t sort)
{
    return uf_growth_judge(tally->sorts.at[sort].points.at, tally->sorts.at[sort].points.len);
}

double uf_tally_gain(const struct uf_tally *tally, size_t sort)
{
    size_t count = tally->sorts.at[sort].points.len;
    const struct uf_growth_point *points = tally->sorts.at[sort].points.at;
    return count > 0 ? points[count - 1].value - points[0].value : 0;
}
