#include "report/report.h"

#include "report/columns.h"
#include "report/page.h"
#include "report/style.h"
#include "report/text_finding.h"
#include "report/text_head.h"
#include "report/units.h"

#include <string.h>

#define WIDTH_UNKNOWN 100 /* not a terminal */
#define WIDTH_LEAST 20
#define WIDTH_MOST 120 /* longer lines read badly */
#define COLUMN 11      /* of what stands behind "warm-up", "collector" */
#define FULL_MOST 5
#define LINES_MOST 20 /* findings in a line each */
#define BOUNDED_MOST 10
#define TOP_MOST 4 /* holders named under warm-up */

static void write_row(struct uf_page *page, const char *label, struct uf_text *text)
{
    uf_page_row(page, 0, label, COLUMN, text);
}

static void write_plain(struct uf_page *page, const char *label, const char *value)
{
    struct uf_text text = {0};
    if (!value || !value[0])
        return;
    uf_columns_clean(&text, value);
    write_row(page, label, &text);
}

/* Leak or delayed, and part of the verdict. */
static bool counts(const struct uf_finding *finding)
{
    return finding->severity != UF_SEVERITY_BOUNDED && !finding->not_from_call;
}

static void write_findings(struct uf_page *page, const struct uf_check_result *result, bool quiet)
{
    size_t number = 0, unnamed = 0;

    for (size_t i = 0; i < result->findings.len; i++) {
        const struct uf_finding *finding = &result->findings.at[i];
        if (!counts(finding))
            continue;
        number++;
        if (!quiet && (number <= FULL_MOST + 1))
            uf_page_newline(page);
        if (number <= FULL_MOST)
            uf_text_finding(page, number, finding, !quiet);
        else if (number <= FULL_MOST + LINES_MOST)
            uf_text_finding_line(page, number, finding);
        else
            unnamed++;
    }
    if (unnamed > 0) {
        struct uf_text text = {0};
        uf_text_add_z(&text, "     and ");
        uf_units_plural(&text, (double)unnamed, "more finding", "more findings");
        uf_text_add_z(&text, " (all of them with --json)");
        uf_page_line(page, 0, &text);
    }
}

static void write_bounded(struct uf_page *page, const struct uf_check_result *result)
{
    const char *label = "bounded";
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < result->findings.len; i++) {
        const struct uf_finding *finding = &result->findings.at[i];
        struct uf_text text = {0};
        if (finding->severity != UF_SEVERITY_BOUNDED || finding->not_from_call)
            continue;
        if (shown++ >= BOUNDED_MOST) {
            more++;
            continue;
        }
        if (finding->holder) {
            uf_columns_clean(&text, finding->holder);
            uf_text_add_z(&text, ": ");
        }
        uf_text_finding_headline(&text, finding);
        write_row(page, label, &text);
        label = "";
    }
    if (more > 0) {
        struct uf_text text = {0};
        uf_text_printf(&text, "and %zu more (all of them with --json)", more);
        write_row(page, label, &text);
    }
}

static void write_set_aside(struct uf_page *page, const struct uf_check_result *result)
{
    const char *label = "set aside";
    struct uf_text text = {0};

    for (size_t i = 0; i < result->findings.len; i++) {
        const struct uf_finding *finding = &result->findings.at[i];
        if (!finding->not_from_call)
            continue;
        uf_text_finding_headline(&text, finding);
        uf_text_add_z(&text, ": ");
        uf_columns_clean(&text, finding->not_from_call);
        write_row(page, label, &text);
        label = "";
    }
    if (result->findings_ignored > 0) {
        uf_units_plural(&text, result->findings_ignored, "finding", "findings");
        uf_text_add_z(&text, " left out by --ignore or --baseline");
        write_row(page, label, &text);
    }
}

/* Objects of the earliest entry's holder, summed; entries of the same holder stand for one. */
static bool first_of_holder(const struct uf_type_total *top, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (top[i].holder && top[index].holder && strcmp(top[i].holder, top[index].holder) == 0)
            return false;
    return true;
}

/* "; module stringprep 112 (function, dict)": by holder, each with the types it holds most of. */
static void add_top(struct uf_text *ret, const struct uf_type_total *top, size_t len, double all)
{
    double named = 0;
    size_t holders = 0;

    for (size_t i = 0; i < len && holders < TOP_MOST; i++) {
        size_t types = 0;
        double objects = 0;
        if (!first_of_holder(top, i))
            continue;
        for (size_t j = i; j < len; j++)
            if (j == i || (top[i].holder && top[j].holder && !strcmp(top[i].holder, top[j].holder)))
                objects += top[j].objects;
        if (objects < 1)
            continue; /* texts and numbers, which the count in front leaves out */
        uf_text_add_z(ret, holders == 0 ? ": " : "; ");
        uf_units_count(ret, objects);
        uf_text_add_z(ret, top[i].holder ? " in " : " ");
        uf_columns_clean(ret, top[i].holder ? top[i].holder : top[i].type);
        for (size_t j = i; top[i].holder && j < len && types < 3; j++) {
            if (!top[j].holder || strcmp(top[i].holder, top[j].holder) != 0 || !top[j].type)
                continue;
            uf_text_add_z(ret, types == 0 ? " (" : ", ");
            uf_columns_clean(ret, top[j].type);
            types++;
        }
        uf_text_add_z(ret, types > 0 ? ")" : "");
        named += objects;
        holders++;
    }
    if (holders > 0 && all - named >= 0.5) {
        uf_text_add_z(ret, "; ");
        uf_units_count(ret, all - named);
        uf_text_add_z(ret, " elsewhere");
    }
}

static void write_warmup(struct uf_page *page, const struct uf_check_result *result)
{
    struct uf_text text = {0};

    if (result->has_reload && result->reload.objects >= 0) {
        uf_units_plural(&text, result->reload.objects, "object", "objects");
        uf_text_add_z(&text, ", ");
        uf_units_bytes(&text, result->reload.bytes);
        uf_text_add_z(&text, ", made by running the module itself again; released by unfreed, "
                             "not part of the verdict");
        write_row(page, "reload", &text);
    }
    if (!(result->warmup.objects >= 0.5))
        return;
    uf_units_plural(&text, result->warmup.objects, "object", "objects");
    uf_text_add_z(&text, ", ");
    uf_units_bytes(&text, result->warmup.bytes);
    if (uf_text_settled(result) == 1) {
        uf_text_add_z(&text, ", left by the first call");
    } else if (result->calls_warmup > 1) {
        uf_text_add_z(&text, ", left by the first ");
        uf_units_plural(&text, result->calls_warmup, "call", "calls");
    }
    add_top(&text, result->warmup.top.at, result->warmup.top.len, result->warmup.objects);
    write_row(page, "warm-up", &text);
}

/* "; 500 calls made it run 71 times (64/6/1), 12 ms" */
static void add_collections(struct uf_text *ret, const struct uf_check_result *result)
{
    const struct uf_generation_figures *figures = result->collector.per_generation;
    double runs = 0, seconds = 0;

    for (int i = 0; i < UF_GENERATIONS; i++) {
        runs += figures[i].collections;
        seconds += figures[i].seconds;
    }
    if (isnan(runs))
        return;
    uf_text_add_z(ret, "; in ");
    if (result->collector.waiting_calls >= 1)
        uf_units_plural(ret, result->collector.waiting_calls, "call", "calls");
    else
        uf_text_add_z(ret, "the calls");
    uf_text_add_z(ret, " it ran ");
    uf_units_plural(ret, runs, "time", "times");
    if (runs > 0) {
        uf_text_add_z(ret, " (");
        for (int i = 0; i < UF_GENERATIONS; i++) {
            uf_text_add_z(ret, i == 0 ? "" : "/");
            uf_units_count(ret, figures[i].collections);
        }
        uf_text_add_z(ret, ")");
        if (isfinite(seconds)) {
            uf_text_add_z(ret, ", ");
            uf_units_seconds(ret, seconds);
        }
    }
}

/* Under `delayed` the head says it. */
static void add_waiting(struct uf_text *ret, const struct uf_check_result *result)
{
    if (result->verdict == UF_DELAYED || !(result->collector.waiting_max_objects > 0) ||
        !(result->per_call.garbage_objects >
          0)) /* without garbage it is only the call's own work */
        return;
    uf_text_add_z(ret, "; up to ");
    uf_units_plural(ret, result->collector.waiting_max_objects, "object", "objects");
    uf_text_add_z(ret, " wait for it at a time");
}

static void write_collector(struct uf_page *page, const struct uf_check_result *result)
{
    struct uf_text text = {0};

    if (isnan(result->collector.thresholds[0])) /* it was not looked at */
        return;
    uf_text_add_z(&text, result->collector.enabled ? "on, " : "off, ");
    uf_text_thresholds(&text, result);
    if (result->collector.freeze_count > 0) {
        uf_text_add_z(&text, ", ");
        uf_units_plural(&text, result->collector.freeze_count, "object", "objects");
        uf_text_add_z(&text, " frozen");
    }
    if (!result->collector.enabled && result->verdict == UF_DELAYED)
        uf_text_add_z(&text, "; the garbage stays until gc.collect() is called");
    else if (result->verdict == UF_LEAK && result->collector.would_free_objects == 0)
        uf_text_add_z(&text, "; it would free none of this");
    else if (result->verdict == UF_LEAK && result->collector.would_free_objects > 0) {
        uf_text_add_z(&text, "; it would free ");
        uf_units_plural(&text, result->collector.would_free_objects, "other object",
                        "other objects");
    }
    add_collections(&text, result);
    add_waiting(&text, result);
    write_row(page, "collector", &text);
}

static void write_details(struct uf_page *outer, const struct uf_check_result *result)
{
    struct uf_text rows = {0};
    struct uf_page inner = {.out = &rows, .width = outer->width}, *page = &inner;

    write_bounded(page, result);
    write_warmup(page, result);
    write_collector(page, result);
    if (result->verdict != UF_UNDECIDED) /* there the head says it */
        write_plain(page, "evidence", result->evidence);
    write_set_aside(page, result);
    for (size_t i = 0; i < result->warnings.len; i++)
        write_plain(page, UF_MARK_PLAIN UF_MARK_YELLOW "warning", result->warnings.at[i]);
    if (result->partial)
        write_plain(page, UF_MARK_PLAIN UF_MARK_YELLOW "partial",
                    "interrupted: this is what was found until then");
    if (rows.len > 0)
        uf_page_newline(outer);
    uf_text_add_z(outer->out, uf_page_z(&rows));
    uf_page_drop(outer, &rows);
}

void uf_report_text(struct uf_text *ret, const struct uf_check_result *result,
                    const struct uf_report_style *style)
{
    struct uf_text marked = {0};
    struct uf_page page = {.out = &marked, .width = style->width};

    if (page.width == 0)
        page.width = WIDTH_UNKNOWN;
    if (page.width < WIDTH_LEAST)
        page.width = WIDTH_LEAST;
    if (page.width > WIDTH_MOST)
        page.width = WIDTH_MOST;
    uf_text_head(&page, result, style->quiet);
    write_findings(&page, result, style->quiet);
    if (!style->quiet)
        write_details(&page, result);
    if (marked.failed)
        ret->failed = true;
    else
        uf_style_apply(ret, uf_page_z(&marked), style->color);
    uf_text_release(&marked);
}
