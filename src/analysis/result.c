#include "analysis/result.h"

#include <string.h>

/* NAN is not all zero bits, so after the memset every figure is named. */

void uf_finding_init(struct uf_finding *finding)
{
    memset(finding, 0, sizeof *finding);
    finding->objects_per_call = UF_UNKNOWN;
    finding->bytes_per_call = UF_UNKNOWN;
    finding->retained_bytes_per_call = UF_UNKNOWN;
    finding->objects = UF_UNKNOWN;
    finding->entries_per_call = UF_UNKNOWN;
    finding->references_per_call = UF_UNKNOWN;
    finding->bytes = UF_UNKNOWN;
    finding->confidence = UF_UNKNOWN;
    finding->bound_limit = UF_UNKNOWN;
    finding->bound_fill = UF_UNKNOWN;
    finding->fix_frees_objects = UF_UNKNOWN;
    finding->fix_frees_bytes = UF_UNKNOWN;
    finding->fix_of_objects = finding->fix_of_members = UF_UNKNOWN;
    finding->fix_closes = finding->fix_of_closes = UF_UNKNOWN;
    finding->descriptor_fd = -1;
    finding->example = UINT32_MAX;
}

void uf_check_result_init(struct uf_check_result *result)
{
    memset(result, 0, sizeof *result);
    result->verdict = UF_UNDECIDED;
    result->confidence = UF_UNKNOWN;
    result->seconds = UF_UNKNOWN;
    result->per_call.objects = UF_UNKNOWN;
    result->per_call.garbage_objects = UF_UNKNOWN;
    result->per_call.garbage_bytes = UF_UNKNOWN;
    result->per_call.python_bytes = UF_UNKNOWN;
    result->per_call.native_bytes = UF_UNKNOWN;
    result->per_call.descriptors = UF_UNKNOWN;
    result->per_call.threads = UF_UNKNOWN;
    result->per_call.tasks = UF_UNKNOWN;
    result->warmup.objects = result->warmup.bytes = UF_UNKNOWN;
    result->reload.objects = result->reload.bytes = UF_UNKNOWN;
    for (int i = 0; i < UF_GENERATIONS; i++) {
        result->collector.thresholds[i] = UF_UNKNOWN;
        result->collector.per_generation[i] = (struct uf_generation_figures){
            .collections = UF_UNKNOWN,
            .seconds = UF_UNKNOWN,
            .collected = UF_UNKNOWN,
            .uncollectable = UF_UNKNOWN,
        };
    }
    result->collector.freeze_count = UF_UNKNOWN;
    result->collector.waiting_calls = UF_UNKNOWN;
    result->collector.waiting_max_objects = UF_UNKNOWN;
    result->collector.waiting_max_bytes = UF_UNKNOWN;
    result->collector.would_free_objects = UF_UNKNOWN;
    result->rss.before_bytes = result->rss.after_bytes = UF_UNKNOWN;
}

static void free_steps(struct uf_path_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uf_mem_free(steps[i].object);
        uf_mem_free(steps[i].type);
        uf_mem_free(steps[i].edge);
        uf_mem_free(steps[i].generic);
    }
}

static void free_totals(struct uf_type_total *totals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uf_mem_free(totals[i].type);
        uf_mem_free(totals[i].holder);
    }
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        uf_mem_free(texts[i]);
}

void uf_stack_frames_release(uf_stack_frames *frames)
{
    for (size_t i = 0; i < frames->len; i++) {
        uf_mem_free(frames->at[i].file);
        uf_mem_free(frames->at[i].function);
        uf_mem_free(frames->at[i].library);
        uf_mem_free(frames->at[i].symbol);
    }
    uf_vec_release(frames);
}

enum uf_code uf_finding_add_candidate(struct uf_finding *finding, const char *edge, bool alone,
                                      struct uf_error *err)
{
    if (!edge || finding->candidates.len >= UF_CANDIDATES_MAX)
        return UF_OK;
    for (size_t i = 0; i < finding->candidates.len; i++)
        if (strcmp(finding->candidates.at[i].edge, edge) == 0)
            return UF_OK;
    struct uf_fix_candidate candidate = {.edge = uf_mem_strdup(edge), .alone = alone};
    if (candidate.edge && uf_vec_push(&finding->candidates, candidate) == 0)
        return UF_OK;
    uf_mem_free(candidate.edge);
    return uf_error_nomem(err);
}

void uf_finding_release(struct uf_finding *finding)
{
    uf_mem_free(finding->id);
    uf_mem_free(finding->type);
    free_texts(finding->types.at, finding->types.len);
    uf_vec_release(&finding->types);
    uf_mem_free(finding->collectable_why);
    uf_vec_release(&finding->growth_by_call);
    uf_mem_free(finding->holder);
    free_steps(finding->path.at, finding->path.len);
    uf_vec_release(&finding->path);
    uf_mem_free(finding->path_root);
    free_steps(finding->cycle.at, finding->cycle.len);
    uf_vec_release(&finding->cycle);
    uf_mem_free(finding->bound_by);
    uf_mem_free(finding->descriptor_target);
    uf_mem_free(finding->thread_name);
    uf_mem_free(finding->thread_target);
    uf_stack_frames_release(&finding->thread_stack);
    uf_mem_free(finding->task_name);
    uf_mem_free(finding->task_coroutine);
    uf_stack_frames_release(&finding->task_stack);
    uf_stack_frames_release(&finding->allocated_at);
    uf_mem_free(finding->allocated_at_unknown);
    uf_mem_free(finding->fix_advice);
    uf_mem_free(finding->fix_edge);
    uf_mem_free(finding->fix_why_not);
    for (size_t i = 0; i < finding->candidates.len; i++)
        uf_mem_free(finding->candidates.at[i].edge);
    uf_vec_release(&finding->candidates);
    uf_cuts_release(&finding->cuts);
    uf_mem_free(finding->made_at);
    uf_mem_free(finding->not_from_call);
    uf_vec_release(&finding->unheld);
    uf_finding_init(finding);
}

void uf_check_result_release(struct uf_check_result *result)
{
    uf_mem_free(result->spec);
    uf_mem_free(result->python);
    uf_mem_free(result->implementation);
    uf_mem_free(result->platform);
    uf_mem_free(result->function);
    uf_mem_free(result->unfreed_version);
    uf_mem_free(result->evidence);
    for (size_t i = 0; i < result->passes.len; i++)
        uf_mem_free(result->passes.at[i].kind);
    uf_vec_release(&result->passes);
    uf_mem_free(result->stopped_because);
    free_texts(result->warnings.at, result->warnings.len);
    uf_vec_release(&result->warnings);
    uf_vec_release(&result->samples);
    for (size_t i = 0; i < result->findings.len; i++)
        uf_finding_release(&result->findings.at[i]);
    uf_vec_release(&result->findings);
    free_totals(result->warmup.top.at, result->warmup.top.len);
    uf_vec_release(&result->warmup.top);
    free_totals(result->reload.top.at, result->reload.top.len);
    uf_vec_release(&result->reload.top);
    uf_check_result_init(result);
}

const char *uf_verdict_name(enum uf_verdict verdict)
{
    static const char *const names[] = {
        [UF_CLEAN] = "clean",
        [UF_DELAYED] = "delayed",
        [UF_LEAK] = "leak",
        [UF_UNDECIDED] = "undecided",
    };
    return names[verdict];
}

const char *uf_severity_name(enum uf_severity severity)
{
    static const char *const names[] = {
        [UF_SEVERITY_LEAK] = "leak",
        [UF_SEVERITY_DELAYED] = "delayed",
        [UF_SEVERITY_BOUNDED] = "bounded",
    };
    return names[severity];
}

const char *uf_kind_name(enum uf_finding_kind kind)
{
    static const char *const names[] = {
        [UF_KIND_RETAINED] = "retained", [UF_KIND_GROWING] = "growing",
        [UF_KIND_CYCLE] = "cycle",       [UF_KIND_ORPHAN] = "orphan",
        [UF_KIND_NATIVE] = "native",     [UF_KIND_DESCRIPTOR] = "descriptor",
        [UF_KIND_THREAD] = "thread",     [UF_KIND_TASK] = "task",
    };
    return names[kind];
}
