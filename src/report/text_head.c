#include "report/text_head.h"

#include "report/columns.h"
#include "report/style.h"
#include "report/units.h"

#include <string.h>

#define NATIVE_TOLD_BYTES 1024 /* per call */

void uf_text_thresholds(struct uf_text *ret, const struct uf_check_result *result)
{
    for (int i = 0; i < UF_GENERATIONS; i++) {
        uf_text_add_z(ret, i == 0 ? "" : "/");
        uf_units_fixed(ret, result->collector.thresholds[i], 0);
    }
}

/* What is still there after the collector has been through. */
static double left_by(const struct uf_sample *sample)
{
    return sample->objects_after_collect - sample->objects_before;
}

static bool has_leak_of(const struct uf_check_result *result, enum uf_finding_kind kind)
{
    for (size_t i = 0; i < result->findings.len; i++) {
        const struct uf_finding *finding = &result->findings.at[i];
        if (finding->severity == UF_SEVERITY_LEAK && finding->kind == kind &&
            !finding->not_from_call)
            return true;
    }
    return false;
}

/* The first finding that counts and has this severity. */
static const struct uf_finding *worst_of(const struct uf_check_result *result,
                                         enum uf_severity severity)
{
    for (size_t i = 0; i < result->findings.len; i++)
        if (result->findings.at[i].severity == severity && !result->findings.at[i].not_from_call)
            return &result->findings.at[i];
    return NULL;
}

/* The target was a whole file: then people speak of runs. */
static const char *call_of(const struct uf_check_result *result)
{
    return result->has_reload ? "run" : "call";
}

/* Where fewer than one comes per call, says "one call in 3" and returns 3; else "each call" and 1. */
static double add_subject(struct uf_text *ret, const struct uf_check_result *result,
                          double per_call)
{
    double every = per_call > 0.0001 && per_call < 0.6 ? round(1 / per_call) : 1;
    if (every > 1) {
        uf_text_printf(ret, "one %s in ", call_of(result));
        uf_units_count(ret, every);
    } else {
        uf_text_printf(ret, "each %s", call_of(result));
        every = 1;
    }
    return every;
}

static void add_amount(struct uf_text *ret, double objects, double bytes)
{
    if (objects >= 0.01)
        uf_units_plural(ret, objects, "object", "objects");
    if (objects >= 0.01 && bytes >= 0.5)
        uf_text_add_z(ret, ", ");
    if (bytes >= 0.5)
        uf_units_bytes(ret, bytes);
    if (objects >= 0.01 && bytes >= 0.5)
        uf_text_add_z(ret, ",");
}

static void add_number(struct uf_text *ret, double number, const char *one, const char *many)
{
    if (number >= 0.01)
        uf_units_plural(ret, number, one, many);
    else
        uf_text_add_z(ret, many);
}

/* What is left beside objects, in words: "1 file descriptor open". False: no such finding. */
static bool add_resource(struct uf_text *ret, const struct uf_check_result *result,
                         enum uf_finding_kind kind)
{
    if (!has_leak_of(result, kind))
        return false;
    switch (kind) {
    case UF_KIND_NATIVE:
        if (result->per_call.native_bytes >= 0.5) {
            uf_units_bytes(ret, result->per_call.native_bytes);
            uf_text_add_z(ret, " of ");
        }
        uf_text_add_z(ret, "native memory");
        return true;
    case UF_KIND_DESCRIPTOR:
        add_number(ret, result->per_call.descriptors, "file descriptor open",
                   "file descriptors open");
        return true;
    case UF_KIND_THREAD:
        add_number(ret, result->per_call.threads, "thread running", "threads running");
        return true;
    default:
        if (result->per_call.tasks == 0) { /* it is their timers that pile up */
            uf_text_add_z(ret, "asyncio timers pending");
            return true;
        }
        add_number(ret, result->per_call.tasks, "asyncio task pending", "asyncio tasks pending");
        return true;
    }
}

/* "each call" and "2 objects, 357 B, that nothing will free". `alone`: nothing else is left, so that
 * "one call in 3" may be said. */
static void add_objects(struct uf_text *subject, struct uf_text *ret,
                        const struct uf_check_result *result, bool piles, bool alone)
{
    const struct uf_finding *worst = worst_of(result, UF_SEVERITY_LEAK);
    double objects = piles ? result->per_call.objects : 0, bytes = result->per_call.python_bytes;

    if (worst && piles && !(objects >= 0.01))
        objects = worst->objects_per_call;
    if (worst && !(bytes >= 0.5))
        bytes = worst->retained_bytes_per_call >= 0.5 ? worst->retained_bytes_per_call
                                                      : worst->bytes_per_call;
    double every = add_subject(subject, result, alone ? objects : 1);
    if (objects >= 0.01 || bytes >= 0.5)
        add_amount(ret, objects * every, bytes * every);
    else
        uf_text_add_z(ret, "objects");
    uf_text_add_z(ret, " that nothing will free");
    /* what the objects hold of C code's memory: an array's data, a parser's buffers */
    double native = result->per_call.native_bytes * every;
    if (native >= NATIVE_TOLD_BYTES && native >= bytes && !has_leak_of(result, UF_KIND_NATIVE)) {
        uf_text_add_z(ret, ", with ");
        uf_units_bytes(ret, native);
        uf_text_add_z(ret, " of native memory");
    }
}

static void add_leak(struct uf_text *ret, const struct uf_check_result *result)
{
    static const enum uf_finding_kind resources[] = {UF_KIND_NATIVE, UF_KIND_DESCRIPTOR,
                                                     UF_KIND_THREAD, UF_KIND_TASK};
    const size_t kinds = sizeof resources / sizeof resources[0];
    bool piles = has_leak_of(result, UF_KIND_RETAINED) || has_leak_of(result, UF_KIND_CYCLE) ||
                 has_leak_of(result, UF_KIND_ORPHAN);
    bool objects = piles || has_leak_of(result, UF_KIND_GROWING);
    size_t left = 0, said = 0;
    struct uf_text what = {0};

    for (size_t i = 0; i < kinds; i++)
        left += has_leak_of(result, resources[i]);
    if (objects)
        add_objects(ret, &what, result, piles, left == 0);
    else
        add_subject(ret, result, 1);
    uf_text_add_z(ret, " leaves ");
    uf_text_add_z(ret, uf_page_z(&what));
    if (objects && left > 0)
        uf_text_add_z(ret, "; also ");
    for (size_t i = 0; i < kinds; i++) {
        if (!has_leak_of(result, resources[i]))
            continue;
        if (said > 0)
            uf_text_add_z(ret, said + 1 == left ? " and " : ", ");
        said += add_resource(ret, result, resources[i]);
    }
    if (!objects && left == 1 && has_leak_of(result, UF_KIND_NATIVE))
        uf_text_add_z(ret, " that nothing will free");
    else if (!objects && left == 0)
        uf_text_add_z(ret, "something that nothing will free");
    ret->failed |= what.failed;
    uf_text_release(&what);
}

static void add_delayed(struct uf_text *ret, const struct uf_check_result *result)
{
    const struct uf_finding *worst = worst_of(result, UF_SEVERITY_DELAYED);
    double objects = result->per_call.garbage_objects, bytes = result->per_call.garbage_bytes;

    if (worst && !(objects > 0)) {
        objects = worst->objects_per_call;
        bytes = worst->bytes_per_call;
    }
    double every = add_subject(ret, result, objects);
    uf_text_add_z(ret, " leaves ");
    if (objects >= 0.0001)
        add_amount(ret, objects * every, bytes * every);
    else
        uf_text_add_z(ret, "garbage");
    uf_text_add_z(ret, " that only the cyclic collector frees");
}

/* "12 calls of checkout() after 2 warm-up calls" */
static void add_calls(struct uf_text *ret, const struct uf_check_result *result)
{
    const char *function = result->function;
    size_t len = function ? strlen(function) : 0;

    uf_units_plural(ret, result->calls_measured, call_of(result),
                    result->has_reload ? "runs" : "calls");
    if (len > 0) {
        uf_text_add_z(ret, " of ");
        uf_columns_clean(ret, function);
        if (!result->has_reload && function[len - 1] != ')')
            uf_text_add_z(ret, "()");
    }
    if (result->calls_warmup > 0) {
        uf_text_add_z(ret, " after ");
        uf_units_count(ret, result->calls_warmup);
        uf_text_add_z(ret, " for warm-up");
    }
}

/* ", 2.00 objects in every one": the spread over the measured calls. Samples count what the collector
 * tracks; where strings and other untracked objects stay too, only the mean says the whole. */
static void add_spread(struct uf_text *ret, const struct uf_check_result *result)
{
    bool delayed = result->verdict == UF_DELAYED;
    double mean = delayed ? result->per_call.garbage_objects : result->per_call.objects;
    double least = INFINITY, most = -INFINITY, sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < result->samples.len; i++) {
        const struct uf_sample *sample = &result->samples.at[i];
        double left = delayed ? sample->collected : left_by(sample);
        if (sample->phase != UF_PHASE_MEASURED || isnan(left))
            continue;
        least = fmin(least, left);
        most = fmax(most, left);
        sum += left;
        count++;
    }
    if (isnan(mean) && count > 0)
        mean = sum / (double)count;
    if (!(mean >= 0.01))
        return;
    uf_text_add_z(ret, ", ");
    if (count == 0 || fabs(sum / (double)count - mean) > 0.02 * mean) {
        uf_units_fixed(ret, mean, 2);
        uf_text_add_z(ret, " objects per call");
    } else if (least == most) {
        uf_units_fixed(ret, least, 2);
        uf_text_add_z(ret, " objects in every one");
    } else {
        uf_units_fixed(ret, mean, 2);
        uf_text_add_z(ret, " objects per call (");
        uf_units_count(ret, least);
        uf_text_add_z(ret, " to ");
        uf_units_count(ret, most);
        uf_text_add_z(ret, ")");
    }
}

/* "; at worst 7,210 objects, 2.8 MiB, wait at a time (thresholds 700/10/10)" */
static void add_waiting(struct uf_text *ret, const struct uf_check_result *result)
{
    if (!(result->collector.waiting_max_objects > 0))
        return;
    uf_text_add_z(ret, "; at worst ");
    uf_units_plural(ret, result->collector.waiting_max_objects, "object", "objects");
    if (result->collector.waiting_max_bytes > 0) {
        uf_text_add_z(ret, ", ");
        uf_units_bytes(ret, result->collector.waiting_max_bytes);
        uf_text_add_z(ret, ",");
    }
    uf_text_add_z(ret, " wait at a time (thresholds ");
    uf_text_thresholds(ret, result);
    uf_text_add_z(ret, ")");
}

/* "calls 3 to 14" */
static void add_call_numbers(struct uf_text *ret, const struct uf_check_result *result,
                             uint32_t first, uint32_t last, bool begins_sentence)
{
    const char *word = call_of(result);
    uf_text_printf(ret, "%c%s%s ", begins_sentence ? *word + ('A' - 'a') : *word, word + 1,
                   first == last ? "" : "s");
    uf_units_count(ret, first);
    if (first < last) {
        uf_text_add_z(ret, " to ");
        uf_units_count(ret, last);
    }
}

size_t uf_text_settled(const struct uf_check_result *result)
{
    size_t settled = 0;
    for (size_t i = 0; i < result->samples.len; i++)
        if (left_by(&result->samples.at[i]) != 0) /* or not known */
            settled = i + 1;
    return settled;
}

static double sum_left(const struct uf_check_result *result, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += left_by(&result->samples.at[i]);
    return sum;
}

/* Why a count before and after one call would have cried leak: what the first calls left, and that
 * the later ones left nothing. */
static void add_first_calls(struct uf_text *ret, const struct uf_check_result *result)
{
    size_t count = result->samples.len, settled = uf_text_settled(result);
    bool unsettled = settled == count; /* it goes up and down until the end */

    if (unsettled && count > result->calls_warmup)
        settled = result->calls_warmup > 0 ? result->calls_warmup : 1;
    double first = sum_left(result, 0, settled), rest = sum_left(result, settled, count);
    if (count == 0 || settled >= count || isnan(first + rest))
        return;
    uf_text_add_z(ret, ". ");
    if (first > 0) {
        uf_text_add_z(ret, "The first ");
        if (settled > 1) {
            uf_units_count(ret, (double)settled);
            uf_text_add_z(ret, " ");
        }
        uf_text_printf(ret, "%s%s left ", call_of(result), settled > 1 ? "s" : "");
        uf_units_plural(ret, first, "object", "objects");
        uf_text_add_z(ret, " (imports, caches); ");
    }
    add_call_numbers(ret, result, result->samples.at[settled].call,
                     result->samples.at[count - 1].call, first <= 0);
    if (!unsettled) {
        uf_text_add_z(ret, " left none");
    } else {
        uf_text_add_z(ret, " went up and down, by ");
        uf_units_count(ret, rest);
        uf_text_add_z(ret, " in all");
    }
    if (left_by(&result->samples.at[0]) > 0)
        uf_text_add_z(ret, ". A count before and after one call would have cried leak");
    uf_text_add_z(ret, ".");
}

static void add_undecided(struct uf_text *ret, const struct uf_check_result *result)
{
    const char *why = result->evidence ? result->evidence : result->stopped_because;
    uf_text_add_z(ret, "no verdict");
    if (why && why[0]) {
        uf_text_add_z(ret, ": ");
        uf_columns_clean(ret, why);
    }
}

void uf_text_head(struct uf_page *page, const struct uf_check_result *result, bool quiet)
{
    static const char *const leads[] = {[UF_CLEAN] = "CLEAN",
                                        [UF_DELAYED] = "DELAYED",
                                        [UF_LEAK] = "LEAK",
                                        [UF_UNDECIDED] = "UNDECIDED"};
    static const char *const marks[] = {[UF_CLEAN] = UF_MARK_GREEN,
                                        [UF_DELAYED] = UF_MARK_YELLOW,
                                        [UF_LEAK] = UF_MARK_RED,
                                        [UF_UNDECIDED] = UF_MARK_YELLOW};
    struct uf_text sentence = {0}, calls = {0};
    size_t hang = strlen(leads[result->verdict]) + 2;

    uf_text_add_z(&sentence, UF_MARK_BOLD);
    if (result->verdict != UF_UNDECIDED)
        add_calls(&calls, result);
    switch (result->verdict) {
    case UF_CLEAN:
        uf_text_printf(&sentence, "a %s leaves nothing behind", call_of(result));
        add_first_calls(&calls, result);
        break;
    case UF_DELAYED:
        add_delayed(&sentence, result);
        add_spread(&calls, result);
        add_waiting(&calls, result);
        break;
    case UF_LEAK:
        add_leak(&sentence, result);
        add_spread(&calls, result);
        break;
    case UF_UNDECIDED:
        add_undecided(&sentence, result);
        uf_units_plural(&calls, result->calls_warmup + result->calls_measured, "call", "calls");
        uf_text_add_z(&calls, " finished");
        if (result->evidence && result->stopped_because &&
            strcmp(result->evidence, result->stopped_because) != 0) {
            uf_text_add_z(&calls, "; stopped because ");
            uf_columns_clean(&calls, result->stopped_because);
        }
        break;
    }
    uf_text_add_z(&sentence, UF_MARK_PLAIN);
    uf_page_headline(page, marks[result->verdict], leads[result->verdict], &sentence, "");
    if (!quiet) {
        uf_page_spaces(page, hang);
        uf_columns_wrap(page->out, uf_page_z(&calls), hang, hang, page->width);
        uf_page_newline(page);
    }
    uf_page_drop(page, &calls);
}
