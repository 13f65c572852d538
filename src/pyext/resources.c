#include "pyext/resources.h"

struct counting {
    struct uf_resources *resources;
    struct uf_error *err;
};

static enum uf_code count_descriptors(struct uf_resources *resources, uint32_t calls,
                                      struct uf_error *err)
{
    uf_descriptors all = {0};
    struct uf_text sort = {0};
    enum uf_code code = uf_tally_begin(&resources->descriptors, calls, err);
    bool listed = uf_descriptors_list(&all) == 0;
    for (size_t i = 0; listed && i < all.len && !code; i++) {
        sort.len = 0;
        uf_descriptor_describe(all.at[i].fd, NULL, &sort);
        if (sort.failed)
            code = uf_error_nomem(err);
        else if (sort.len > 0)
            code = uf_tally_count(&resources->descriptors, sort.at, err);
    }
    uf_text_release(&sort);
    uf_vec_release(&all);
    return code ? code : uf_tally_end(&resources->descriptors, err);
}

static enum uf_code count_thread(void *context, const struct uf_thread_state *thread,
                                 const char *sort)
{
    struct counting *to = context;
    (void)thread;
    return uf_tally_count(&to->resources->threads, sort, to->err);
}

static enum uf_code count_pending(void *context, const struct uf_pending *pending)
{
    struct counting *to = context;
    to->resources->pending_tasks += !pending->timer;
    return uf_tally_count(&to->resources->tasks, pending->sort, to->err);
}

enum uf_code uf_resources_read(struct uf_resources *resources, struct uf_capture *capture,
                               uint32_t calls, struct uf_error *err)
{
    struct counting to = {resources, err};
    enum uf_code code = count_descriptors(resources, calls, err);
    if (!code)
        code = uf_tally_begin(&resources->threads, calls, err);
    if (!code)
        code = uf_threads_each(capture->heap, count_thread, &to, err);
    if (!code)
        code = uf_tally_end(&resources->threads, err);
    resources->pending_tasks = 0;
    if (!code)
        code = uf_tally_begin(&resources->tasks, calls, err);
    if (!code)
        code = uf_pending_each(capture, count_pending, &to, err);
    return code ? code : uf_tally_end(&resources->tasks, err);
}

enum uf_code uf_resources_mark(struct uf_resources *resources, const struct uf_heap *heap,
                               struct uf_error *err)
{
    (void)uf_descriptors_list(&resources->descriptors_before); /* not listed: all are new */
    size_t most = 1 << 12, count;
    struct uf_thread_state *threads = uf_mem_alloc(most * sizeof *threads);
    if (!threads)
        return uf_error_nomem(err);
    count = uf_threads_list(heap, threads, most);
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < count && !code; i++)
        if (uf_vec_push(&resources->threads_before, threads[i].ident))
            code = uf_error_nomem(err);
    uf_mem_free(threads);
    return code;
}

bool uf_resources_had_descriptor(const struct uf_resources *resources, int fd)
{
    for (size_t i = 0; i < resources->descriptors_before.len; i++)
        if (resources->descriptors_before.at[i].fd == fd)
            return true;
    return false;
}
