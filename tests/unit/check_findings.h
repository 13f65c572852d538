/* check_findings.h - a whole check on a program written as graphs: what the tests of findings
 * share. */
#ifndef UF_TESTS_UNIT_CHECK_FINDINGS_H
#define UF_TESTS_UNIT_CHECK_FINDINGS_H

#include "analysis/findings.h"

#include "grow_graph.h"
#include "test.h"

#define CALLS 12

typedef void program_fn(struct uf_text *text, int call);

static struct growing program;
static struct uf_check_result result;
static struct uf_growth_summary summary;
static const struct uf_births *births; /* NULL: allocations are not watched */

/* Captures the program after each of CALLS calls, and makes findings of it. */
static inline enum uf_code check(program_fn *write)
{
    struct uf_text text = {0};
    enum uf_code code = UF_OK;
    uf_check_result_init(&result);
    result.function = uf_mem_strdup("work");
    result.calls_measured = CALLS;
    growing_begin(&program);
    for (int call = 0; call <= CALLS && !code; call++) {
        text.len = 0;
        write(&text, call);
        code = growing_capture(&program, text.at, (uint32_t)call);
    }
    uf_text_release(&text);
    if (!code)
        code = uf_findings_from_groups(&result, program.groups, &program.made.graph, &program.reach,
                                       &program.made.names, births, &summary, &program.err);
    return code;
}

static inline void done(void)
{
    growing_end(&program);
    uf_check_result_release(&result);
}

static inline void print_steps(const char *what, const struct uf_path_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("#     %s %s  %s  (%s)%s\n", what, steps[i].edge, steps[i].object, steps[i].type,
               steps[i].suspect ? "  <--" : "");
}

static inline void print(void)
{
    for (size_t i = 0; i < result.findings.len; i++) {
        const struct uf_finding *f = &result.findings.at[i];
        printf("# %s %s %s: %.2f objects, %.1f B, %.1f B retained a call; %.0f objects, %.0f B\n",
               uf_severity_name(f->severity), uf_kind_name(f->kind), f->type, f->objects_per_call,
               f->bytes_per_call, f->retained_bytes_per_call, f->objects, f->bytes);
        printf("#   id %s\n#   root %s   holder %s   edge %s\n", f->id, f->path_root, f->holder,
               f->fix_edge);
        print_steps("path", f->path.at, f->path.len);
        print_steps("cycle", f->cycle.at, f->cycle.len);
        printf(
            "#   fix %s\n#   %s, frees %.0f objects, %.0f B; %s; bound %.0f of %.0f; made at %s\n",
            f->fix_advice, f->fix_verified ? "verified" : "not verified", f->fix_frees_objects,
            f->fix_frees_bytes, f->fix_why_not ? f->fix_why_not : "-", f->bound_fill,
            f->bound_limit, f->made_at ? f->made_at : "-");
    }
}

static inline const struct uf_finding *only(void)
{
    static struct uf_finding none;
    EXPECT(result.findings.len == 1);
    if (result.findings.len == 0) {
        uf_finding_init(&none);
        none.id = none.type = none.holder = none.path_root = none.fix_advice = none.fix_edge = "";
        return &none;
    }
    return &result.findings.at[0];
}

/* The module "app" with its globals in an attribute dictionary. */
static inline void module(struct uf_text *text)
{
    uf_text_printf(text, "root module app -> app\napp: module tracked preview=<module>\n"
                         "app -> globals __dict__\nglobals: dict len=3 tracked\n");
}

/* A registry that keeps each call's session, with a key and what the session refers to. */
static inline void registry(struct uf_text *text, int call)
{
    module(text);
    uf_text_printf(text,
                   "globals -> store ['STORE']\nstore: app.Store tracked\nstore -> sd "
                   "__dict__\nsd: dict len=1\n"
                   "sd -> sessions ['_sessions']\nsessions: dict len=%d size=%d tracked\n",
                   5 + call, 64 + call / 4 * 100);
    for (int i = 0; i < 5 + call; i++)
        uf_text_printf(text,
                       "sessions -> k%d key 'id%d'\nk%d: str size=50\nsessions -> s%d ['id%d']\n"
                       "s%d: app.Session size=48 tracked\ns%d -> sd%d __dict__\nsd%d: dict "
                       "size=200 len=1 tracked\n"
                       "sd%d -> d%d ['data']\nd%d: bytes size=59\n",
                       i, i, i, i, i, i, i, i, i, i, i, i);
}

/* ... of which one is held by another object, too. */
static inline void held_twice(struct uf_text *text, int call)
{
    registry(text, call);
    uf_text_printf(text, "globals -> others ['OTHERS']\nothers: app.Others tracked\n"
                         "others -> a .a\na: app.A\na -> b .b\nb: app.B\nb -> s3 .kept\n");
}

#endif
