#include "pyext/proof_filter.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What touches only this process: its memory, its clocks, its own descriptors (which are /dev/null,
 * or the report), and questions about itself. No call that opens, names or makes anything. */
static const int allowed[] = {
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    SCMP_SYS(membarrier),
    /* locks, time, giving way */
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(restart_syscall),
    /* its descriptors */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fstat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    /* signals: which are held back, and coming back from one */
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    /* about itself and the machine */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getpgrp),
    SCMP_SYS(getpgid),
    SCMP_SYS(getsid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getgroups),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(getcwd),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(times),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    /* names of files: what they are, nothing else */
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    /* the end */
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* Commands of fcntl() that stay in this process: none that locks, none that asks for signals. */
static const int fcntls[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL};

static bool add_rules(scmp_filter_ctx context)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (seccomp_rule_add(context, SCMP_ACT_ALLOW, allowed[i], 0))
            return false;
    for (size_t i = 0; i < sizeof fcntls / sizeof *fcntls; i++)
        if (seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)fcntls[i])))
            return false;
    /* isatty() */
    return seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, 0x5401 /* TCGETS */)) == 0;
}

/* libseccomp before 2.6 writes its program to a descriptor only. */
static enum uf_code export(scmp_filter_ctx context, struct uf_proof_filter *filter,
                           struct uf_error *err)
{
    enum uf_code code = UF_OK;
    struct stat about = {0};
    int fd = memfd_create("unfreed-filter", MFD_CLOEXEC), failed = 0;
    if (fd < 0)
        return uf_error_os(err, errno, "no descriptor for the filter for system calls");
    failed = seccomp_export_bpf(context, fd);
    if (failed || fstat(fd, &about) || about.st_size <= 0 ||
        about.st_size / (off_t)sizeof *filter->code > BPF_MAXINSNS)
        code =
            uf_error_set(err, UF_EUNSUPPORTED, "no filter for system calls (seccomp) can be built");
    if (!code) {
        filter->len = (unsigned short)((size_t)about.st_size / sizeof *filter->code);
        filter->code = uf_mem_alloc((size_t)about.st_size);
        if (!filter->code)
            code = uf_error_nomem(err);
        else if (pread(fd, filter->code, (size_t)about.st_size, 0) != about.st_size)
            code = uf_error_os(err, errno, "the filter for system calls cannot be read back");
    }
    close(fd);
    return code;
}

enum uf_code uf_proof_filter_build(struct uf_proof_filter *filter, struct uf_error *err)
{
    *filter = (struct uf_proof_filter){0};
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!context)
        return uf_error_set(err, UF_EUNSUPPORTED, "libseccomp does not know this machine");
    enum uf_code code;
    /* calls by another machine's numbers (32-bit ones) must not slip through */
    if (seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) ||
        !add_rules(context))
        code =
            uf_error_set(err, UF_EUNSUPPORTED, "no filter for system calls (seccomp) can be built");
    else
        code = export(context, filter, err);
    seccomp_release(context);
    if (code)
        uf_proof_filter_release(filter);
    return code;
}

void uf_proof_filter_release(struct uf_proof_filter *filter)
{
    uf_mem_free(filter->code);
    *filter = (struct uf_proof_filter){0};
}

/* A kernel that says yes and does nothing would be the worst: each of these must be refused with
 * the filter's own errno, and would do no harm if it were not. */
static bool is_in_force(void)
{
    bool refused = syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0) == -1 && errno == EPERM;
    refused = refused && syscall(SYS_kill, getpid(), 0) == -1 && errno == EPERM;
    return refused && syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0) == -1 && errno == EPERM;
}

const char *uf_proof_filter_enter(const struct uf_proof_filter *filter)
{
    struct sock_fprog program = {.len = filter->len, .filter = filter->code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return "the system does not let a process give up new privileges";
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
        return "the system has no filter for system calls (seccomp)";
    if (is_in_force())
        return NULL;
    errno = 0;
    return "the system does not keep to its filter for system calls (seccomp)";
}
