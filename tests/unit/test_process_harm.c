/* Reading a process does it no harm, whatever it is doing and whatever becomes of the reader. */
#include "children.h"

#include "base/pages.h"

#include <linux/seccomp.h>
#include <sys/ptrace.h>

#define KILLS (500 / PART)
#define CHURNS (24 / PART)
#define ENDS (32 / PART)
#define SIGNALS 2000
#define BLOCK ((size_t)1 << 20)

static struct uf_error err;

static void counting(void)
{
    shown->ready = 1;
    count_on(0);
}

static void *count_in_thread(void *number)
{
    count_on((int)(uintptr_t)number);
    return NULL;
}

static void counting_in_threads(void)
{
    pthread_t thread;
    for (uintptr_t i = 1; i < THREADS; i++)
        pthread_create(&thread, NULL, count_in_thread, (void *)i); // NOLINT
    char *memory = malloc(4 << 20);
    memset(memory, 1, 4 << 20);
    shown->ready = 1;
    count_on(0);
}

/* All that can be read of a process that stands still, and which of its pages are where. */
struct sum {
    uint64_t bytes, pages;
    uint64_t shared; /* pages of the block that it has from its parent */
};

static char *block; /* neither writes to it after the fork */

static struct sum sum_of(int pid)
{
    char path[64], page[PAGE];
    struct sum sum = {0};
    uint64_t from = (uint64_t)(uintptr_t)block, to = from + BLOCK;
    struct uf_text text = {0};
    struct uf_mappings mappings = {0};
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    EXPECT(uf_procfs_read(path, &text) == 0);
    EXPECT(uf_mappings_parse(&mappings, text.at, text.len, NULL) == UF_OK);
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    struct uf_pagemap pagemap = {.fd = open(path, O_RDONLY | O_CLOEXEC), .budget_pages = 1 << 20};
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < mappings.list.len; i++) {
        const struct uf_mapping *mapping = &mappings.list.at[i];
        if (strncmp(uf_mapping_path(&mappings, mapping), "[v", 2) != 0)
            EXPECT(uf_pagemap_scan(&pagemap, mapping->start, mapping->end, &mappings.pages, NULL) ==
                   UF_OK);
    }
    for (size_t i = 0; i < mappings.pages.list.len; i++) {
        const struct uf_page_run *run = &mappings.pages.list.at[i];
        for (uint64_t at = run->start; at < run->end; at += PAGE) {
            /* Pages become its own when its parent writes to them. */
            sum.pages = (sum.pages * 31 + at) * 31 + (run->kind & ~(uint32_t)UF_PAGE_SHARED);
            sum.shared += run->kind & UF_PAGE_SHARED && at >= from && at < to;
            if (pread(fd, page, PAGE, (off_t)at) == PAGE)
                for (size_t k = 0; k < PAGE; k += 8)
                    sum.bytes = sum.bytes * 31 + *(const uint64_t *)(const void *)(page + k);
        }
    }
    close(fd);
    close(pagemap.fd);
    uf_text_release(&text);
    uf_mappings_release(&mappings);
    return sum;
}

TEST(nothing_in_the_memory_of_a_process_is_changed)
{
    /* The child of a fork: most of its pages are its parent's, too, and must stay so. */
    block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(block, 5, BLOCK);
    int pid = child_start(counting_in_threads);
    kill(pid, SIGSTOP);
    EXPECT(comes_to(pid, "T"));
    struct sum before = sum_of(pid);
    EXPECT(before.shared == BLOCK / PAGE);
    for (int i = 0; i < 3; i++)
        EXPECT(copy_once(pid, &err) == UF_OK);
    struct sum after = sum_of(pid);
    EXPECT(after.bytes == before.bytes && after.pages == before.pages);
    EXPECT(after.shared == before.shared);
    kill(pid, SIGCONT);
    EXPECT(all_go_on(THREADS));
    EXPECT(sum_of(pid).bytes != before.bytes); /* the sum does see a change */
    child_end(pid);
    munmap(block, BLOCK);
}

/* How long a capture takes, about. */
static uint64_t capture_us(int pid)
{
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int i = 0; i < 4; i++)
        EXPECT(copy_once(pid, &err) == UF_OK);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    return (uint64_t)((ended.tv_sec - began.tv_sec) * 1000000 +
                      (ended.tv_nsec - began.tv_nsec) / 1000) /
           4;
}

/* One that captures until it is killed, `after_us` microseconds later. */
static void kill_a_capture(int pid, uint64_t after_us)
{
    int reader = fork();
    if (reader == 0)
        for (;;)
            copy_once(pid, NULL);
    struct timespec delay = {0, (long)after_us * 1000};
    nanosleep(&delay, NULL);
    kill(reader, SIGKILL);
    waitpid(reader, NULL, 0);
}

TEST(a_process_goes_on_when_its_reader_is_killed_at_any_instant)
{
    int pid = child_start(counting_in_threads), bad = 0;
    uint64_t most_us = 2 * capture_us(pid) + 500, random = 1;
    for (int i = 0; i < KILLS && !bad; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        kill_a_capture(pid, (random >> 33) % most_us);
        bad += !is_free(pid);
        bad += !all_go_on(THREADS);
    }
    EXPECT(bad == 0);
    child_end(pid);
}

TEST(a_stopped_process_is_read_and_stays_stopped)
{
    int pid = child_start(counting_in_threads);
    kill(pid, SIGSTOP);
    EXPECT(comes_to(pid, "T"));
    EXPECT(copy_once(pid, &err) == UF_OK);
    EXPECT(comes_to(pid, "T"));
    for (int i = 0; i < 20; i++) {
        kill_a_capture(pid, 1000);
        EXPECT(comes_to(pid, "T"));
    }
    uint64_t count = shown->counts[0];
    wait_ms(20);
    EXPECT(shown->counts[0] == count);
    kill(pid, SIGCONT);
    EXPECT(all_go_on(THREADS));
    child_end(pid);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    if ((uint64_t)info->si_value.sival_int != shown->signals)
        shown->out_of_order++;
    shown->signals++;
}

static void taking_signals(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGRTMIN, &action, NULL);
    counting(); /* one thread: of two, the second may be faster */
}

TEST(signals_that_arrive_meanwhile_are_handed_over_each_once_and_in_order)
{
    int pid = child_start(taking_signals);
    int sender = fork();
    if (sender == 0) {
        for (int i = 0; i < SIGNALS; i++) {
            while (sigqueue(pid, SIGRTMIN, (union sigval){.sival_int = i}) && errno == EAGAIN)
                wait_ms(1);
            struct timespec rest = {0, 20000};
            nanosleep(&rest, NULL);
        }
        _exit(0);
    }
    int copies = 0;
    while (waitpid(sender, NULL, WNOHANG) == 0)
        copies += copy_once(pid, &err) == UF_OK;
    for (int ms = 0; ms < WAIT_MOST_MS && shown->signals < SIGNALS; ms++)
        wait_ms(1);
    EXPECT(copies > 0 && shown->signals == SIGNALS && shown->out_of_order == 0);
    child_end(pid);
}

static void *end_at_once(void *unused)
{
    shown->counts[1]++;
    return unused;
}

static void coming_and_going(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, (size_t)64 << 10);
    for (shown->ready = 1;; shown->counts[0]++) {
        pthread_t thread;
        while (shown->counts[0] > shown->counts[1] + 8)
            ;
        if (pthread_create(&thread, &attributes, end_at_once, NULL))
            _exit(1);
    }
}

TEST(threads_that_start_and_end_all_the_time_are_all_held)
{
    int pid = child_start(coming_and_going);
    struct uf_process *process;
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    for (int i = 0; i < CHURNS; i++) {
        EXPECT(uf_process_copy(process, NULL, &err) == UF_OK);
        EXPECT(is_free(pid) && all_go_on(2));
    }
    uf_process_close(process);
    child_end(pid);
}

/* A block that stays, with a pattern, and others that come and go near and far. */
static void mapping_and_unmapping(void)
{
    uint64_t random = 7;
    uint64_t *block =
        mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint64_t i = 0; i < (1 << 20) / 8; i++)
        block[i] = i * i;
    shown->address = (uint64_t)(uintptr_t)block;
    void *kept[16] = {0};
    size_t sizes[16] = {0};
    for (shown->ready = 1;; shown->counts[0]++) {
        wait_ms(shown->counts[0] % 64 == 63);
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        size_t at = random >> 60, size = (size_t)1 << (12 + (random >> 40) % 12);
        void *hint = (void *)(uintptr_t)((random >> 30) % 64 << 40); // NOLINT
        if (kept[at])
            munmap(kept[at], sizes[at]);
        char *now = mmap(hint, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        kept[at] = now == MAP_FAILED ? NULL : now;
        sizes[at] = size;
        for (size_t i = 0; kept[at] && i < size; i += PAGE)
            now[i] = (char)i;
    }
}

TEST(a_process_that_maps_and_unmaps_all_the_time_is_read_at_one_instant)
{
    int pid = child_start(mapping_and_unmapping), wrong = 0;
    struct uf_process *process;
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    for (int i = 0; i < CHURNS; i++) {
        EXPECT(uf_process_copy(process, NULL, &err) == UF_OK);
        const struct uf_outside_memory *memory = uf_process_memory(process);
        const uint64_t *block = uf_source_view(memory->source, shown->address, 1 << 20);
        for (uint64_t k = 0; k < (1 << 20) / 8; k++)
            wrong += !block || block[k] != k * k;
        /* Where it is written to, it is written to from the start: no page of a mapping is missing. */
        for (size_t k = 0; k < memory->mappings->list.len; k++) {
            const struct uf_mapping *mapping = &memory->mappings->list.at[k];
            if (mapping->readable && mapping->writable && !mapping->shared)
                wrong += !uf_source_view(memory->source, mapping->end - 8, 8);
        }
    }
    EXPECT(wrong == 0 && is_free(pid) && goes_on(0));
    uf_process_close(process);
    child_end(pid);
}

TEST(a_process_that_ends_meanwhile_is_said_to_have_ended)
{
    struct uf_process *process;
    int pid = child_start(counting);
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    child_end(pid);
    EXPECT(uf_process_copy(process, NULL, &err) == UF_ETARGET && says(&err, "it ended while"));
    EXPECT(!uf_source_view(uf_process_peek(process)->source, (uint64_t)(uintptr_t)&err, 8));
    uf_process_close(process);
}

TEST(a_process_that_is_killed_at_any_instant_is_an_answer_and_no_hang)
{
    uint64_t random = 3, most_us = 0;
    int copied = 0, ended = 0;
    for (int i = 0; i < ENDS; i++) {
        int pid = child_start(counting_in_threads);
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        if (most_us == 0)
            most_us = 3 * capture_us(pid) + 500;
        int killer = fork();
        if (killer == 0) {
            struct timespec delay = {0, (long)((random >> 33) % most_us) * 1000};
            nanosleep(&delay, NULL);
            kill(pid, SIGKILL);
            _exit(0);
        }
        struct uf_process *process = NULL;
        enum uf_code code = uf_process_open(&process, pid, &err);
        while (!code) {
            code = uf_process_copy(process, NULL, &err);
            copied += !code;
        }
        ended += code == UF_ETARGET &&
                 (says(&err, "it ended while") || strstr(err.message, "a zombie") != NULL);
        uf_process_close(process);
        waitpid(killer, NULL, 0);
        child_end(pid);
    }
    EXPECT(copied > 0 && ended == ENDS);
}

static void becoming_another(void)
{
    shown->ready = 1;
    while (!shown->stop)
        wait_ms(1);
    execl("/bin/sleep", "sleep", "60", (char *)NULL);
}

TEST(a_process_that_becomes_another_program_is_said_to_have)
{
    struct uf_process *process;
    int pid = child_start(becoming_another);
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    EXPECT(uf_process_copy(process, NULL, &err) == UF_OK);
    shown->stop = 1;
    for (int ms = 0; ms < WAIT_MOST_MS && strcmp(status_of(pid, "Name"), "sleep") != 0; ms++)
        wait_ms(1);
    EXPECT(uf_process_copy(process, NULL, &err) == UF_ETARGET);
    EXPECT(says(&err, "became another program"));
    uf_process_close(process);
    child_end(pid);
}

/* Waits in the kernel, in a way that no signal and no stop can interrupt. */
static void waiting_for_vfork(void)
{
    shown->ready = 1;
    if (vfork() == 0) { // NOLINT
        while (!shown->stop)
            ;
        _exit(0);
    }
    counting();
}

TEST(a_thread_that_cannot_be_stopped_in_the_kernel_is_no_hindrance)
{
    int pid = child_start(waiting_for_vfork);
    EXPECT(comes_to(pid, "D"));
    EXPECT(copy_once(pid, &err) == UF_OK);
    for (int ms = 0; ms < WAIT_MOST_MS && !is_free(pid); ms++)
        wait_ms(1);
    EXPECT(is_free(pid));
    shown->stop = 1;
    EXPECT(goes_on(0));
    child_end(pid);
}

static void under_seccomp(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    shown->ready = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0 ? 1 : 2;
    for (;;)
        shown->counts[0]++;
}

TEST(a_process_that_may_call_nothing_is_read_like_any_other)
{
    int pid = child_start(under_seccomp);
    EXPECT(shown->ready == 1);
    EXPECT(copy_once(pid, &err) == UF_OK);
    EXPECT(is_free(pid) && goes_on(0));
    child_end(pid);
}

static void ending(void)
{
    shown->ready = 1;
}

TEST(what_is_no_process_to_be_read_is_named)
{
    struct uf_process *process;
    EXPECT(uf_process_open(&process, getpid(), &err) == UF_ETARGET &&
           says(&err, "this program itself"));
    EXPECT(!process);
    EXPECT(uf_process_open(&process, 0, &err) == UF_ETARGET && says(&err, "no such process"));
    EXPECT(uf_process_open(&process, -7, &err) == UF_ETARGET && says(&err, "no such process"));
    EXPECT(uf_process_open(&process, 1 << 23, &err) == UF_ETARGET && says(&err, "no such process"));
    int pid = child_start(ending);
    EXPECT(comes_to(pid, "Z"));
    EXPECT(uf_process_open(&process, pid, &err) == UF_ETARGET &&
           says(&err, "a zombie has no memory"));
    waitpid(pid, NULL, 0);
    if (strcmp(status_of(2, "Kthread"), "1") == 0) /* not seen in a container */
        EXPECT(uf_process_open(&process, 2, &err) == UF_ETARGET &&
               says(&err, "a thread of the kernel"));
}

TEST(a_thread_is_named_with_its_process)
{
    struct uf_process *process;
    struct uf_procfs_numbers tids = {0};
    char folder[64], part[64];
    int pid = child_start(counting_in_threads);
    snprintf(folder, sizeof folder, "/proc/%d/task", pid);
    EXPECT(uf_procfs_numbers(folder, &tids) == 0 && tids.list.len == THREADS);
    snprintf(part, sizeof part, "a thread of process %d", pid);
    for (size_t i = 0; i < tids.list.len; i++)
        if (tids.list.at[i] != pid)
            EXPECT(uf_process_open(&process, tids.list.at[i], &err) == UF_ETARGET &&
                   says(&err, part));
    uf_vec_release(&tids.list);
    child_end(pid);
}

TEST(a_process_that_another_one_traces_is_named_with_it)
{
    struct uf_process *process;
    char part[64];
    int pid = child_start(counting);
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    EXPECT(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
    snprintf(part, sizeof part, "being traced by process %d (", getpid());
    EXPECT(uf_process_copy(process, NULL, &err) == UF_ETARGET && says(&err, part));
    uf_process_close(process);
    EXPECT(uf_process_open(&process, pid, &err) == UF_ETARGET && says(&err, part));
    EXPECT(goes_on(0));
    child_end(pid);
}

TEST(a_process_of_another_user_is_refused_with_what_to_do)
{
    int pid = child_start(counting);
    int reader = fork();
    if (reader == 0) {
        struct uf_process *process;
        if (setuid(65534))
            _exit(3); /* not root: there is none to try it on */
        bool refused = uf_process_open(&process, pid, &err) == UF_ETARGET &&
                       strncmp(err.message, "not permitted", 13) == 0 && says(&err, "SYS_PTRACE");
        _exit(!refused);
    }
    int status = 0;
    waitpid(reader, &status, 0);
    EXPECT(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3));
    child_end(pid);
}

int main(void)
{
    RUN(nothing_in_the_memory_of_a_process_is_changed);
    RUN(a_process_goes_on_when_its_reader_is_killed_at_any_instant);
    RUN(a_stopped_process_is_read_and_stays_stopped);
    RUN(signals_that_arrive_meanwhile_are_handed_over_each_once_and_in_order);
    RUN(threads_that_start_and_end_all_the_time_are_all_held);
    RUN(a_process_that_maps_and_unmaps_all_the_time_is_read_at_one_instant);
    RUN(a_process_that_ends_meanwhile_is_said_to_have_ended);
    RUN(a_process_that_is_killed_at_any_instant_is_an_answer_and_no_hang);
    RUN(a_process_that_becomes_another_program_is_said_to_have);
    RUN(a_thread_that_cannot_be_stopped_in_the_kernel_is_no_hindrance);
    RUN(a_process_that_may_call_nothing_is_read_like_any_other);
    RUN(what_is_no_process_to_be_read_is_named);
    RUN(a_thread_is_named_with_its_process);
    RUN(a_process_that_another_one_traces_is_named_with_it);
    RUN(a_process_of_another_user_is_refused_with_what_to_do);
    return test_end();
}
