#include "answer/remote.h"

#include "answer/heap.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool uf_remote_is_process(const char *path)
{
    struct stat is;
    return path[0] && path[strspn(path, "0123456789")] == '\0' && stat(path, &is) != 0 &&
           errno == ENOENT;
}

int uf_remote_pid(const char *digits)
{
    int64_t pid = 0;
    for (; *digits && pid <= INT_MAX; digits++)
        pid = pid * 10 + (*digits - '0');
    return pid <= INT_MAX ? (int)pid : 0;
}

enum uf_elf_kind uf_remote_elf_kind(const char *path)
{
    unsigned char start[EI_NIDENT + 2] = {0}; /* e_type stands behind e_ident */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return UF_ELF_NONE;
    ssize_t len = read(fd, start, sizeof start);
    close(fd);
    if (len > 0 && uf_core_is_packed(start, (size_t)len))
        return UF_ELF_CORE; /* uf_core_open() says how to unpack it */
    if (len < (ssize_t)SELFMAG || memcmp(start, ELFMAG, SELFMAG) != 0)
        return UF_ELF_NONE;
    bool big = start[EI_DATA] == ELFDATA2MSB;
    unsigned type = big ? start[EI_NIDENT] * 256u + start[EI_NIDENT + 1]
                        : start[EI_NIDENT] + start[EI_NIDENT + 1] * 256u;
    return type == ET_CORE ? UF_ELF_CORE : UF_ELF_PROGRAM;
}

/* A text of the target, kept beyond it. */
static uint32_t keep(struct uf_remote *remote, const char *text, bool *failed)
{
    uint32_t number = text ? uf_strings_add_z(&remote->texts, text) : 0;
    *failed |= number == UF_STRING_NONE;
    return number;
}

/* Copies what the target's own texts would take along when it is released. */
static enum uf_code keep_texts(struct uf_remote *remote, struct uf_error *err)
{
    struct uf_meta *meta = &remote->meta;
    const struct uf_core_facts *core = remote->target.core;
    size_t missing = core ? core->missing_count : 0;
    const char **const texts[] = {&meta->python,     &meta->implementation, &meta->platform,
                                  &meta->executable, &meta->command_line,   &remote->told.layout};
    uint32_t numbers[sizeof texts / sizeof *texts];
    bool failed = false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        numbers[i] = keep(remote, *texts[i], &failed);
    for (size_t i = 0; i < missing; i++)
        keep(remote, core->missing[i], &failed);
    remote->missing = uf_mem_alloc((missing + 1) * sizeof *remote->missing);
    if (failed || !remote->missing)
        return uf_error_nomem(err);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (*texts[i])
            *texts[i] = uf_strings_get(&remote->texts, numbers[i]);
    for (size_t i = 0; i < missing; i++)
        remote->missing[i] = uf_strings_get(
            &remote->texts,
            uf_strings_find(&remote->texts, core->missing[i], strlen(core->missing[i])));
    remote->told.missing = remote->missing;
    remote->told.missing_count = missing;
    return UF_OK;
}

static enum uf_code describe(struct uf_remote *remote, struct uf_error *err)
{
    const struct uf_target *target = &remote->target;
    const struct uf_process_stops *stops = target->stops;
    remote->meta = target->meta;
    remote->meta.unfreed = UNFREED_VERSION;
    remote->told = (struct uf_report_outside){
        .core = target->core != NULL,
        .interpreters = target->interpreters,
        .layout = target->layout,
        .collecting = target->capture.collecting,
        .not_objects = target->capture.not_objects,
        .cut_objects = target->capture.cut_objects,
        .broken_lists = target->capture.broken_lists,
    };
    if (stops) {
        remote->meta.pause_ns = stops->total_ns;
        remote->told.tries = stops->tries;
        remote->told.longest_ns = stops->longest_ns;
        remote->told.threads = stops->threads;
    }
    if (target->core) {
        remote->told.signal = target->core->signal;
        remote->told.threads = target->core->threads;
    }
    return keep_texts(remote, err);
}

struct step {
    const struct uf_heap_request *request;
    struct uf_answer *answer;
};

static bool on_step(void *context, const char *doing)
{
    const struct step *step = context;
    return uf_answer_step(step->request, doing, step->answer);
}

bool uf_remote_take(struct uf_remote *ret, const struct uf_heap_request *request, const char *path,
                    int pid, struct uf_answer *answer)
{
    struct step step = {request, answer};
    const struct uf_target_request target = {
        .pid = pid,
        .core = pid ? NULL : path,
        .files = {.sysroot = request->sysroot, .binary = request->binary},
        .progress = on_step,
        .progress_context = &step,
    };
    struct uf_error err = {0};
    *ret = (struct uf_remote){0};
    if (pid && (request->binary || request->sysroot))
        return uf_answer_fail(
            answer, UF_EXIT_USAGE,
            "%s: --binary and --sysroot are for core files: a process knows where "
            "its files are",
            path);
    if (pid == getpid())
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, "this is unfreed itself",
                                 "name the process id of a Python program");
    if (!uf_answer_step(request, "reading", answer))
        return false;
    enum uf_code code = uf_target_take(&ret->target, &target, &err);
    if (!code)
        code = describe(ret, &err);
    if (code && answer->exit_code == UF_EXIT_INTERRUPTED)
        return false; /* on_step() has said so */
    if (code == UF_ECORRUPT || code == UF_EFAULT)
        return uf_answer_fail_at(answer, UF_EXIT_INPUT, path, err.message,
                                 "its memory is damaged; if the program runs well, please report "
                                 "it with its Python version");
    return code ? uf_answer_error(answer, path, &err) : true;
}

void uf_remote_settle(struct uf_remote *remote)
{
    struct uf_graph *graph = &remote->target.capture.graph;
    if (!remote->target.own)
        return;
    remote->graph = *graph;
    *graph = (struct uf_graph){0};
    uf_target_release(&remote->target);
    remote->target = (struct uf_target){0};
}

void uf_remote_release(struct uf_remote *remote)
{
    uf_target_release(&remote->target);
    uf_graph_release(&remote->graph);
    uf_strings_release(&remote->texts);
    uf_mem_free(remote->missing);
    *remote = (struct uf_remote){0};
}
