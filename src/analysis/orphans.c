#include "analysis/orphans.h"

#include <string.h>

/* Memory that was freed may still show the address of the last few: held are objects of which at least
 * half have a holder. */
#define HELD_SHARE 0.5

enum uf_code uf_orphans_list(struct uf_finding *finding, const struct uf_graph *graph,
                             const uf_node_list *members, struct uf_error *err)
{
    size_t first = members->len > UF_UNHELD_MAX ? members->len - UF_UNHELD_MAX : 0;
    for (size_t i = first; i < members->len; i++)
        if (uf_vec_push(&finding->unheld, graph->address[members->at[i]]))
            return uf_error_nomem(err);
    return UF_OK;
}

static void replace(char **text, char *now, bool *failed)
{
    if (now == NULL) {
        *failed = true;
        return;
    }
    uf_mem_free(*text);
    *text = now;
}

/* "/usr/lib/x.cpython-311-x86_64-linux-gnu.so" -> "x.so" */
static char *short_library(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *tag = strstr(name, ".cpython-");
    if (tag == NULL)
        tag = strstr(name, ".abi3.so");
    return tag ? uf_mem_printf("%.*s.so", (int)(tag - name), name) : uf_mem_strdup(name);
}

static enum uf_code tell_held(struct uf_finding *finding, const struct uf_holding *holding,
                              struct uf_error *err)
{
    bool failed = false;
    char *library = holding->library ? short_library(holding->library) : NULL;
    if (library) {
        replace(&finding->holder, uf_mem_printf("a variable of %s", library), &failed);
        replace(
            &finding->fix_advice,
            uf_mem_printf("C code keeps it on purpose, in a variable of %s: look there for what "
                          "takes entries out again, or for a bound",
                          library),
            &failed);
    } else {
        replace(&finding->holder, uf_mem_strdup("memory of C code"), &failed);
        replace(&finding->fix_advice,
                uf_mem_strdup("C code keeps it on purpose, in memory that it allocated: look for "
                              "what takes it out of there again, or for a bound"),
                &failed);
    }
    replace(&finding->fix_edge, uf_mem_strdup(finding->holder ? finding->holder : ""), &failed);
    uf_mem_free(library);
    return failed ? uf_error_nomem(err) : UF_OK;
}

/* "f() at app.py:12"; NULL: it is not known, or memory is out. */
static char *born_at(const struct uf_finding *finding)
{
    for (size_t i = 0; i < finding->allocated_at.len; i++) {
        const struct uf_stack_frame *frame = &finding->allocated_at.at[i];
        if (frame->library || !frame->file)
            continue;
        const char *slash = strrchr(frame->file, '/'), *file = slash ? slash + 1 : frame->file;
        return uf_mem_printf("%s() at %s:%u", frame->function ? frame->function : "?", file,
                             frame->line);
    }
    return NULL;
}

enum uf_code uf_orphans_advise(struct uf_finding *finding, struct uf_error *err)
{
    bool failed = false, memory = finding->kind == UF_KIND_NATIVE;
    if (finding->kind != UF_KIND_ORPHAN && !memory)
        return UF_OK;
    char *place = born_at(finding);
    const char *called = place ? place : "the call";
    if (memory)
        replace(&finding->fix_advice,
                uf_mem_printf("C code takes it by PyMem_Malloc() or PyObject_Malloc() and does not "
                              "give it back: look at the C function that is called in %s",
                              called),
                &failed);
    else if (finding->references_per_call > 0)
        replace(&finding->fix_advice,
                uf_mem_printf("C code takes a reference to it and never drops it (a missing "
                              "Py_DECREF): look at the C functions that %s uses; no memory piles "
                              "up by that, but the object can never be freed",
                              called),
                &failed);
    else
        replace(&finding->fix_advice,
                uf_mem_printf("nothing refers to it any more, yet a reference is counted: C code "
                              "forgot a Py_DECREF; look at the C function that is called in %s",
                              called),
                &failed);
    uf_mem_free(place);
    return failed ? uf_error_nomem(err) : UF_OK;
}

static enum uf_code tell_lost(struct uf_finding *finding, const char *function,
                              struct uf_error *err)
{
    bool failed = false;
    finding->kind = UF_KIND_ORPHAN;
    replace(&finding->id,
            uf_mem_printf("%s:%s:nothing:%s", uf_kind_name(UF_KIND_ORPHAN), finding->type,
                          function ? function : ""),
            &failed);
    replace(&finding->path_root, uf_mem_strdup("nothing (lost reference)"), &failed);
    replace(&finding->holder, uf_mem_strdup("nothing (lost reference)"), &failed);
    replace(&finding->fix_edge, uf_mem_strdup(""), &failed);
    replace(&finding->fix_why_not,
            uf_mem_strdup("nothing refers to it: there is no reference to cut"), &failed);
    enum uf_code code = uf_orphans_advise(finding, err);
    return failed ? uf_error_nomem(err) : code;
}

enum uf_code uf_orphans_settle(struct uf_finding *finding, const struct uf_holding *holding,
                               const char *function, struct uf_error *err)
{
    uf_vec_release(&finding->unheld);
    return holding->share >= HELD_SHARE ? tell_held(finding, holding, err)
                                        : tell_lost(finding, function, err);
}
