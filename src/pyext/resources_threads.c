/* resources_threads.c - the sort of each thread: where its own code begins. */
#include "cpython/stacks.h"
#include "pyext/readings.h"
#include "pyext/resources.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define THREADS_MAX ((size_t)1 << 12)

static bool ends(const char *text, const char *with)
{
    size_t len = strlen(text), tail = strlen(with);
    return len >= tail && strcmp(text + len - tail, with) == 0;
}

/* The frames with which Lib/threading.py begins every thread. */
static bool is_bootstrap(const struct uf_stack_entry *entry)
{
    return strcmp(entry->module, "threading") == 0 &&
           (ends(entry->function, "_bootstrap") || ends(entry->function, "_bootstrap_inner") ||
            strcmp(entry->function, "Thread.run") == 0 || strcmp(entry->function, "run") == 0);
}

struct sort {
    char text[320];
};

static int take_outermost(void *context, const struct uf_stack_entry *entry)
{
    struct sort *sort = context;
    bool bootstrap = is_bootstrap(entry);
    if (!bootstrap || !sort->text[0])
        (void)snprintf(sort->text, sizeof sort->text, "%s%s%s", entry->module,
                       entry->module[0] ? "." : "", entry->function);
    return bootstrap ? 0 : 1;
}

enum uf_code uf_threads_each(struct uf_heap *heap, uf_thread_visit visit, void *context,
                             struct uf_error *err)
{
    struct uf_thread_state *threads = uf_mem_alloc(THREADS_MAX * sizeof *threads);
    if (!threads)
        return uf_error_nomem(err);
    size_t count = uf_threads_list(heap, threads, THREADS_MAX);
    double native = uf_read_threads() - (double)count;
    enum uf_code code = UF_OK;
    for (size_t i = 0; i < count && !code; i++) {
        struct sort sort = {""};
        if (threads[i].ident == (uint64_t)pthread_self())
            continue;
        uf_stack_from_outside(heap, &threads[i], take_outermost, &sort);
        code = visit(context, &threads[i], sort.text[0] ? sort.text : UF_THREAD_OF_C);
    }
    for (double i = 0; i < native && !code; i++)
        code = visit(context, NULL, UF_THREAD_OF_C);
    uf_mem_free(threads);
    return code;
}
