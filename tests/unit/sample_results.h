/* sample_results.h - results built by hand, for the tests of the reports and for print_report.c. */
#ifndef UF_TESTS_UNIT_SAMPLE_RESULTS_H
#define UF_TESTS_UNIT_SAMPLE_RESULTS_H

#include "analysis/result.h"

#include <string.h>

static inline void sample_step(struct uf_finding *finding, bool cycle, const char *edge,
                               const char *object, const char *type, bool suspect)
{
    struct uf_path_step step = {.object = uf_mem_strdup(object),
                                .type = uf_mem_strdup(type),
                                .edge = uf_mem_strdup(edge),
                                .generic = uf_mem_strdup(edge),
                                .suspect = suspect};
    if (cycle)
        (void)uf_vec_push(&finding->cycle, step);
    else
        (void)uf_vec_push(&finding->path, step);
}

/* The first call leaves `first` objects; every call leaves `left` and `garbage`. */
static inline void sample_calls(struct uf_check_result *result, uint32_t warmup, uint32_t measured,
                                double first, double left, double garbage)
{
    double alive = 21000;
    result->calls_warmup = warmup;
    result->calls_measured = measured;
    for (uint32_t call = 1; call <= warmup + measured; call++) {
        double stays = left + (call == 1 ? first : 0);
        struct uf_sample sample = {
            .call = call,
            .phase = call <= warmup ? UF_PHASE_WARMUP : UF_PHASE_MEASURED,
            .objects_before = alive,
            .objects_after = alive + stays + garbage,
            .collected = garbage,
            .garbage_rounds = garbage > 0 ? 1 : 0,
            .objects_after_collect = alive + stays,
            .python_bytes = 3.5e6 + 178.5 * left * call,
            .native_bytes = UF_UNKNOWN,
            .rss_bytes = 31e6,
            .descriptors = 5,
            .threads = 1,
            .seconds = 0.00125,
        };
        alive += stays;
        (void)uf_vec_push(&result->samples, sample);
    }
}

static inline void sample_total(struct uf_check_result *result, const char *type,
                                const char *holder, double objects, double bytes)
{
    struct uf_type_total total = {.type = uf_mem_strdup(type),
                                  .holder = holder ? uf_mem_strdup(holder) : NULL,
                                  .objects = objects,
                                  .bytes = bytes};
    (void)uf_vec_push(&result->warmup.top, total);
}

static inline void sample_common(struct uf_check_result *result, const char *spec,
                                 const char *function)
{
    static const char *const kinds[] = {"warmup", "measure", "endurance"};
    uf_check_result_init(result);
    result->spec = uf_mem_strdup(spec);
    result->function = uf_mem_strdup(function);
    result->python = uf_mem_strdup("3.11.2");
    result->implementation = uf_mem_strdup("cpython");
    result->platform = uf_mem_strdup("linux-x86_64");
    result->unfreed_version = uf_mem_strdup("0.1.0");
    result->stopped_because = uf_mem_strdup("more calls would not change the verdict");
    result->seconds = 1.75;
    for (size_t i = 0; i < 3; i++) {
        struct uf_pass pass = {.kind = uf_mem_strdup(kinds[i]), .calls = 12, .seconds = 0.125};
        (void)uf_vec_push(&result->passes, pass);
    }
    result->collector.enabled = true;
    result->collector.thresholds[0] = 700;
    result->collector.thresholds[1] = result->collector.thresholds[2] = 10;
    result->collector.freeze_count = 0;
    result->collector.waiting_calls = 500;
    for (int i = 0; i < UF_GENERATIONS; i++)
        result->collector.per_generation[i] =
            (struct uf_generation_figures){.collections = i == 0   ? 64
                                                          : i == 1 ? 6
                                                                   : 1,
                                           .seconds = 0.004,
                                           .collected = 100 * i,
                                           .uncollectable = 0};
    result->warmup.objects = 281;
    result->warmup.bytes = 41984;
    result->rss.before_bytes = 30e6;
    result->rss.after_bytes = 31e6;
}

static inline void sample_clean(struct uf_check_result *result)
{
    sample_common(result, "client.py:status", "status");
    result->verdict = UF_CLEAN;
    result->confidence = 1;
    result->evidence = uf_mem_strdup("nothing kept rising over 16 windows, the last of 8 calls "
                                     "each; a leak on fewer than one call "
                                     "in 8 cannot be excluded");
    sample_calls(result, 2, 12, 281, 0, 0);
    result->per_call.objects = result->per_call.garbage_objects = result->per_call.garbage_bytes =
        0;
    result->per_call.python_bytes = result->per_call.descriptors = result->per_call.threads = 0;
    result->collector.waiting_max_objects = 14;
    result->collector.waiting_max_bytes = 2048;
    result->collector.would_free_objects = 0;
    sample_total(result, "function", "module encodings.idna", 84, 12096);
    sample_total(result, "dict", "module encodings.idna", 28, 5824);
    sample_total(result, "function", "module stringprep", 66, 9504);
    sample_total(result, "weakref", "abc caches", 40, 2880);
    sample_total(result, "dict", "requests.sessions", 12, 2784);
    sample_total(result, "socket.socket", "urllib3.poolmanager", 9, 1200);

    struct uf_finding finding;
    uf_finding_init(&finding);
    finding.id = uf_mem_strdup("retained:re.Pattern:module re._cache[*]:status");
    finding.severity = UF_SEVERITY_BOUNDED;
    finding.kind = UF_KIND_RETAINED;
    finding.type = uf_mem_strdup("re.Pattern");
    finding.holder = uf_mem_strdup("re._cache");
    finding.path_root = uf_mem_strdup("module re");
    finding.bound_limit = 512;
    finding.bound_fill = 96;
    finding.bytes = 49152;
    (void)uf_vec_push(&result->findings, finding);
}

static inline void sample_delayed(struct uf_check_result *result)
{
    static const char *const types[] = {"requests.exceptions.ConnectionError",
                                        "urllib3.exceptions.MaxRetryError",
                                        "traceback",
                                        "frame",
                                        "urllib3.connectionpool.HTTPConnectionPool",
                                        "frame"};
    struct uf_finding finding;

    sample_common(result, "client.py:status", "status");
    result->verdict = UF_DELAYED;
    result->confidence = 1;
    result->evidence =
        uf_mem_strdup("in 12 of 12 windows the collector freed what reference counting "
                      "had not, and nothing was left after it");
    sample_calls(result, 2, 12, 0, 0, 103);
    result->per_call.objects = 0;
    result->per_call.garbage_objects = 103;
    result->per_call.garbage_bytes = 41984;
    result->per_call.python_bytes = 0;
    result->collector.waiting_max_objects = 7210;
    result->collector.waiting_max_bytes = 2.9e6;
    result->collector.would_free_objects = 103;
    result->warmup.objects = UF_UNKNOWN;

    uf_finding_init(&finding);
    finding.id = uf_mem_strdup("cycle:requests.exceptions.ConnectionError:local 'error':status");
    finding.severity = UF_SEVERITY_DELAYED;
    finding.kind = UF_KIND_CYCLE;
    finding.type = uf_mem_strdup("requests.exceptions.ConnectionError");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        (void)uf_vec_push(&finding.types, uf_mem_strdup(types[i]));
    finding.collectable = true;
    finding.collectable_why = uf_mem_strdup("every type in it supports collection");
    finding.objects_per_call = 103;
    finding.bytes_per_call = 41984;
    finding.confidence = 1;
    for (int i = 0; i < 12; i++)
        (void)uf_vec_push(&finding.growth_by_call, 103);
    sample_step(&finding, true, ".__traceback__", "<traceback>", "traceback", false);
    sample_step(&finding, true, ".tb_next", "<traceback>", "traceback", false);
    sample_step(&finding, true, ".tb_frame", "frame of send() at adapters.py:501", "frame", false);
    sample_step(
        &finding, true,
        "local 'retries' of send() at /usr/lib/python3/dist-packages/requests/adapters.py:501",
        "<Retry>", "urllib3.util.retry.Retry", false);
    sample_step(&finding, true, ".history", "tuple, 1 entry", "tuple", false);
    sample_step(&finding, true, "[0]", "<RequestHistory>", "urllib3.util.retry.RequestHistory",
                false);
    sample_step(&finding, true, ".error", "<ConnectionError>",
                "requests.exceptions.ConnectionError", true);
    finding.holder = uf_mem_strdup("Retry.history");
    finding.made_at = uf_mem_strdup("send() in requests/adapters.py:501");
    finding.fix_advice =
        uf_mem_strdup("delete the local that keeps the exception when the except block "
                      "ends (`del error`), or keep str(error) in the history and not "
                      "the exception");
    finding.fix_edge = uf_mem_strdup("RequestHistory.error");
    finding.fix_verified = true;
    finding.fix_how = UF_FIX_GRAPH;
    (void)uf_finding_add_candidate(&finding, finding.fix_edge, true, NULL);
    (void)uf_finding_add_candidate(&finding, "ConnectionError.__traceback__", true, NULL);
    finding.fix_frees_objects = 103;
    finding.fix_frees_bytes = 41984;
    (void)uf_vec_push(&result->findings, finding);
}

static inline void sample_session_finding(struct uf_finding *finding)
{
    uf_finding_init(finding);
    finding->id = uf_mem_strdup("retained:shop.Session:module shop.STORE._sessions[*]:checkout");
    finding->severity = UF_SEVERITY_LEAK;
    finding->kind = UF_KIND_RETAINED;
    finding->type = uf_mem_strdup("shop.Session");
    finding->objects_per_call = 1;
    finding->bytes_per_call = 56;
    finding->retained_bytes_per_call = 357;
    finding->objects = 5012;
    finding->bytes = 280672;
    finding->confidence = 1;
    for (int i = 0; i < 12; i++)
        (void)uf_vec_push(&finding->growth_by_call, i == 3 ? UF_UNKNOWN : 1);
    struct uf_stack_frame open = {
        .file = uf_mem_strdup("/srv/shop.py"), .line = 14, .function = uf_mem_strdup("Store.open")};
    struct uf_stack_frame checkout = {
        .file = uf_mem_strdup("/srv/shop.py"), .line = 31, .function = uf_mem_strdup("checkout")};
    (void)uf_vec_push(&finding->allocated_at, open);
    (void)uf_vec_push(&finding->allocated_at, checkout);
    finding->holder = uf_mem_strdup("shop.STORE._sessions");
    finding->path_root = uf_mem_strdup("module shop");
    finding->holder_grows = true;
    sample_step(finding, false, "", "<module 'shop'>", "module", false);
    sample_step(finding, false, ".STORE", "<Store>", "shop.Store", false);
    sample_step(finding, false, "._sessions", "dict, 5,012 entries", "dict", true);
    sample_step(finding, false, "['9f3c...']", "<Session>", "shop.Session", false);
    finding->fix_advice =
        uf_mem_strdup("delete the entry from STORE._sessions when the session ends");
    finding->fix_edge = uf_mem_strdup("shop.STORE._sessions['9f3c...']");
    finding->fix_verified = true;
    finding->fix_how = UF_FIX_COPY;
    finding->fix_frees_objects = finding->fix_of_objects = 10024;
    finding->fix_of_members = 5012;
    finding->fix_frees_bytes = 1789284;
    (void)uf_finding_add_candidate(finding, finding->fix_edge, true, NULL);
}

static inline void sample_leak(struct uf_check_result *result)
{
    struct uf_finding finding;
    sample_common(result, "shop.py:checkout", "checkout");
    result->verdict = UF_LEAK;
    result->confidence = 1;
    result->evidence =
        uf_mem_strdup("shop.Session rose in 100 % of the windows, up to call 62; a cache with "
                      "a bound of more than 5,012 entries cannot be excluded");
    sample_calls(result, 2, 12, 281, 2, 0);
    result->per_call.objects = 2;
    result->per_call.garbage_objects = 0;
    result->per_call.garbage_bytes = 0;
    result->per_call.python_bytes = 357;
    result->per_call.descriptors = 0;
    result->per_call.threads = 0;
    result->collector.would_free_objects = 0;
    result->collector.waiting_max_objects = 0;
    sample_total(result, "function", "module encodings.idna", 112, 17920);
    sample_total(result, "function", "module stringprep", 66, 9504);
    sample_session_finding(&finding);
    (void)uf_vec_push(&result->findings, finding);
}

static inline void sample_plain(struct uf_check_result *result, enum uf_finding_kind kind,
                                const char *type, double per_call, double bytes, const char *root,
                                const char *holder)
{
    struct uf_finding finding;
    uf_finding_init(&finding);
    finding.id = uf_mem_printf("%s:%s:%s:work", uf_kind_name(kind), type, holder ? holder : "");
    finding.severity = UF_SEVERITY_LEAK;
    finding.kind = kind;
    finding.type = uf_mem_strdup(type);
    finding.objects_per_call = per_call;
    finding.bytes_per_call = bytes;
    finding.confidence = 1;
    finding.path_root = root ? uf_mem_strdup(root) : NULL;
    finding.holder = holder ? uf_mem_strdup(holder) : NULL;
    (void)uf_vec_push(&result->findings, finding);
}

/* All kinds, more findings than are shown in full, and everything that can be set aside. */
static inline void sample_many(struct uf_check_result *result)
{
    struct uf_finding *finding;
    sample_common(result, "big/app.py", "app.py");
    result->verdict = UF_LEAK;
    result->confidence = 0.9;
    result->evidence = uf_mem_strdup("list rose in 90 % of the windows, up to call 40");
    sample_calls(result, 1, 11, 0, 3, 0);
    result->per_call.objects = 3;
    result->per_call.python_bytes = 4096;
    result->per_call.native_bytes = 65536;
    result->per_call.descriptors = 1;
    result->per_call.threads = 1;
    result->collector.would_free_objects = 40;
    result->has_reload = true;
    result->reload.objects = 34;
    result->reload.bytes = 9318;
    result->warmup.objects = 1;
    result->warmup.bytes = 64;
    result->findings_ignored = 1;
    result->partial = true;
    (void)uf_vec_push(&result->warnings,
                      uf_mem_strdup("the target sets the collector's thresholds during a call"));
    sample_plain(result, UF_KIND_GROWING, "list", 0, 8.2, "module app", "app.LOG");
    finding = &result->findings.at[0];
    finding->bytes = 41000;
    sample_step(finding, false, ".LOG", "list, 5,120 entries", "list", true);
    finding->fix_why_not = uf_mem_strdup("entries are numbers, cutting one frees nothing else");
    sample_plain(result, UF_KIND_RETAINED, "app.worker.Job", 1.0 / 3, 119, "thread MainThread",
                 "local 'jobs' of main()");
    finding = &result->findings.at[1];
    finding->holder_grows = true;
    sample_step(finding, false,
                "local 'jobs' of main() at /srv/projects/backend/app/worker/main.py:1204",
                "list, 40 entries", "list", true);
    sample_step(finding, false, "[39]", "<Job>", "app.worker.Job", false);
    sample_plain(result, UF_KIND_ORPHAN, "bytes", 1, 65569, "nothing (lost reference)", NULL);
    sample_plain(result, UF_KIND_DESCRIPTOR, "descriptor", 1, UF_UNKNOWN, NULL, NULL);
    result->findings.at[3].descriptor_fd = 17;
    result->findings.at[3].descriptor_target = uf_mem_strdup("/var/log/app.log");
    result->findings.at[3].fix_advice = uf_mem_strdup("close it: use a with statement");
    sample_plain(result, UF_KIND_THREAD, "thread", 1, UF_UNKNOWN, NULL, NULL);
    result->findings.at[4].thread_name = uf_mem_strdup("Thread-12 (poll)");
    sample_plain(result, UF_KIND_NATIVE, "malloc", UF_UNKNOWN, 65536, NULL, NULL);
    sample_plain(result, UF_KIND_TASK, "task", 1, UF_UNKNOWN, NULL, "asyncio.tasks._all_tasks");
    sample_plain(result, UF_KIND_CYCLE, "hiredis.Reader", 2, 420, NULL, NULL);
    result->findings.at[7].collectable_why =
        uf_mem_strdup("hiredis.Reader cannot take part in collection");
    sample_plain(result, UF_KIND_RETAINED, "dict", 1, 232, "module app", "app.EVENTS");
    result->findings.at[8].not_from_call = uf_mem_strdup("grows while no call is made");
}

/* Texts of the target that are wide, combining, broken, or meant for the terminal. */
static inline void sample_hostile(struct uf_check_result *result)
{
    struct uf_finding finding;
    sample_leak(result);
    sample_session_finding(&finding);
    uf_mem_free(finding.type);
    finding.type = uf_mem_strdup(
        "\xe5\xba\x97\xe8\x88\x97."
        "\xe4\xbc\x9a\xe8\xaf\x9d\xe4\xbc\x9a\xe8\xaf\x9d\xe4\xbc\x9a\xe8\xaf\x9d\x1b[31m");
    for (int depth = 0; depth < 30; depth++)
        if (depth == 8)
            sample_step(&finding, false, "...", "(137 more)", "", false);
        else
            sample_step(&finding, false,
                        depth % 7 == 3
                            ? "['e\xcc\x81\xff\xed\xb3\xbf\xe2\x80\xae key\nwith a line']"
                            : ".next",
                        "<N\xc3\xb6"
                        "de \"quoted\" \\ back>",
                        "a.b.N\xc3\xb6"
                        "de",
                        depth == 14);
    sample_step(
        &finding, false,
        "['a_very_long_key_without_any_space_in_it_that_goes_on_and_on_and_on_until_nothing_fits_"
        "anymore']",
        "x",
        "a.module.with.a.very.long.name.indeed.that.does.not.fit.ClassWithAnEvenLongerNameThanThat",
        false);
    (void)uf_vec_push(&result->findings, finding);
    (void)uf_vec_push(
        &result->warnings,
        uf_mem_strdup(
            "surrogate \xed\xb3\xbf, byte \xff, tab\tand \x1b[2Jescape, "
            "https://example.org/a/very/long/address/that/has/no/place/to/break/in/it/at/all"));
}

static inline void sample_undecided(struct uf_check_result *result)
{
    uf_check_result_init(result);
    result->spec = uf_mem_strdup("slow.py:crawl");
    result->function = uf_mem_strdup("crawl");
    result->evidence =
        uf_mem_strdup("3 measured calls, a verdict needs 5 (give more time with --budget, "
                      "or --calls 5)");
    result->stopped_because = uf_mem_strdup("the time budget was used up");
    result->calls_warmup = 1;
    result->calls_measured = 3;
}

struct sample {
    const char *name;
    void (*fill)(struct uf_check_result *result);
};

static const struct sample samples[] = {
    {"clean", sample_clean}, {"delayed", sample_delayed}, {"leak", sample_leak},
    {"many", sample_many},   {"hostile", sample_hostile}, {"undecided", sample_undecided},
};
#define SAMPLE_COUNT (sizeof samples / sizeof samples[0])

#endif
