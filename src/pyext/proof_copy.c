#include "pyext/proof_copy.h"

#include "cpython/roots.h"
#include "pyext/proof_cut.h"
#include "pyext/proof_fork.h"
#include "pyext/proof_sandbox.h"
#include "pyext/readings.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x756e667265656421) /* "unfreed!" */
#define COLLECT_ROUNDS_MAX 3
#define OVERDUE_SECONDS 0.1 /* the copy's own timer goes first */
#define MORE_SECONDS 0.2    /* at a time, for one that is at work */
#define START_SECONDS 0.3   /* malloc has answered, and the interpreter, unless a lock is lost */
#define TRIES 3             /* a lock that another thread held for a moment is free the next time */

/* What the copy writes; less than PIPE_BUF, so in one piece. A finalizer may write to any
 * descriptor: what does not begin as expected is no answer. */
struct message {
    uint64_t magic, number;
    bool started; /* the first of two */
    struct uf_proof_answer answer;
};
_Static_assert(sizeof(struct message) <= 4096, "a message is written in one piece");

struct copy {
    const struct uf_proof_task *task;
    pid_t parent, pid;
    int read_end, write_end;
    uint64_t number; /* of this copy */
    double threads;
    double until; /* whatever happens */
    bool started;
};

/* --- in the copy ------------------------------------------------------------------------------- */

enum { NOT_COUNTED, ALIVE, FREED };

struct child {
    const struct copy *copy;
    struct message message;
    struct uf_map place_of; /* address of an object -> its place in cuts->objects */
    uint8_t *state;         /* by place */
    int highest;            /* descriptor that was open at the start */
};

static bool child_fails(struct child *child, enum uf_proof_end end, const char *why)
{
    struct uf_proof_answer *answer = &child->message.answer;
    answer->end = end;
    if (why != answer->why) {
        size_t len = strnlen(why, sizeof answer->why - 1);
        memcpy(answer->why, why, len);
        answer->why[len] = '\0';
    }
    return false;
}

/* Of the objects in state ALIVE those that a capture does not find become `gone`. */
static bool take_stock(struct child *child, uint8_t gone)
{
    const struct uf_proof_task *task = child->copy->task;
    struct uf_capture capture = {0};
    struct uf_error err = {0};
    uint8_t *seen = uf_mem_zalloc(task->cuts->objects.len + 1);
    if (!seen)
        return child_fails(child, UF_PROOF_FAILED, "out of memory");
    if (uf_capture_heap(&capture, &task->session->heap, &task->session->own, &err)) {
        uf_mem_free(seen);
        return child_fails(child, UF_PROOF_FAILED, err.message);
    }
    for (uf_node n = 0; n < capture.graph.node_count; n++) {
        uint32_t place = uf_map_get(&child->place_of, capture.graph.address[n]);
        if (place == UF_MAP_NONE)
            continue;
        /* the memory of an object that was freed may be another's by now */
        uint32_t type = task->graph->type[task->cuts->objects.at[place]];
        if (capture.graph.types[capture.graph.type[n]].address == task->graph->types[type].address)
            seen[place] = 1;
    }
    for (size_t i = 0; i < task->cuts->objects.len; i++)
        if (child->state[i] == ALIVE && !seen[i])
            child->state[i] = gone;
    uf_mem_free(seen);
    uf_capture_release(&capture);
    return true;
}

static bool list_objects(struct child *child)
{
    const struct uf_graph *graph = child->copy->task->graph;
    const struct uf_cuts *cuts = child->copy->task->cuts;
    child->state = uf_mem_zalloc(cuts->objects.len + 1);
    bool failed = !child->state;
    for (size_t i = 0; i < cuts->objects.len && !failed; i++) {
        uf_node node = cuts->objects.at[i];
        bool immortal = graph->refcount[node] == UF_COUNT_IMMORTAL;
        child->state[i] = immortal ? NOT_COUNTED : ALIVE;
        failed = uf_map_set(&child->place_of, graph->address[node], (uint32_t)i) != 0;
    }
    if (failed)
        return child_fails(child, UF_PROOF_FAILED, "out of memory");
    /* what only threads held that are not in the copy is not freed by the cut */
    return !(child->copy->threads > 1) || take_stock(child, NOT_COUNTED);
}

static bool is_new_descriptor(const void *context, int fd)
{
    const struct copy *copy = context;
    return fd != copy->read_end && fd != copy->write_end && fcntl(fd, F_GETFD) >= 0 &&
           !uf_resources_had_descriptor(&copy->task->session->resources, fd);
}

static uint64_t count_new_descriptors(const struct child *child)
{
    uint64_t count = 0;
    for (int fd = 0; fd <= child->highest; fd++)
        count += is_new_descriptor(child->copy, fd);
    return count;
}

static bool some_stay(const struct child *child)
{
    for (size_t i = 0; i < child->copy->task->cuts->objects.len; i++)
        if (child->state[i] == ALIVE)
            return true;
    return false;
}

static bool collect(struct child *child)
{
    for (int i = 0; i < COLLECT_ROUNDS_MAX && some_stay(child); i++) {
        if (uf_collector_round(&child->copy->task->session->collector) < 0)
            PyErr_Clear();
        if (!take_stock(child, FREED))
            return false;
    }
    return true;
}

static void count(struct child *child)
{
    struct uf_proof_answer *answer = &child->message.answer;
    const struct uf_graph *graph = child->copy->task->graph;
    const struct uf_cuts *cuts = child->copy->task->cuts;
    for (size_t i = 0; i < cuts->objects.len; i++) {
        uf_node node = cuts->objects.at[i];
        answer->objects += child->state[i] != NOT_COUNTED;
        answer->freed_objects += child->state[i] == FREED;
        answer->freed_bytes += child->state[i] == FREED ? uf_graph_size(graph, node) : 0;
        if (child->state[i] == ALIVE && !answer->kept[0])
            (void)snprintf(answer->kept, sizeof answer->kept, "%s",
                           uf_graph_type_name(graph, node));
    }
    for (size_t i = 0; i < cuts->members.len; i++) {
        uint32_t place = uf_map_get(&child->place_of, graph->address[cuts->members.at[i]]);
        uint8_t state = place != UF_MAP_NONE ? child->state[place] : NOT_COUNTED;
        answer->members += state != NOT_COUNTED;
        answer->freed_members += state == FREED;
    }
}

static bool cut_and_count(struct child *child)
{
    const struct uf_proof_task *task = child->copy->task;
    struct uf_proof_answer *answer = &child->message.answer;
    if (!list_objects(child))
        return false;
    answer->descriptors = count_new_descriptors(child);
    if (!uf_proof_cut(task->graph, task->names, task->cuts, answer->why, sizeof answer->why))
        return child_fails(child, UF_PROOF_CANNOT_CUT, answer->why);
    if (!take_stock(child, FREED))
        return false;
    if (!task->cuts->by_counting && some_stay(child)) {
        answer->collected = true;
        if (!collect(child))
            return false;
    }
    uint64_t left = count_new_descriptors(child);
    answer->descriptors_closed = answer->descriptors > left ? answer->descriptors - left : 0;
    count(child);
    answer->end = UF_PROOF_DONE;
    return true;
}

/* What owns descriptors now: objects that a capture of the process found may be gone in its copy. */
static PyObject *find_owners(struct child *child)
{
    const struct uf_session *session = child->copy->task->session;
    struct uf_capture capture = {0};
    struct uf_error err = {0};
    if (uf_capture_heap(&capture, &session->heap, &session->own, &err)) {
        child_fails(child, UF_PROOF_FAILED, err.message);
        return NULL;
    }
    PyObject *owners = uf_proof_owners(&capture.graph);
    uf_capture_release(&capture);
    if (!owners)
        child_fails(child, UF_PROOF_FAILED, "out of memory");
    return owners;
}

/* What Python owns is closed by its owner, else the number is. */
static bool close_and_count(struct child *child)
{
    const struct copy *copy = child->copy;
    struct uf_proof_answer *answer = &child->message.answer;
    answer->descriptors = count_new_descriptors(child);
    PyObject *owners = find_owners(child);
    if (!owners)
        return false;
    uf_proof_close(owners, is_new_descriptor, copy);
    for (int fd = 0; fd <= child->highest; fd++)
        if (is_new_descriptor(copy, fd))
            (void)close(fd);
    answer->descriptors_closed = answer->descriptors - count_new_descriptors(child);
    answer->end = UF_PROOF_DONE;
    return true;
}

static void send(const struct child *child)
{
    ssize_t done = write(child->copy->write_end, &child->message, sizeof child->message);
    (void)done; /* no answer is an answer, too */
}

/* Blocks of all sorts of sizes from malloc, as Python takes them: a lock of its that is lost shows now
 * and not within a finalizer. */
static void probe_malloc(void)
{
    for (size_t size = 16; size <= (size_t)1 << 18; size *= 4) {
        volatile char *block = PyMem_RawMalloc(size);
        if (block)
            block[0] = 1;
        PyMem_RawFree((void *)(uintptr_t)block);
    }
}

static _Noreturn void live_as_copy(const struct copy *copy)
{
    const struct uf_session *session = copy->task->session;
    struct child child = {.copy = copy, .message = {.magic = MAGIC, .number = copy->number}};
    struct uf_sandbox sandbox = {.filter = copy->task->filter,
                                 .channel = session->channel,
                                 .report = copy->write_end,
                                 .seconds = copy->task->most_seconds,
                                 .work_seconds = copy->task->seconds,
                                 .parent = copy->parent};
    char *why = child.message.answer.why;
    if (!uf_sandbox_enter(&sandbox, why, sizeof child.message.answer.why)) {
        child.message.answer.end = UF_PROOF_NO_SANDBOX;
        send(&child);
        _exit(0);
    }
    child.highest = sandbox.highest;
    child.message.started = true;
    probe_malloc();
    uf_proof_fork_child();
    PyErr_Clear();
    send(&child);
    child.message.started = false;
    if (copy->task->cuts)
        (void)cut_and_count(&child);
    else
        (void)close_and_count(&child);
    send(&child);
    _exit(0);
}

/* --- beside it --------------------------------------------------------------------------------- */

static void fails(struct uf_proof_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fails(struct uf_proof_answer *answer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    *answer = (struct uf_proof_answer){.end = UF_PROOF_FAILED};
    (void)vsnprintf(answer->why, sizeof answer->why, format, args);
    va_end(args);
}

static bool is_message(const struct copy *copy, const struct message *message, ssize_t len)
{
    return len == (ssize_t)sizeof *message && message->magic == MAGIC &&
           message->number == copy->number && message->answer.end <= UF_PROOF_FAILED &&
           memchr(message->answer.why, 0, sizeof message->answer.why) &&
           memchr(message->answer.kept, 0, sizeof message->answer.kept);
}

/* It neither sleeps nor waits, and has not worked for too long. proc(5), "/proc/pid/stat". */
static bool is_at_work(const struct copy *copy)
{
    char path[32], text[512], state = 0;
    unsigned long user = 0, system = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)copy->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *behind_name = strrchr(text, ')');
    if (!behind_name || sscanf(behind_name, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                               &state, &user, &system) != 3)
        return false;
    double worked = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
    return (state == 'R' || state == 'D') && worked < copy->task->seconds;
}

enum heard { ANSWER, NOTHING, NONSENSE, TOO_LATE };

static enum heard listen(struct copy *copy, struct uf_proof_answer *ret)
{
    double now = uf_now_seconds(), until = now + START_SECONDS;
    for (;; now = uf_now_seconds()) {
        struct message message;
        struct pollfd wait = {.fd = copy->read_end, .events = POLLIN};
        if (now >= until && now < copy->until && is_at_work(copy))
            until = now + MORE_SECONDS;
        if (now >= until || now >= copy->until)
            return TOO_LATE;
        double left = (until < copy->until ? until : copy->until) - now;
        if (poll(&wait, 1, (int)(left * 1e3) + 1) <= 0)
            continue; /* a signal, or the time is over */
        ssize_t len = read(copy->read_end, &message, sizeof message);
        if (!is_message(copy, &message, len))
            return len > 0 ? NONSENSE : NOTHING;
        if (!message.started) {
            *ret = message.answer;
            return ANSWER;
        }
        copy->started = true;
        until = uf_now_seconds() + copy->task->seconds + OVERDUE_SECONDS;
    }
}

static int end_copy(const struct copy *copy)
{
    int status = 0;
    (void)kill(copy->pid, SIGKILL); /* it is not waited for yet, so the number is still its own */
    while (waitpid(copy->pid, &status, __WALL) < 0 && errno == EINTR)
        ;
    return status;
}

static void tell_end(const struct copy *copy, enum heard heard, int status,
                     struct uf_proof_answer *ret)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (heard == NONSENSE)
        fails(ret, "something else wrote into the copy's report");
    else if (!copy->started && heard == TOO_LATE)
        fails(ret, "the copy did not start: another thread held a lock of the C library");
    else if (signal == SIGALRM || signal == SIGPROF || heard == TOO_LATE)
        fails(ret,
              "the copy did not end within %.1f s (a finalizer that waits, or a lock that another "
              "thread held)",
              copy->task->seconds);
    else if (signal && signal != SIGKILL) /* which is our own, for a copy that closed its report */
        fails(ret, "the copy crashed (%s)", strsignal(signal));
    else
        fails(ret, "the copy ended without an answer");
}

/* False: it did not come to start, which another time may do. */
static bool try_once(struct copy *copy, struct uf_proof_answer *ret)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        fails(ret, "no pipe to a copy could be made (%s)", strerror(errno));
        return true;
    }
    copy->read_end = ends[0];
    copy->write_end = ends[1];
    copy->started = false;
    copy->number++;
    const char *why = uf_proof_fork_before();
    if (why) {
        fails(ret, "no copy could be made: %s", why);
        copy->started = true;
    } else if ((copy->pid = uf_sandbox_fork()) == 0) {
        live_as_copy(copy);
    } else {
        int error = errno;
        uf_proof_fork_parent();
        close(copy->write_end);
        copy->write_end = -1;
        if (copy->pid < 0) {
            fails(ret, "no copy could be made (%s)", strerror(error));
            copy->started = true;
        } else {
            enum heard heard = listen(copy, ret);
            int status = end_copy(copy);
            if (heard != ANSWER)
                tell_end(copy, heard, status, ret);
            copy->started |= heard != TOO_LATE;
        }
    }
    if (copy->write_end >= 0)
        close(copy->write_end);
    close(copy->read_end);
    return copy->started;
}

void uf_proof_try(const struct uf_proof_task *task, struct uf_proof_answer *ret)
{
    struct copy copy = {.task = task,
                        .parent = getpid(),
                        .number = (uint64_t)(uf_now_seconds() * 1e9),
                        .threads = uf_read_threads(),
                        .until = uf_now_seconds() + task->most_seconds + OVERDUE_SECONDS};
    *ret = (struct uf_proof_answer){.end = UF_PROOF_FAILED};
    if (uf_roots_other_interpreters(&task->session->heap) > 0) {
        /* PyOS_AfterFork_Child() would tear them down (CPython 3.12 Python/pystate.c) */
        fails(ret, "no copy could be made: there are other interpreters in this process");
        return;
    }
    for (int i = 0; i < TRIES && uf_now_seconds() < copy.until; i++)
        if (try_once(&copy, ret))
            break;
}
