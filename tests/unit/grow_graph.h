/* grow_graph.h - a program that is captured again and again, for tests of groups and findings.
 *
 *     struct growing program;
 *     growing_begin(&program);
 *     for (int call = 0; call <= 12; call++)
 *         growing_capture(&program, text_of(call), call);   // 0: before the first measured call
 *     ... program.groups, program.made, program.reach ...
 *     growing_end(&program);
 */
#ifndef UF_TESTS_UNIT_GROW_GRAPH_H
#define UF_TESTS_UNIT_GROW_GRAPH_H

#include "analysis/groups.h"
#include "base/text.h"
#include "make_graph.h"

struct growing {
    struct uf_groups *groups;
    struct made_graph made; /* the last capture */
    struct uf_reach reach;
    struct uf_error err;
    bool captured;
};

static inline void growing_begin(struct growing *program)
{
    memset(program, 0, sizeof *program);
    if (uf_groups_create(&program->groups, &program->err))
        made_fault("out of memory", "");
}

static inline void growing_drop(struct growing *program)
{
    if (program->captured) {
        uf_reach_release(&program->reach);
        made_graph_release(&program->made);
    }
    program->captured = false;
}

static inline enum uf_code growing_look(struct growing *program, const char *text)
{
    growing_drop(program);
    make_graph(&program->made, text);
    program->captured = true;
    return uf_reach_build(&program->reach, &program->made.graph, &program->err);
}

static inline enum uf_code growing_capture(struct growing *program, const char *text,
                                           uint32_t calls)
{
    enum uf_code code = growing_look(program, text);
    if (!code)
        code = uf_groups_add(program->groups, &program->made.graph, &program->reach,
                             &program->made.names, calls, &program->err);
    if (!code && calls == 0)
        uf_groups_seal(program->groups);
    return code;
}

static inline void growing_end(struct growing *program)
{
    growing_drop(program);
    uf_groups_destroy(program->groups);
}

/* The group with this path and type, or UF_GROUP_NONE. */
static inline uint32_t growing_group(const struct growing *program, const char *path,
                                     const char *type)
{
    uint32_t found = UF_GROUP_NONE;
    for (uint32_t g = 0; g < uf_groups_count(program->groups) && found == UF_GROUP_NONE; g++) {
        struct uf_text text = {0};
        uf_groups_path_text(program->groups, g, &text);
        if (text.at && strcmp(text.at, path) == 0 &&
            strcmp(uf_groups_text(program->groups, uf_groups_get(program->groups, g)->type),
                   type) == 0)
            found = g;
        uf_text_release(&text);
    }
    return found;
}

static inline void growing_print(const struct growing *program)
{
    for (uint32_t g = 0; g < uf_groups_count(program->groups); g++) {
        const struct uf_group *group = uf_groups_get(program->groups, g);
        struct uf_text text = {0};
        uf_groups_path_text(program->groups, g, &text);
        printf("# %u %s [%s]:", g, text.at, uf_groups_text(program->groups, group->type));
        for (size_t i = 0; i < group->points.len; i++)
            printf(" %u:%llu", group->points.at[i].calls,
                   (unsigned long long)group->points.at[i].objects);
        printf("\n");
        uf_text_release(&text);
    }
}

#endif
