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

static enum uf_code restricted(int yama, struct uf_error *err)
{
    if (yama >= 3)
        return uf_error_set(
            err, UF_ETARGET,
            "no process may be read on this machine: " YAMA
            " is %d (set it lower where it is set at start; it cannot be changed before)",
            yama);
    if (yama == 2)
        return uf_error_set(err, UF_ETARGET,
                            "not permitted: " YAMA
                            " is 2, so CAP_SYS_PTRACE is needed (run with sudo; " CONTAINER ")");
    return uf_error_set(
        err, UF_ETARGET,
        "not permitted: " YAMA
        " is 1, so only a parent or CAP_SYS_PTRACE may (run with sudo, or: sysctl " YAMA
        "=0; " CONTAINER ")");
}

enum uf_code uf_process_explain(const struct uf_process_refusal *why, struct uf_error *err)
{
    if (why->tracer)
        return uf_error_set(err, UF_ETARGET,
                            "being traced by process %d%s%s%s: only one can (end that one first)",
                            why->tracer, *why->tracer_name ? " (" : "", why->tracer_name,
                            *why->tracer_name ? ")" : "");
    if (why->os_errno == ENOSYS || (why->privileged && why->yama < 3))
        return uf_error_set(
            err, UF_ETARGET,
            "not permitted in spite of CAP_SYS_PTRACE: a security module, a seccomp filter "
            "or another user namespace forbids it (run outside the container)");
    if (why->yama >= 2)
        return restricted(why->yama, err);
    if (why->own == 0)
        return uf_error_set(err, UF_ETARGET,
                            "not permitted: this is root without CAP_SYS_PTRACE (" CONTAINER
                            "; Kubernetes: securityContext.capabilities.add)");
    if (why->owner != why->own)
        return uf_error_set(
            err, UF_ETARGET,
            "not permitted: it is of user %u, this is user %u (run as that user, or with "
            "sudo; " CONTAINER ")",
            (unsigned)why->owner, (unsigned)why->own);
    if (why->yama == 1)
        return restricted(why->yama, err);
    return uf_error_set(
        err, UF_ETARGET,
        "not permitted: it is of this user, but protected: it changed its user or has more "
        "rights, so CAP_SYS_PTRACE is needed (run with sudo; " CONTAINER ")");
}

static long field(const char *status, const char *name)
{
    const char *value = uf_procfs_field(status, name);
    return value ? strtol(value, NULL, 10) : 0;
}

static void name_of(int pid, char *ret, size_t size)
{
    char status[UF_PROCFS_BYTES];
    const char *name = uf_procfs_read_of(pid, "status", status) ? uf_procfs_field(status, "Name")
                                                                : NULL;
    snprintf(ret, size, "%.*s", name ? (int)strcspn(name, "\n") : 0, name ? name : "");
}

static int yama(void)
{
    struct uf_text text = {0};
    int scope = uf_procfs_read("/proc/sys/kernel/yama/ptrace_scope", &text)
                    ? UF_YAMA_NONE
                    : (int)strtol(text.at, NULL, 10);
    uf_text_release(&text);
    return scope;
}

static bool is_privileged(void)
{
    char status[UF_PROCFS_BYTES];
    const char *rights =
        uf_procfs_read_of(getpid(), "status", status) ? uf_procfs_field(status, "CapEff") : NULL;
    return rights && strtoull(rights, NULL, 16) >> CAP_SYS_PTRACE_BIT & 1;
}

enum uf_code uf_process_refused(int pid, int os_errno, struct uf_error *err)
{
    char tracer_name[32] = "";
    char status[UF_PROCFS_BYTES];
    if (!uf_procfs_read_of(pid, "status", status))
        return uf_process_gone(err);
    struct uf_process_refusal why = {.os_errno = os_errno,
                                     .owner = (uid_t)field(status, "Uid"),
                                     .own = getuid(),
                                     .privileged = is_privileged(),
                                     .yama = yama(),
                                     .tracer = (int)field(status, "TracerPid"),
                                     .tracer_name = tracer_name};
    if (why.tracer)
        name_of(why.tracer, tracer_name, sizeof tracer_name);
    return uf_process_explain(&why, err);
}

enum uf_code uf_process_unreadable(int pid, int os_errno, struct uf_error *err)
{
    switch (os_errno) {
    case ENOENT:
    case ESRCH:
        return uf_process_gone(err);
    case EACCES:
    case EPERM:
    case ENOSYS:
        return uf_process_refused(pid, os_errno, err);
    case ENOMEM:
        return uf_error_nomem(err);
    default:
        return uf_error_os(err, os_errno, "it cannot be read");
    }
}

enum uf_code uf_process_gone(struct uf_error *err)
{
    return uf_error_set(err, UF_ETARGET,
                        "it ended while it was being read (look whether it was started anew)");
}

static enum uf_code look(int pid, const char *status, struct uf_error *err)
{
    const char *state = uf_procfs_field(status, "State");
    const char *kernel = uf_procfs_field(status, "Kthread"); /* since Linux 6.8 */
    long group = field(status, "Tgid");
    bool zombie = state && (*state == 'Z' || *state == 'X');
    if (group != pid)
        return uf_error_set(err, UF_ETARGET, "a thread of process %ld (give that: %ld)", group,
                            group);
    if (zombie)
        return uf_error_set(
            err, UF_ETARGET,
            "it has ended and only waits for its parent: a zombie has no memory (give a process "
            "that runs)");
    if (kernel ? *kernel == '1' : !uf_procfs_field(status, "VmSize"))
        return uf_error_set(
            err, UF_ETARGET,
            "a thread of the kernel: no Python runs in it (give a process of Python)");
    return field(status, "TracerPid") ? uf_process_refused(pid, 0, err) : UF_OK;
}

enum uf_code uf_process_look(int pid, struct uf_error *err)
{
    char status[UF_PROCFS_BYTES];
    enum uf_code code;
    if (pid == getpid())
        code =
            uf_error_set(err, UF_ETARGET, "this program itself (give the id of another process)");
    else if (pid > 0 && uf_procfs_read_of(pid, "status", status))
        code = look(pid, status, err);
    else if (access("/proc/self/status", R_OK))
        code = uf_error_set(err, UF_ETARGET, "/proc is not there (mount -t proc proc /proc)");
    else
        code = uf_error_set(
            err, UF_ETARGET,
            "no such process: it has ended, or is hidden from this user (ps -e shows those "
            "that there are)");
    return code;
}

struct uf_process_program uf_process_program(int pid)
{
    char text[UF_PROCFS_BYTES];
    if (!uf_procfs_read_of(pid, "stat", text))
        return (struct uf_process_program){0};
    return (struct uf_process_program){uf_procfs_stat(text, 22), uf_procfs_stat(text, 28),
                                       uf_procfs_stat(text, 26)};
}
