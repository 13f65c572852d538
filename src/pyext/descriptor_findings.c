/* descriptor_findings.c - which sort of descriptor piles up, and which object holds it. */
#include "cpython/attribute_of.h"
#include "cpython/read.h"
#include "pyext/kind_findings.h"
#include "pyext/native_findings.h"

#include <string.h>

#define FD_MOST (1 << 20)

static const char *const advice_for[][2] = {
    {"socket",
     "close it: use a with statement, or close() in finally; of a client or pool, call its "
     "close() when it is done with"},
    {"listening",
     "close the server's socket when the server ends: use a with statement, or close() in "
     "finally"},
    {"pipe",
     "close both ends: os.close() in finally, or the with statement of what made the pipe (a "
     "subprocess.Popen, a multiprocessing connection)"},
    {"epoll",
     "close the selector or event loop when it is done with: selector.close(), loop.close()"},
    {"eventfd", "close the event loop or library object that made it when it is done with"},
    {"", "close it: use a with statement, or close() in finally"},
};

/* Objects that own a descriptor, as an int behind the object's head: struct fileio (Modules/_io/fileio.c),
 * PySocketSockObject (Modules/socketmodule.h), pyEpoll_Object (Modules/selectmodule.c), 3.10 to 3.15. */
static const char *const owners[] = {"_io.FileIO", "_socket.socket", "select.epoll"};

/* Nothing but another face of a descriptor. */
static const char *const faces_of_descriptors[] = {
    "_io._IOBase",
    "_socket.socket",
    "ssl.SSLSocket",
    "_ssl._SSLSocket",
    "select.epoll",
    "tempfile._TemporaryFileWrapper",
    "selectors._BaseSelectorImpl",
    "selectors.SelectorKey",
    "socketserver._SocketWriter",
    "multiprocessing.connection._ConnectionBase",
    "mmap.mmap",
    "weakref.ReferenceType",
};

struct fds {
    struct uf_session *session;
    uint8_t *is_new; /* by descriptor, of the sort that is told */
    size_t count;    /* of them */
    int newest;
};

static bool was_there(const struct uf_session *session, const struct uf_descriptor *descriptor)
{
    const uf_descriptors *before = &session->resources.descriptors_before;
    for (size_t i = 0; i < before->len; i++)
        if (before->at[i].fd == descriptor->fd && before->at[i].inode == descriptor->inode &&
            before->at[i].device == descriptor->device)
            return true;
    return false;
}

/* The new descriptors of one sort; of every sort when it is NULL. */
static int find_new(struct fds *fds, const char *sort)
{
    uf_descriptors all = {0};
    struct uf_text text = {0};
    fds->newest = -1;
    fds->count = 0;
    memset(fds->is_new, 0, FD_MOST);
    int status = uf_descriptors_list(&all);
    for (size_t i = 0; i < all.len; i++) {
        const struct uf_descriptor *descriptor = &all.at[i];
        text.len = 0;
        if (descriptor->fd >= FD_MOST || was_there(fds->session, descriptor))
            continue;
        if (sort) {
            uf_descriptor_describe(descriptor->fd, NULL, &text);
            if (text.len == 0 || strcmp(text.at, sort) != 0)
                continue;
        }
        fds->is_new[descriptor->fd] = 1;
        fds->count++;
        if (descriptor->fd > fds->newest)
            fds->newest = descriptor->fd;
    }
    uf_text_release(&text);
    uf_vec_release(&all);
    return status;
}

static bool is_new(const struct fds *fds, int64_t fd)
{
    return fd > 2 && fd < FD_MOST && fds->is_new[fd];
}

/* Is it a container of the numbers of many of these descriptors (a list that os.open() was appended to)? */
static bool holds_numbers(const struct fds *fds, uf_node node)
{
    const struct uf_graph *graph = &fds->session->capture.graph;
    static const char *const containers[] = {"list", "set", "dict", "collections.deque"};
    const char *type = uf_graph_type_name(graph, node);
    size_t found = 0;
    bool container = false;
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        container |= strcmp(type, containers[i]) == 0;
    for (uint32_t e = graph->edge_start[node]; container && e < graph->edge_start[node + 1]; e++) {
        int64_t fd;
        if (uf_int_of(fds->session->capture.heap, graph->address[graph->edge_target[e]], &fd))
            found += is_new(fds, fd);
    }
    return found >= 3 && 2 * found >= fds->count;
}

static bool is_face(const struct uf_faces *faces, uf_node node)
{
    const size_t count = sizeof faces_of_descriptors / sizeof *faces_of_descriptors;
    for (size_t i = 0; i < count; i++)
        if (uf_node_derives(faces->session, node, faces_of_descriptors[i]))
            return true;
    return holds_numbers(faces->context, node);
}

/* Marks the objects that own these descriptors, and the numbers of those that no object owns. */
static void mark_owners(const struct fds *fds, uint8_t *marks, uf_node *newest)
{
    struct uf_session *session = fds->session;
    const struct uf_graph *graph = &session->capture.graph;
    uint16_t behind_head = session->heap.layout->objects.object.head_bytes;
    uint8_t *owns = uf_mem_zalloc(graph->type_count + 1);
    for (uint32_t t = 0; owns && t < graph->type_count; t++)
        for (size_t i = 0; i < sizeof owners / sizeof *owners; i++)
            owns[t] |= uf_type_derives(session->capture.heap, graph->types[t].address, owners[i]);
    for (uf_node n = 0; owns && n < graph->node_count; n++) {
        int64_t fd = -1;
        if (owns[graph->type[n]]) {
            uint64_t word = uf_source_word(session->heap.source, graph->address[n] + behind_head);
            fd = (int32_t)(uint32_t)word;
            if (fd == fds->newest)
                *newest = n;
        } else if (strcmp(uf_graph_type_name(graph, n), "int") != 0 ||
                   !uf_int_of(session->capture.heap, graph->address[n], &fd)) {
            continue;
        }
        marks[n] = is_new(fds, fd);
    }
    uf_mem_free(owns);
}

static const char *advice(const char *sort)
{
    size_t i = 0;
    while (!strstr(sort, advice_for[i][0]))
        i++; /* the last one fits */
    return advice_for[i][1];
}

static bool is_of_sort(void *context, int fd)
{
    return is_new(context, fd);
}

/* `sort` NULL: of no sort that would grow by itself. */
static int tell(struct fds *fds, const char *sort, const struct uf_growth *growth, double count,
                uint8_t *marks)
{
    struct uf_session *session = fds->session;
    struct uf_text target = {0};
    if (find_new(fds, sort))
        return 0;
    memset(marks, 0, session->has_capture ? session->capture.graph.node_count : 0);
    struct uf_faces faces = {
        .session = session,
        .kind = UF_KIND_DESCRIPTOR,
        .growth = growth,
        .count = count,
        .sort = sort ? sort : "descriptor",
        .type = sort ? sort : "descriptor",
        .node_is_new = session->has_capture ? marks : NULL,
        .newest = UF_NODE_NONE,
        .is_face = is_face,
        .context = fds,
    };
    if (session->has_capture)
        mark_owners(fds, marks, &faces.newest);
    struct uf_finding *finding = uf_faces_tell(&faces);
    if (!finding)
        return -1;
    finding->descriptor_fd = fds->newest;
    uf_descriptor_describe(fds->newest, &target, NULL);
    uf_set_text(&finding->descriptor_target, target.len ? target.at : NULL);
    uf_set_text(&finding->fix_advice, advice(faces.sort));
    uf_text_release(&target);
    return uf_native_fill_descriptor_site(session, finding, is_of_sort, fds);
}

int uf_descriptor_findings(struct uf_session *session)
{
    struct uf_tally *tally = &session->resources.descriptors;
    struct uf_growth total = uf_growth_judge(session->descriptors.at, session->descriptors.len);
    struct fds fds = {.session = session};
    size_t nodes = session->has_capture ? session->capture.graph.node_count : 0;
    uint8_t *marks = NULL;
    bool told = false;
    int status = 0;
    for (size_t i = 0; i < tally->sorts.len && status == 0; i++) {
        struct uf_growth growth = uf_tally_judge(tally, i);
        if (growth.kind != UF_GROWTH_TREND)
            continue;
        if (!marks) {
            marks = uf_mem_alloc(nodes + 1);
            fds.is_new = uf_mem_alloc(FD_MOST);
        }
        if (!marks || !fds.is_new) {
            uf_error_nomem(&session->error);
            status = uf_session_fault(session);
            break;
        }
        told = true;
        status = tell(&fds, uf_tally_name(tally, i), &growth, uf_tally_gain(tally, i), marks);
    }
    if (!told && status == 0 && total.kind == UF_GROWTH_TREND) {
        const uf_series *all = &session->descriptors;
        marks = uf_mem_alloc(nodes + 1);
        fds.is_new = uf_mem_alloc(FD_MOST);
        if (marks && fds.is_new)
            status =
                tell(&fds, NULL, &total, all->at[all->len - 1].value - all->at[0].value, marks);
    }
    uf_mem_free(marks);
    uf_mem_free(fds.is_new);
    return status;
}
