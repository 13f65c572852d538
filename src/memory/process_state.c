#include "memory/process_state.h"

#include "memory/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAP_SYS_PTRACE_BIT 19 /* linux/capability.h */
#define YAMA "kernel.yama.ptrace_scope"
#define CONTAINER "in a container: --cap-add SYS_PTRACE"

static enum uf_code restricted(const struct uf_process_refusal *why, struct uf_error *err)
{
    if (why->yama >= 3)
        return uf_error_set(err, UF_ETARGET,
                            "process %d: no process may be read on this machine: " YAMA
                            " is %d (set it lower at the next start; it cannot be before)",
                            why->pid, why->yama);
    if (why->yama == 2)
        return uf_error_set(err, UF_ETARGET,
                            "process %d: not permitted: " YAMA
                            " is 2, so CAP_SYS_PTRACE is needed (run with sudo; " CONTAINER ")",
                            why->pid);
    return uf_error_set(
        err, UF_ETARGET,
        "process %d: not permitted: " YAMA
        " is 1, so only a parent or CAP_SYS_PTRACE may (run with sudo, or: sysctl " YAMA
        "=0; " CONTAINER ")",
        why->pid);
}

enum uf_code uf_process_explain(const struct uf_process_refusal *why, struct uf_error *err)
{
    if (why->tracer)
        return uf_error_set(
            err, UF_ETARGET,
            "process %d is being traced by process %d%s%s%s: only one can (end that "
            "one first)",
            why->pid, why->tracer, *why->tracer_name ? " (" : "", why->tracer_name,
            *why->tracer_name ? ")" : "");
    if (why->os_errno == ENOSYS || (why->privileged && why->yama < 3))
        return uf_error_set(
            err, UF_ETARGET,
            "process %d: not permitted in spite of CAP_SYS_PTRACE: %s (a security module, a "
            "seccomp "
            "filter or another user namespace forbids it: run outside the container)",
            why->pid, why->os_errno == ENOSYS ? "no ptrace here" : "refused");
    if (why->yama >= 2)
        return restricted(why, err);
    if (why->own == 0)
        return uf_error_set(err, UF_ETARGET,
                            "process %d: not permitted: this is root without CAP_SYS_PTRACE "
                            "(" CONTAINER "; Kubernetes: securityContext.capabilities.add)",
                            why->pid);
    if (why->owner != why->own)
        return uf_error_set(
            err, UF_ETARGET,
            "process %d: not permitted: it is of user %u, this is user %u (run as that user, or "
            "with sudo; " CONTAINER ")",
            why->pid, (unsigned)why->owner, (unsigned)why->own);
    if (why->yama == 1)
        return restricted(why, err);
    return uf_error_set(
        err, UF_ETARGET,
        "process %d: not permitted: it is of this user, but protected (it changed its user "
        "or has more rights): CAP_SYS_PTRACE is needed (run with sudo; " CONTAINER ")",
        why->pid);
}

static bool read_status(int pid, struct uf_text *ret)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    return uf_procfs_read(path, ret) == 0;
}

static long field(const struct uf_text *status, const char *name)
{
    const char *value = uf_procfs_field(status->at, name);
    return value ? strtol(value, NULL, 10) : 0;
}

static void name_of(int pid, char *ret, size_t size)
{
    struct uf_text status = {0};
    const char *name = read_status(pid, &status) ? uf_procfs_field(status.at, "Name") : NULL;
    snprintf(ret, size, "%.*s", name ? (int)strcspn(name, "\n") : 0, name ? name : "");
    uf_text_release(&status);
}

static int yama(void)
{
    struct uf_text text = {0};
    int scope = uf_procfs_read("/proc/sys/kernel/yama/ptrace_scope", &text) ? UF_YAMA_NONE
                                                                            : atoi(text.at);
    uf_text_release(&text);
    return scope;
}

static bool is_privileged(void)
{
    struct uf_text status = {0};
    const char *rights = read_status(getpid(), &status) ? uf_procfs_field(status.at, "CapEff")
                                                        : NULL;
    bool has = rights && strtoull(rights, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1;
    uf_text_release(&status);
    return has;
}

enum uf_code uf_process_refused(int pid, int os_errno, struct uf_error *err)
{
    char tracer_name[32] = "";
    struct uf_text status = {0};
    if (!read_status(pid, &status)) {
        uf_text_release(&status);
        return uf_process_gone(pid, err);
    }
    struct uf_process_refusal why = {.pid = pid,
                                     .os_errno = os_errno,
                                     .owner = (uid_t)field(&status, "Uid"),
                                     .own = getuid(),
                                     .privileged = is_privileged(),
                                     .yama = yama(),
                                     .tracer = (int)field(&status, "TracerPid"),
                                     .tracer_name = tracer_name};
    if (why.tracer)
        name_of(why.tracer, tracer_name, sizeof tracer_name);
    uf_text_release(&status);
    return uf_process_explain(&why, err);
}

enum uf_code uf_process_gone(int pid, struct uf_error *err)
{
    return uf_error_set(
        err, UF_ETARGET,
        "process %d ended while it was being read (look whether it was started anew)", pid);
}

static enum uf_code look(int pid, const struct uf_text *status, struct uf_error *err)
{
    const char *state = uf_procfs_field(status->at, "State");
    const char *kernel = uf_procfs_field(status->at, "Kthread");
    long group = field(status, "Tgid"), tracer = field(status, "TracerPid");
    if (group != pid)
        return uf_error_set(err, UF_ETARGET, "%d is a thread of process %ld (give that: %ld)", pid,
                            group, group);
    if (state && (*state == 'Z' || *state == 'X') && field(status, "Threads") <= 1)
        return uf_error_set(
            err, UF_ETARGET,
            "process %d has ended and only waits for its parent: a zombie has no memory (give "
            "a process that runs)",
            pid);
    if (kernel ? *kernel == '1'
               : !uf_procfs_field(status->at, "VmSize") && !(state && *state == 'Z'))
        return uf_error_set(err, UF_ETARGET,
                            "process %d is a thread of the kernel: no Python runs in it (give a "
                            "process of Python)",
                            pid);
    return tracer ? uf_process_refused(pid, 0, err) : UF_OK;
}

enum uf_code uf_process_look(int pid, struct uf_error *err)
{
    struct uf_text status = {0};
    if (pid == getpid())
        return uf_error_set(err, UF_ETARGET,
                            "process %d is this program itself (give the id of another)", pid);
    bool there = pid > 0 && read_status(pid, &status);
    enum uf_code code =
        there ? look(pid, &status, err)
        : access("/proc/self/status", R_OK)
            ? uf_error_set(err, UF_ETARGET,
                           "process %d: /proc is not there (mount -t proc proc /proc)", pid)
            : uf_error_set(
                  err, UF_ETARGET,
                  "no process %d: it has ended, or is hidden from this user (look with: ps -e)",
                  pid);
    uf_text_release(&status);
    return code;
}

struct uf_process_program uf_process_program(int pid)
{
    char path[64];
    struct uf_text text = {0};
    struct uf_process_program program = {0};
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (uf_procfs_read(path, &text) == 0)
        program = (struct uf_process_program){
            uf_procfs_stat(text.at, 22), uf_procfs_stat(text.at, 28), uf_procfs_stat(text.at, 26)};
    uf_text_release(&text);
    return program;
}
