/* groups_judge.c - which groups grow: their series put to the growth test. */
#include "analysis/groups_private.h"

#define OBJECTS_SHOWN 5 /* of what grows, so that one site is more than chance */

#include <string.h>

static const char *type_of(const struct uf_groups *groups, uint32_t group)
{
    return group == UF_GROUP_NONE ? "" : uf_groups_text(groups, groups->cells.at[group].group.type);
}

static bool is_one_of(const char *type, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(type, names[i]) == 0)
            return true;
    return false;
}

/* What the interpreter bounds by itself: the method cache's names (a table of fixed size,
 * Objects/typeobject.c) and the output that a text file collects before it writes (up to 8,192
 * bytes, `pending_bytes` in Modules/_io/textio.c). It fills up, and that is no trend. */
static bool bounded_by_design(const struct uf_groups *groups, uint32_t index)
{
    static const char *const output[] = {"list", "str", "bytes"};
    const struct uf_group *group = &groups->cells.at[index].group;
    uint32_t holder = group->parent;
    if (strcmp(type_of(groups, holder), "list") == 0)
        holder = groups->cells.at[holder].group.parent;
    if (strcmp(type_of(groups, holder), "_io.TextIOWrapper") == 0)
        return is_one_of(type_of(groups, index), output, sizeof output / sizeof *output);
    return group->bounded_root;
}

static void calm(struct uf_growth *growth)
{
    growth->wish = UF_GROWTH_ENOUGH;
    if (growth->kind == UF_GROWTH_TREND || growth->kind == UF_GROWTH_UNDECIDED)
        growth->kind = UF_GROWTH_SETTLED;
}

/* Where there is a length, allocated bytes follow it in steps, and say less: a full cache whose old
 * entries make room for new ones lets its dictionary be resized now and then though no entry is
 * added (insertion_resize() in CPython 3.12 Objects/dictobject.c). */
static void follow_length(struct uf_growth *bytes, const struct uf_growth *length)
{
    if (length->kind == UF_GROWTH_TREND)
        return;
    if (bytes->kind == UF_GROWTH_TREND || bytes->kind == UF_GROWTH_UNDECIDED) {
        bytes->kind = length->kind;
        bytes->wish = length->wish;
    }
}

static bool constant(const struct uf_group *group)
{
    const struct uf_group_point *first = &group->points.at[0];
    for (size_t i = 1; i < group->points.len; i++) {
        const struct uf_group_point *point = &group->points.at[i];
        if (point->objects != first->objects || point->bytes != first->bytes ||
            point->length != first->length)
            return false;
    }
    return true;
}

enum uf_code uf_groups_judge(const struct uf_groups *groups, uint32_t index,
                             struct uf_group_growth *ret, struct uf_error *err)
{
    const struct uf_group *group = &groups->cells.at[index].group;
    size_t count = group->points.len;
    struct uf_growth_point *points = uf_mem_alloc((count + 1) * sizeof *points);
    if (!points)
        return uf_error_nomem(err);
    for (size_t i = 0; i < count; i++)
        points[i] = (struct uf_growth_point){group->points.at[i].calls,
                                             (double)group->points.at[i].objects};
    ret->objects = uf_growth_judge(points, count);
    for (size_t i = 0; i < count; i++)
        points[i].value = (double)group->points.at[i].bytes;
    ret->bytes = uf_growth_judge(points, count);
    for (size_t i = 0; i < count; i++)
        points[i].value = (double)group->points.at[i].length;
    ret->length = uf_growth_judge(points, count);
    uf_mem_free(points);
    if (group->has_length)
        follow_length(&ret->bytes, &ret->length);
    if (bounded_by_design(groups, index)) {
        calm(&ret->objects);
        calm(&ret->bytes);
        calm(&ret->length);
    }
    return UF_OK;
}

enum uf_growth_wish uf_groups_wish(const struct uf_groups *groups)
{
    enum uf_growth_wish wish = UF_GROWTH_ENOUGH;
    for (uint32_t g = 0; g < groups->cells.len && wish != UF_GROWTH_WIDER; g++) {
        const struct uf_group *group = &groups->cells.at[g].group;
        struct uf_group_growth growth;
        if (group->points.len == 0 || group->not_from_call || group->bounded_root ||
            constant(group))
            continue;
        if (uf_groups_judge(groups, g, &growth, NULL))
            return UF_GROWTH_ENOUGH;
        const enum uf_growth_wish wishes[] = {growth.objects.wish, growth.bytes.wish,
                                              growth.length.wish};
        for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
            if (wishes[i] > wish)
                wish = wishes[i];
    }
    return wish;
}

/* Lists, bytearrays and dicts are given room for an eighth more, or less (CPython 3.12
 * Objects/listobject.c list_resize, Objects/bytearrayobject.c): so much later they move. */
static double calls_to_show(const struct uf_group *group, const struct uf_group_growth *growth)
{
    const struct uf_group_point *last = &group->points.at[group->points.len - 1];
    if (growth->objects.kind == UF_GROWTH_TREND && growth->objects.per_call > 0)
        return OBJECTS_SHOWN / growth->objects.per_call;
    if (growth->length.kind == UF_GROWTH_TREND && growth->length.per_call > 0)
        return (OBJECTS_SHOWN + (double)last->length / 7) / growth->length.per_call;
    if (growth->bytes.kind == UF_GROWTH_TREND && growth->bytes.per_call > 0)
        return (double)last->bytes / 7 / growth->bytes.per_call;
    return 0;
}

double uf_groups_calls_to_show(const struct uf_groups *groups)
{
    double most = 0;
    for (uint32_t g = 0; g < groups->cells.len; g++) {
        const struct uf_group *group = &groups->cells.at[g].group;
        struct uf_group_growth growth;
        if (group->points.len == 0 || group->not_from_call || group->bounded_root ||
            constant(group) || uf_groups_judge(groups, g, &growth, NULL))
            continue;
        double calls = calls_to_show(group, &growth);
        most = calls > most ? calls : most;
    }
    return most;
}

void uf_groups_end_idle(struct uf_groups *groups, uint32_t windows, double scale,
                        uint32_t window_calls)
{
    for (uint32_t g = 0; g < groups->cells.len; g++) {
        struct uf_cell *cell = &groups->cells.at[g];
        struct uf_group_growth growth;
        if (windows == 0 || cell->group.points.len == 0 || constant(&cell->group) ||
            uf_groups_judge(groups, g, &growth, NULL))
            continue;
        const struct uf_growth *series[UF_TOTALS] = {&growth.objects, &growth.bytes,
                                                     &growth.length};
        for (int t = 0; t < UF_TOTALS; t++) {
            double idle = (double)cell->now[t] - (double)cell->idle_from[t];
            double per_window = series[t]->per_call * (double)window_calls;
            if (series[t]->kind == UF_GROWTH_TREND && cell->idle_rises[t] == windows &&
                idle / windows * scale >= per_window / 2)
                cell->group.not_from_call = true;
        }
    }
}
