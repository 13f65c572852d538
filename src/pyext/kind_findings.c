#include "pyext/kind_findings.h"

#include "analysis/steps.h"
#include "cpython/attribute_of.h"
#include "cpython/read.h"

#include <ctype.h>
#include <string.h>

#define NEAR_NODES 256 /* how far from a finding's object its resource may be */

bool uf_node_derives(const struct uf_session *session, uf_node node, const char *type)
{
    const struct uf_graph *graph = &session->capture.graph;
    return uf_type_derives(session->capture.heap, graph->types[graph->type[node]].address, type);
}

/* By address: a scan, since only a few are asked for. */
static uf_node node_at(const struct uf_graph *graph, uint64_t address)
{
    for (uf_node n = 0; address && n < graph->node_count; n++)
        if (graph->address[n] == address)
            return n;
    return UF_NODE_NONE;
}

uf_node uf_node_referent(const struct uf_session *session, uf_node node)
{
    const struct uf_graph *graph = &session->capture.graph;
    if (!uf_node_derives(session, node, "weakref.ReferenceType"))
        return UF_NODE_NONE;
    uint16_t at = session->heap.layout->objects.other.weakref_object;
    return node_at(graph, uf_source_word(session->heap.source, graph->address[node] + at));
}

void uf_set_text(char **text, const char *value)
{
    uf_mem_free(*text);
    *text = value && value[0] ? uf_mem_strdup(value) : NULL;
}

int uf_take_frame(void *context, const struct uf_stack_entry *entry)
{
    uf_stack_frames *frames = context;
    struct uf_stack_frame frame = {.line = entry->line};
    uf_set_text(&frame.file, entry->file);
    uf_set_text(&frame.function, entry->function);
    if (uf_vec_push(frames, frame) == 0)
        return 0;
    uf_mem_free(frame.file);
    uf_mem_free(frame.function);
    return -1;
}

/* --- which findings tell the same --------------------------------------------------------------- */

/* Does the path to the finding's object lead through a new resource, or is it one? */
static bool lies_behind(const struct uf_faces *faces, uf_node node)
{
    const struct uf_reach *reach = &faces->session->reach;
    for (uf_node at = node; at != UF_NODE_NONE; at = reach->parent[at])
        if (faces->node_is_new[at])
            return true;
    return false;
}

/* Does the object refer to a new resource, directly or through objects that only pass it on? */
static bool leads_to(const struct uf_faces *faces, uf_node node)
{
    const struct uf_graph *graph = &faces->session->capture.graph;
    uf_node queue[NEAR_NODES];
    size_t len = 0, end;
    queue[len++] = node;
    for (size_t i = 0; i < len; i++) {
        if (faces->node_is_new[queue[i]])
            return true;
        if (i > 0 && !faces->is_face(faces, queue[i]))
            continue;
        for (uint32_t e = graph->edge_start[queue[i]];
             e < graph->edge_start[queue[i] + 1] && len < NEAR_NODES; e++) {
            for (end = 0; end < len && queue[end] != graph->edge_target[e]; end++)
                ;
            if (end == len)
                queue[len++] = graph->edge_target[e];
        }
    }
    return false;
}

static bool is_leak_of_objects(const struct uf_finding *finding)
{
    return finding->severity == UF_SEVERITY_LEAK && !finding->not_from_call &&
           (finding->kind == UF_KIND_RETAINED || finding->kind == UF_KIND_GROWING) &&
           finding->example != UF_NODE_NONE;
}

/* Names of roots that differ in nothing but numbers: "thread Thread-7" and "thread Thread-12". */
static bool same_root(const char *a, const char *b)
{
    while (*a && *b) {
        bool digits = false;
        for (; isdigit((unsigned char)*a) && isdigit((unsigned char)*b); digits = true)
            a++, b++;
        while (digits && isdigit((unsigned char)*a))
            a++;
        while (digits && isdigit((unsigned char)*b))
            b++;
        if (!digits && *a++ != *b++)
            return false;
    }
    return *a == *b;
}

/* Is the finding of objects told by this resource's as well? */
static bool is_other_face(const struct uf_faces *faces, const struct uf_finding *finding)
{
    if (!is_leak_of_objects(finding))
        return false;
    uf_node node = finding->example;
    if (faces->root && finding->path_root && same_root(finding->path_root, faces->root))
        return true;
    if (!faces->node_is_new || !faces->is_face(faces, node))
        return false;
    if (lies_behind(faces, node))
        return true;
    uf_node referent = uf_node_referent(faces->session, node);
    return leads_to(faces, referent == UF_NODE_NONE ? node : referent);
}

/* Tables of the libraries themselves hold every thread and task: the program's own holder says more. */
static bool is_library_holder(const struct uf_finding *finding)
{
    static const char *const roots[] = {
        "module threading", "module asyncio", "module _asyncio", "module selectors",
        "module weakref",   "interpreter: ",  "native code",     "thread "};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++)
        if (finding->path_root && strncmp(finding->path_root, roots[i], strlen(roots[i])) == 0)
            return true;
    return false;
}

/* --- the finding ------------------------------------------------------------------------------- */

static struct uf_finding *out_of_memory(struct uf_session *session)
{
    uf_error_nomem(&session->error);
    uf_session_fault(session);
    return NULL;
}

static struct uf_finding *add_finding(struct uf_session *session)
{
    struct uf_finding finding;
    uf_finding_init(&finding);
    if (uf_vec_push(&session->result.findings, finding)) {
        uf_finding_release(&finding);
        return out_of_memory(session);
    }
    return &session->result.findings.at[session->result.findings.len - 1];
}

/* The path to the newest one, where there is one: who holds it. */
static int show_path(const struct uf_faces *faces, struct uf_finding *finding)
{
    struct uf_session *session = faces->session;
    struct uf_view view = {&session->capture.graph, &session->reach, &session->capture.names, NULL};
    struct uf_path path = {0};
    struct uf_text text = {0}, root = {0};
    if (faces->newest == UF_NODE_NONE || !session->reach.reached[faces->newest])
        return 0;
    enum uf_code code = uf_path_to(&path, view.reach, faces->newest, &session->error);
    if (!code) {
        size_t holder = path.nodes.len > 1 ? path.nodes.len - 2 : 0;
        uf_path_expression(&view, &path, path.nodes.len, &text);
        uf_path_root_text(&view, path.nodes.at[0], &root);
        code = uf_path_steps(&view, &path, holder, finding, &session->error);
    }
    if (!code && !text.failed && !root.failed) {
        uf_set_text(&finding->holder, text.at);
        uf_set_text(&finding->path_root, root.at);
    }
    uf_text_release(&text);
    uf_text_release(&root);
    uf_path_release(&path);
    return code ? -1 : 0;
}

/* Of the findings that are other faces the one to keep, by number; the others are taken out. */
static size_t join(const struct uf_faces *faces)
{
    struct uf_check_result *result = &faces->session->result;
    size_t chosen = SIZE_MAX, kept = 0;
    bool chosen_is_library = false;
    uint8_t told[256] = {0};
    for (size_t i = 0; i < result->findings.len && i < sizeof told; i++) {
        struct uf_finding *finding = &result->findings.at[i];
        if (!is_other_face(faces, finding))
            continue;
        told[i] = 1;
        bool library = is_library_holder(finding);
        if (chosen == SIZE_MAX || (chosen_is_library && !library)) {
            chosen = i;
            chosen_is_library = library;
        }
    }
    size_t place = SIZE_MAX;
    for (size_t i = 0; i < result->findings.len; i++) {
        if (i < sizeof told && told[i] && i != chosen) {
            uf_finding_release(&result->findings.at[i]);
            continue;
        }
        if (i == chosen)
            place = kept;
        result->findings.at[kept++] = result->findings.at[i];
    }
    result->findings.len = kept;
    return place;
}

/* A running thread is held by itself: where the threading module lists it tells nothing, and no
 * reference can be cut. */
static void forget_path(struct uf_finding *finding, const struct uf_faces *faces)
{
    for (size_t i = 0; i < finding->path.len; i++)
        uf_step_release(&finding->path.at[i]);
    finding->path.len = 0;
    finding->holder_grows = false;
    uf_set_text(&finding->path_root, faces->root);
    uf_set_text(&finding->holder, faces->sort);
    uf_set_text(&finding->fix_edge, NULL);
    uf_set_text(&finding->fix_why_not, NULL);
    finding->fix_verified = false;
    finding->fix_how = UF_FIX_NOT_TRIED;
    finding->fix_frees_objects = finding->fix_frees_bytes = UF_UNKNOWN;
}

struct uf_finding *uf_faces_tell(const struct uf_faces *faces)
{
    struct uf_session *session = faces->session;
    size_t joined = join(faces);
    struct uf_finding *finding = joined == SIZE_MAX ? add_finding(session)
                                                    : &session->result.findings.at[joined];
    if (!finding)
        return NULL;
    finding->kind = faces->kind;
    finding->severity = UF_SEVERITY_LEAK;
    finding->confidence = faces->growth->confidence;
    finding->objects_per_call = faces->growth->per_call;
    finding->objects = faces->count;
    uf_set_text(&finding->type, faces->type);
    uf_mem_free(finding->id);
    finding->id = uf_mem_printf("%s:%s:%s", uf_kind_name(faces->kind), faces->sort,
                                session->result.function ? session->result.function : "");
    if (!finding->type || !finding->id)
        return out_of_memory(session);
    if (joined == SIZE_MAX && show_path(faces, finding))
        return out_of_memory(session);
    if (faces->root && is_library_holder(finding))
        forget_path(finding, faces);
    return finding;
}
