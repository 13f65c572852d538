/* children.h - real processes to look at, for tests of src/memory/process*.c.
 *
 * Each is a fork of the test that runs a function, and shares one struct `shown`
 * with it: what it counts there tells that it goes on.
 */
#ifndef UF_TESTS_UNIT_CHILDREN_H
#define UF_TESTS_UNIT_CHILDREN_H

#include "memory/process.h"
#include "memory/procfs.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What is done by the hundred under AddressSanitizer takes minutes. */
#ifdef __SANITIZE_ADDRESS__
#define PART 8
#else
#define PART 1
#endif

#define THREADS 4
#define PAGE 4096
#define WAIT_MOST_MS 20000 /* for what happens at once: the machine may be busy */

struct shown {
    _Atomic uint64_t counts[THREADS];
    _Atomic int ready;
    _Atomic int word; /* a check */
    _Atomic uint64_t signals, out_of_order;
    _Atomic int stop;
    uint64_t address, size; /* what the test is about */
    uint64_t other;
};

static struct shown *shown;

static inline void wait_ms(unsigned ms)
{
    struct timespec rest = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&rest, &rest) && errno == EINTR)
        ;
}

static inline void count_on(int thread)
{
    for (;;) {
        shown->counts[thread]++;
        if (shown->counts[thread] % 16 == 0) {
            struct timespec rest = {0, 20000};
            nanosleep(&rest, NULL);
        }
    }
}

/* Starts one and waits until it says that it is ready. */
static inline int child_start(void (*body)(void))
{
    if (!shown)
        shown =
            mmap(NULL, sizeof *shown, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset((void *)shown, 0, sizeof *shown);
    fflush(stdout);
    int pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        _exit(0);
    }
    for (int ms = 0; ms < WAIT_MOST_MS && !shown->ready; ms++)
        wait_ms(1);
    return pid;
}

static inline void child_end(int pid)
{
    kill(pid, SIGKILL);
    kill(pid, SIGCONT);
    waitpid(pid, NULL, 0);
}

static inline bool goes_on(int thread)
{
    uint64_t before = shown->counts[thread];
    for (int ms = 0; ms < WAIT_MOST_MS; ms++) {
        if (shown->counts[thread] != before)
            return true;
        wait_ms(1);
    }
    return false;
}

/* The same of several, 0 to `threads` - 1. */
static inline bool all_go_on(int threads)
{
    uint64_t before[THREADS];
    int left = threads;
    for (int i = 0; i < threads; i++)
        before[i] = shown->counts[i];
    for (int ms = 0; ms < WAIT_MOST_MS && left; ms++) {
        wait_ms(ms > 0);
        left = 0;
        for (int i = 0; i < threads; i++)
            left += shown->counts[i] == before[i];
    }
    return left == 0;
}

/* A field of /proc/PID/status as text; "" if there is none. */
static inline const char *status_of(int pid, const char *name)
{
    static char value[64];
    char path[64];
    struct uf_text text = {0};
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    const char *found = uf_procfs_read(path, &text) ? NULL : uf_procfs_field(text.at, name);
    snprintf(value, sizeof value, "%.*s", found ? (int)strcspn(found, "\n") : 0,
             found ? found : "");
    uf_text_release(&text);
    return value;
}

/* Until its state is one of `letters`; a process that sleeps and runs by turns is "RS". */
static inline bool comes_to(int pid, const char *letters)
{
    for (int ms = 0; ms < WAIT_MOST_MS; ms++) {
        if (strchr(letters, status_of(pid, "State")[0]))
            return true;
        wait_ms(1);
    }
    return false;
}

static inline bool is_free(int pid)
{
    return strcmp(status_of(pid, "TracerPid"), "0") == 0 &&
           strchr("RSD", status_of(pid, "State")[0]);
}

/* Opens, copies, closes. */
static inline enum uf_code copy_once(int pid, struct uf_error *err)
{
    struct uf_process *process;
    enum uf_code code = uf_process_open(&process, pid, err);
    if (!code)
        code = uf_process_copy(process, NULL, err);
    uf_process_close(process);
    return code;
}

static inline bool says(const struct uf_error *err, const char *part)
{
    bool found = err->code == UF_ETARGET && strstr(err->message, part) &&
                 err->message[strlen(err->message) - 1] == ')';
    if (!found)
        printf("# %d: %s\n", err->code, err->message);
    return found;
}

#endif
