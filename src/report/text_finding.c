#include "report/text_finding.h"

#include "report/columns.h"
#include "report/stack.h"
#include "report/style.h"
#include "report/units.h"
#include "report/walk.h"

#include <stdio.h>
#include <string.h>

#define COLUMN 14     /* of what stands behind "held by", "cycle", "fix" */
#define TYPES_NAMED 2 /* of a cycle, beside the one that piles up */
#define LABEL_INDENT 5

static bool at_least(double value, double least)
{
    return value >= least; /* false for UF_UNKNOWN */
}

static void add_clean_or(struct uf_text *ret, const char *text, const char *otherwise)
{
    if (text && text[0])
        uf_columns_clean(ret, text);
    else
        uf_text_add_z(ret, otherwise);
}

/* ", retaining 357 B": where objects come one by one, what a call's keep; else bytes per call. */
static void add_retained(struct uf_text *ret, const struct uf_finding *finding)
{
    bool each = at_least(finding->objects_per_call, 0.6);
    double retained = finding->retained_bytes_per_call;
    double bytes = at_least(retained, 0.01) ? retained : finding->bytes_per_call;

    if (!at_least(bytes, 0.01))
        return;
    uf_text_add_z(ret, each && at_least(retained, 0.01) ? ", retaining " : ", ");
    uf_units_bytes(ret, bytes);
    uf_text_add_z(ret, each ? "" : " per call");
}

static void add_rate(struct uf_text *ret, const struct uf_finding *finding)
{
    if (at_least(finding->objects_per_call, 0.0001)) {
        uf_text_add_z(ret, ", ");
        uf_units_per_call(ret, finding->objects_per_call);
    }
}

static bool named_before(const struct uf_finding *finding, size_t index)
{
    const char *type = finding->types.at[index];
    if (!type || (finding->type && strcmp(type, finding->type) == 0))
        return true;
    for (size_t i = 0; i < index; i++)
        if (finding->types.at[i] && strcmp(type, finding->types.at[i]) == 0)
            return true;
    return false;
}

static const char *without_module(const char *type)
{
    const char *dot = strrchr(type, '.');
    return dot && dot[1] ? dot + 1 : type;
}

static void add_cycle_types(struct uf_text *ret, const struct uf_finding *finding)
{
    size_t others = 0, named = 0;
    for (size_t i = 0; i < finding->types.len; i++)
        others += !named_before(finding, i);
    if (others == 0) {
        uf_text_add_z(ret, finding->cycle.len == 1 ? " that refers to itself" : " in a cycle");
        return;
    }
    uf_text_add_z(ret, " in a cycle with ");
    size_t wanted = others == TYPES_NAMED + 1 ? others : TYPES_NAMED; /* never "1 other type" */
    for (size_t i = 0; i < finding->types.len && named < wanted; i++) {
        if (named_before(finding, i))
            continue;
        if (named > 0)
            uf_text_add_z(ret, named + 1 == others ? " and " : ", ");
        uf_columns_clean(ret, without_module(finding->types.at[i]));
        named++;
    }
    if (others > named)
        uf_text_printf(ret, " and %zu other types", others - named);
}

static void add_cycle(struct uf_text *ret, const struct uf_finding *finding)
{
    add_clean_or(ret, finding->type, "objects");
    add_cycle_types(ret, finding);
    if (at_least(finding->objects_per_call, 0.0001)) {
        double every = finding->objects_per_call < 0.6 ? 1 / finding->objects_per_call : 0;
        uf_text_add_z(ret, ", ");
        if (every > 0)
            uf_units_per_call(ret, finding->objects_per_call);
        else
            uf_units_plural(ret, finding->objects_per_call, "object", "objects");
    }
    if (at_least(finding->bytes_per_call, 0.5)) {
        uf_text_add_z(ret, ", ");
        uf_units_bytes(ret, finding->bytes_per_call);
    }
    if (finding->objects_per_call >= 0.6)
        uf_text_add_z(ret, " per call");
    if (!finding->collectable)
        uf_text_add_z(ret, "; the collector cannot free it");
}

static void add_growing(struct uf_text *ret, const struct uf_finding *finding)
{
    add_clean_or(ret, finding->type, "an object");
    uf_text_add_z(ret, " that grows in place");
    if (at_least(finding->bytes_per_call, 0.01)) {
        uf_text_add_z(ret, ", ");
        uf_units_bytes(ret, finding->bytes_per_call);
        uf_text_add_z(ret, " per call");
    }
    if (at_least(finding->bytes, 1)) {
        uf_text_add_z(ret, ", ");
        uf_units_bytes(ret, finding->bytes);
        uf_text_add_z(ret, " by now");
    }
}

/* ", 128 of 128 entries": a bound that is known, or only where it stopped. */
static void add_bound(struct uf_text *ret, const struct uf_finding *finding)
{
    add_clean_or(ret, finding->type, "objects");
    if (at_least(finding->bound_limit, 0)) {
        uf_text_add_z(ret, ", ");
        if (at_least(finding->bound_fill, 0)) {
            uf_units_count(ret, finding->bound_fill);
            uf_text_add_z(ret, " of at most ");
        } else {
            uf_text_add_z(ret, "at most ");
        }
        uf_units_count(ret, finding->bound_limit);
        if (finding->bound_by) {
            uf_text_add_z(ret, " (");
            uf_columns_clean(ret, finding->bound_by);
            uf_text_add_z(ret, ")");
        }
        if (at_least(finding->objects_per_call, 0.0001) ||
            at_least(finding->entries_per_call, 0.0001))
            uf_text_add_z(ret, ", still filling");
    } else if (at_least(finding->bound_fill, 0)) {
        uf_text_add_z(ret, ", stopped growing at ");
        uf_units_count(ret, finding->bound_fill);
    } else {
        uf_text_add_z(ret, ", stopped growing");
    }
    if (at_least(finding->bytes, 1)) {
        uf_text_add_z(ret, ", ");
        uf_units_bytes(ret, finding->bytes);
    }
}

/* "None (NoneType) gains references that nothing drops, 1 per call" */
static void add_gained(struct uf_text *ret, const struct uf_finding *finding)
{
    add_clean_or(ret, finding->holder, "an object");
    uf_text_add_z(ret, " (");
    add_clean_or(ret, finding->type, "object");
    uf_text_add_z(ret, ") gains references that nothing drops, ");
    uf_units_per_call(ret, finding->references_per_call);
}

static void add_resource(struct uf_text *ret, const struct uf_finding *finding, const char *what,
                         const char *state)
{
    uf_text_add_z(ret, what);
    add_rate(ret, finding);
    uf_text_add_z(ret, state);
}

/* "; the newest is 7, a pipe": what is it, where its sort does not say so already. */
static void add_descriptor(struct uf_text *ret, const struct uf_finding *finding)
{
    const char *sort = finding->type && strcmp(finding->type, "descriptor") != 0
                           ? finding->type
                           : "file descriptor";
    const char *target = finding->descriptor_target;
    add_clean_or(ret, sort, "file descriptor");
    add_rate(ret, finding);
    uf_text_add_z(ret, ", left open");
    if (finding->descriptor_fd < 0)
        return;
    uf_text_printf(ret, "; the newest is %d", finding->descriptor_fd);
    if (target && target[0] && !strstr(sort, target)) {
        uf_text_add_z(ret, ", ");
        uf_columns_clean(ret, target);
    }
}

/* "; the newest is poller, which runs app.poll" */
static void add_newest(struct uf_text *ret, const char *name, const char *code)
{
    if (name && name[0]) {
        uf_text_add_z(ret, "; the newest is ");
        uf_columns_clean(ret, name);
        uf_text_add_z(ret, code && code[0] ? ", which runs " : "");
    } else if (code && code[0]) {
        uf_text_add_z(ret, ": ");
    }
    if (code && code[0])
        uf_columns_clean(ret, code);
}

static bool is_timer(const struct uf_finding *finding)
{
    return finding->type && strstr(finding->type, "TimerHandle") != NULL;
}

void uf_text_finding_headline(struct uf_text *ret, const struct uf_finding *finding)
{
    bool gained = at_least(finding->references_per_call, 0.0001);
    if (finding->severity == UF_SEVERITY_BOUNDED && !gained) {
        add_bound(ret, finding);
        return;
    }
    switch (finding->kind) {
    case UF_KIND_RETAINED:
        add_clean_or(ret, finding->type, "objects");
        add_rate(ret, finding);
        add_retained(ret, finding);
        break;
    case UF_KIND_GROWING:
        add_growing(ret, finding);
        break;
    case UF_KIND_CYCLE:
        add_cycle(ret, finding);
        break;
    case UF_KIND_ORPHAN:
        if (gained) {
            add_gained(ret, finding);
            break;
        }
        add_clean_or(ret, finding->type, "objects");
        add_rate(ret, finding);
        add_retained(ret, finding);
        uf_text_add_z(ret, ", lost: nothing refers to it");
        break;
    case UF_KIND_NATIVE:
        uf_text_add_z(ret, "native memory");
        if (at_least(finding->bytes_per_call, 0.01)) {
            uf_text_add_z(ret, ", ");
            uf_units_bytes(ret, finding->bytes_per_call);
            uf_text_add_z(ret, " per call");
        }
        uf_text_add_z(ret, ", outside Python's objects");
        break;
    case UF_KIND_DESCRIPTOR:
        add_descriptor(ret, finding);
        break;
    case UF_KIND_THREAD:
        add_resource(ret, finding, "thread", ", left running");
        add_newest(ret, finding->thread_name, finding->thread_target);
        break;
    case UF_KIND_TASK:
        add_resource(ret, finding, is_timer(finding) ? "asyncio timer" : "asyncio task",
                     ", left pending");
        add_newest(ret, finding->task_name, finding->task_coroutine);
        break;
    }
}

static void draw_path(struct uf_page *page, const struct uf_finding *finding)
{
    struct uf_text start = {0}, growth = {0};
    const struct uf_path_step *steps = finding->path.at;
    size_t count = finding->path.len;

    add_clean_or(&start, finding->path_root ? finding->path_root : finding->holder, "?");
    if (count == 0 && finding->kind == UF_KIND_THREAD) {
        uf_page_drop(page, &start); /* it holds itself; the headline names it */
        return;
    }
    if (count == 0) {
        if (finding->path_root && finding->holder) {
            uf_text_add_z(&start, ", ");
            uf_columns_clean(&start, finding->holder);
        }
        if (finding->path_root || finding->holder)
            uf_page_row(page, LABEL_INDENT, "held by", COLUMN, &start);
        uf_page_drop(page, &start);
        return;
    }
    /* The entry behind the container that grows is what piles up: then its rate is the container's. */
    if (finding->holder_grows && count >= 2 && steps[count - 2].suspect &&
        at_least(finding->objects_per_call, 0.6)) {
        uf_text_add_z(&growth, "+");
        uf_units_per_call(&growth, finding->objects_per_call);
    }
    bool grows = finding->holder_grows || finding->kind == UF_KIND_GROWING;
    struct uf_walk walk = {
        .label = "held by",
        .start = uf_page_z(&start),
        .steps = steps,
        .count = count,
        .mark = grows ? "grows here" : "kept here",
        .growth = uf_page_z(&growth),
    };
    uf_walk_draw(page, LABEL_INDENT, COLUMN, &walk);
    uf_page_drop(page, &start);
    uf_page_drop(page, &growth);
}

static void draw_cycle(struct uf_page *page, const struct uf_finding *finding)
{
    struct uf_text start = {0};
    size_t count = finding->cycle.len;

    uf_walk_describe(&start, &finding->cycle.at[count - 1]);
    struct uf_walk walk = {
        .label = "cycle",
        .start = uf_page_z(&start),
        .steps = finding->cycle.at,
        .count = count,
        .mark = "cut here",
        .growth = "",
        .closed = true,
    };
    uf_walk_draw(page, LABEL_INDENT, COLUMN, &walk);
    uf_page_drop(page, &start);
}

static void write_row(struct uf_page *page, const char *label, const char *value)
{
    struct uf_text text = {0};
    if (!value || !value[0])
        return;
    uf_columns_clean(&text, value);
    uf_page_row(page, LABEL_INDENT, label, COLUMN, &text);
}

static void write_stack(struct uf_page *page, const char *label, const uf_stack_frames *frames,
                        const char *note)
{
    struct uf_text text = {0};
    if (frames->len == 0)
        return;
    uf_report_stack(&text, frames);
    uf_text_add_z(&text, note);
    uf_page_row(page, LABEL_INDENT, label, COLUMN, &text);
}

static void write_born(struct uf_page *page, const struct uf_finding *finding)
{
    const char *label = finding->kind == UF_KIND_DESCRIPTOR ? "opened"
                        : finding->kind == UF_KIND_THREAD   ? "started"
                                                            : "born";
    write_stack(page, label, &finding->allocated_at,
                finding->allocated_at_earlier ? UF_MARK_DIM
                    " (or where its memory was used before)" UF_MARK_PLAIN
                                              : "");
    write_stack(page, "now at", &finding->thread_stack, "");
    write_stack(page, "waits at", &finding->task_stack, "");
}

/* "freed 2 of 2 objects, 357 B per call": what was freed in all, in proportion to one call. */
static void add_freed(struct uf_text *ret, const struct uf_finding *finding)
{
    double share = 1;
    bool per_call = finding->kind == UF_KIND_CYCLE &&
                    finding->fix_of_objects >= finding->objects_per_call;
    if (at_least(finding->fix_of_members, 1) && finding->objects_per_call > 0) {
        share = finding->objects_per_call / finding->fix_of_members;
        per_call = true;
    }
    double freed = finding->fix_frees_objects * share, of = finding->fix_of_objects * share;
    if (freed == of && of >= 10)
        freed = of = round(of); /* the average of calls that leave not quite the same */
    uf_text_add_z(ret, "freed ");
    uf_units_count(ret, freed);
    uf_text_add_z(ret, " of ");
    uf_units_plural(ret, of, "object", "objects");
    uf_text_add_z(ret, ", ");
    uf_units_bytes(ret, finding->fix_frees_bytes * share);
    if (per_call)
        uf_text_add_z(ret, " per call");
}

/* Of a descriptor whose object another finding tells the edge is that one's. */
static void add_closed(struct uf_text *ret, const struct uf_finding *finding)
{
    uf_text_add_z(ret, "closed ");
    uf_units_count(ret, finding->fix_closes);
    uf_text_add_z(ret, " of ");
    uf_units_plural(ret, finding->fix_of_closes, "descriptor", "descriptors");
    if (finding->fix_edge && isnan(finding->fix_of_objects)) {
        uf_text_add_z(ret, " by cutting ");
        uf_columns_clean(ret, finding->fix_edge);
    }
}

static void add_done(struct uf_text *ret, const struct uf_finding *finding)
{
    bool freed = at_least(finding->fix_of_objects, 0), closed = at_least(finding->fix_closes, 1);
    uf_text_add_z(ret, "(done in a copy of the process");
    uf_text_add_z(ret, freed || closed ? ": " : "");
    if (freed)
        add_freed(ret, finding);
    if (closed) {
        uf_text_add_z(ret, freed ? ", " : "");
        add_closed(ret, finding);
    }
}

static void write_fix(struct uf_page *page, const struct uf_finding *finding)
{
    struct uf_text text = {0};
    const char *label = "fix";

    if (finding->fix_advice && finding->fix_advice[0]) {
        write_row(page, label, finding->fix_advice);
        label = "";
    } else if (finding->fix_edge && finding->fix_edge[0]) {
        uf_text_add_z(&text, "clear or weaken ");
        uf_columns_clean(&text, finding->fix_edge);
        uf_page_row(page, LABEL_INDENT, label, COLUMN, &text);
        label = "";
    }
    if (finding->fix_verified) {
        uf_text_add_z(&text, UF_MARK_DIM);
        if (finding->fix_how == UF_FIX_COPY) {
            add_done(&text, finding);
        } else {
            uf_text_add_z(&text, "(checked on the graph of objects");
            if (at_least(finding->fix_frees_objects, 0)) {
                uf_text_add_z(&text, ": it frees ");
                uf_units_plural(&text, finding->fix_frees_objects, "object", "objects");
            }
            if (at_least(finding->fix_frees_objects, 0) && at_least(finding->fix_frees_bytes, 0)) {
                uf_text_add_z(&text, ", ");
                uf_units_bytes(&text, finding->fix_frees_bytes);
            }
        }
        if (finding->fix_why_not && finding->fix_why_not[0]) {
            uf_text_add_z(&text, "; ");
            uf_columns_clean(&text, finding->fix_why_not);
        }
        uf_text_add_z(&text, ")" UF_MARK_PLAIN);
        uf_page_row(page, LABEL_INDENT, label, COLUMN, &text);
    } else if (finding->fix_why_not && finding->fix_why_not[0]) {
        uf_text_add_z(&text, UF_MARK_DIM "(not checked: ");
        uf_columns_clean(&text, finding->fix_why_not);
        uf_text_add_z(&text, ")" UF_MARK_PLAIN);
        uf_page_row(page, LABEL_INDENT, label, COLUMN, &text);
    }
    uf_page_drop(page, &text);
}

void uf_text_finding(struct uf_page *page, size_t number, const struct uf_finding *finding,
                     bool full)
{
    struct uf_text headline = {0};
    char lead[32], tag[32];
    bool leak = finding->severity == UF_SEVERITY_LEAK;
    bool proved = finding->fix_verified && finding->fix_how == UF_FIX_COPY;

    snprintf(lead, sizeof lead, "%3zu", number);
    snprintf(tag, sizeof tag, "%s%s%s" UF_MARK_PLAIN, leak ? UF_MARK_RED : UF_MARK_YELLOW,
             uf_severity_name(finding->severity), proved ? ", proved" : "");
    uf_text_add_z(&headline, UF_MARK_BOLD);
    uf_text_finding_headline(&headline, finding);
    uf_text_add_z(&headline, UF_MARK_PLAIN);
    uf_page_headline(page, UF_MARK_BOLD, lead, &headline, page->width < 50 ? "" : tag);
    if (!full)
        return;
    write_born(page, finding);
    if (finding->cycle.len > 0)
        draw_cycle(page, finding);
    if (finding->path.len > 0 || finding->kind != UF_KIND_CYCLE)
        draw_path(page, finding);
    if (!finding->collectable)
        write_row(page, "why", finding->collectable_why);
    write_row(page, "made by", finding->made_at);
    write_fix(page, finding);
}

void uf_text_finding_line(struct uf_page *page, size_t number, const struct uf_finding *finding)
{
    struct uf_text text = {0};

    uf_text_printf(&text, "%3zu  ", number);
    uf_text_finding_headline(&text, finding);
    const char *holder = finding->holder ? finding->holder : finding->path_root;
    if (holder) {
        uf_text_add_z(&text, "; held by ");
        uf_columns_clean(&text, holder);
    }
    uf_page_line(page, 0, &text);
}
