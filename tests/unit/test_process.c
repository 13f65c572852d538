/* The memory of a live process: what is read is what it has. */
#include "children.h"

#include "base/pages.h"

#include <sys/syscall.h>

#define TERABYTE ((size_t)1 << 40)

static char file_name[] = "/tmp/uf_process_XXXXXX";

/* Eight pages of a file, each full of its number from 1 on, and half a page more. */
static int make_file(void)
{
    char page[PAGE];
    memcpy(file_name + sizeof file_name - 7, "XXXXXX", 6);
    int fd = mkstemp(file_name);
    for (int i = 1; i <= 8; i++) {
        memset(page, i, PAGE);
        if (write(fd, page, PAGE) != PAGE)
            return -1;
    }
    return write(fd, page, PAGE / 2) == PAGE / 2 ? fd : -1;
}

static char *map(size_t size, int protection, int flags, int fd)
{
    return mmap(NULL, size, protection, flags | MAP_NORESERVE, fd, 0);
}

/* Memory of every kind. */
static void many_kinds(void)
{
    int fd = make_file();
    char *sparse = map(TERABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    sparse[0] = 1;
    sparse[TERABYTE / 2 + 5 * PAGE] = 2;
    sparse[TERABYTE - 1] = 3;
    map(TERABYTE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    char *data = map((size_t)9 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    data[2 * PAGE + 7] = 'x';
    data[3 * PAGE] = 'y';
    shown->other = (uint64_t)data[0]; /* read only: a page of the file's */
    char *relocated = map((size_t)9 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    relocated[PAGE] = 'z';
    mprotect(relocated, (size_t)9 * PAGE, PROT_READ);
    map((size_t)9 * PAGE, PROT_READ, MAP_SHARED, fd);
    char *scattered =
        map((size_t)1000 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (int i = 0; i < 1000; i += 3)
        scattered[i * PAGE + i] = (char)i;
    char *zeros = map((size_t)600 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (int i = 0; i < 600; i++) /* now they are the page of zeros, and of no one's memory */
        shown->other += (uint64_t)zeros[i * PAGE];
    zeros[300 * PAGE] = 'w';
    char *heap = malloc(3000000);
    memset(heap, 'h', 3000000);
    unlink(file_name);
    shown->address = (uint64_t)(uintptr_t)sparse;
    shown->ready = 1;
    count_on(0);
}

static bool is_of_kernel(const char *path)
{
    return strncmp(path, "[v", 2) == 0;
}

struct compared {
    uint64_t same, other, unseen;
};

/* Every page that /proc/PID/mem gives, against the view of it. Of large mappings only pages that are somewhere. */
static void compare(int pid, const struct uf_outside_memory *memory, struct compared *ret)
{
    char path[64], page[PAGE];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const struct uf_mappings *mappings = memory->mappings;
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        if (!mapping->readable || is_of_kernel(uf_mapping_path(mappings, mapping)) ||
            mapping->end - mapping->start > (uint64_t)64 << 20)
            continue;
        for (uint64_t at = mapping->start; at < mapping->end; at += PAGE) {
            const void *view = uf_source_view(memory->source, at, PAGE);
            if (pread(fd, page, PAGE, (off_t)at) != PAGE)
                continue;
            bool same = view && memcmp(view, page, PAGE) == 0;
            ret->same += same;
            ret->other += view && !same;
            ret->unseen += !view && !mapping->shared;
            if (!same && !mapping->shared)
                printf("# %llx of %s\n", (unsigned long long)at,
                       uf_mapping_path(mappings, mapping));
        }
    }
    close(fd);
}

TEST(every_page_of_a_process_that_stands_still_is_as_it_has_it)
{
    struct uf_error err = {0};
    struct uf_process *process;
    struct compared compared = {0};
    int pid = child_start(many_kinds);
    kill(pid, SIGSTOP);
    EXPECT(comes_to(pid, "T"));
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    for (int again = 0; again < 2; again++) {
        EXPECT(uf_process_copy(process, NULL, &err) == UF_OK);
        compare(pid, uf_process_memory(process), &compared);
    }
    compare(pid, uf_process_peek(process), &compared);
    EXPECT(compared.same > 3 * 1500 && compared.other == 0 && compared.unseen == 0);
    uf_process_close(process);
    child_end(pid);
}

TEST(what_is_far_from_every_page_reads_as_zeros_and_costs_nothing)
{
    struct uf_error err = {0};
    struct uf_process *process;
    int pid = child_start(many_kinds);
    uint64_t at = shown->address;
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    EXPECT(uf_process_copy(process, NULL, &err) == UF_OK);
    const struct uf_source *source = uf_process_memory(process)->source;
    const char *first = uf_source_view(source, at, 1);
    const char *middle = uf_source_view(source, at + TERABYTE / 2 + (uint64_t)5 * PAGE, 1);
    const char *last = uf_source_view(source, at + TERABYTE - 1, 1);
    const char *far = uf_source_view(source, at + TERABYTE / 4, PAGE);
    EXPECT(first && *first == 1);
    EXPECT(middle && *middle == 2);
    EXPECT(last && *last == 3);
    EXPECT(far && far[0] == 0 && far[PAGE - 1] == 0);
    EXPECT(!uf_source_view(source, at + TERABYTE - 1, 2) || *(last + 1) == 0);
    EXPECT(uf_process_stops(process)->copied_bytes < (uint64_t)64 << 20);
    uf_process_close(process);
    child_end(pid);
}

/* What the text of /proc/PID/smaps says of the mapping at `address`, in pages. */
static uint64_t smaps_pages(const char *smaps, uint64_t address, const char *name)
{
    char head[32];
    snprintf(head, sizeof head, "\n%08llx-", (unsigned long long)address);
    const char *at = strncmp(smaps, head + 1, strlen(head + 1)) == 0 ? smaps : strstr(smaps, head);
    const char *value = at ? uf_procfs_field(at, name) : NULL;
    return value ? strtoull(value, NULL, 10) / 4 : 0;
}

TEST(the_pages_of_each_mapping_are_counted_as_the_kernel_counts_them)
{
    struct uf_error err = {0};
    struct uf_process *process;
    struct uf_text smaps = {0};
    char path[64];
    uint64_t resident = 0;
    int pid = child_start(many_kinds);
    kill(pid, SIGSTOP);
    EXPECT(comes_to(pid, "T"));
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    EXPECT(uf_process_copy(process, NULL, &err) == UF_OK);
    const struct uf_mappings *mappings = uf_process_memory(process)->mappings;
    snprintf(path, sizeof path, "/proc/%d/smaps", pid);
    EXPECT(uf_procfs_read(path, &smaps) == 0);
    for (size_t i = 0; i < mappings->list.len; i++) {
        const struct uf_mapping *mapping = &mappings->list.at[i];
        if (is_of_kernel(uf_mapping_path(mappings, mapping)))
            continue;
        resident += mapping->resident_pages;
        EXPECT(mapping->resident_pages == smaps_pages(smaps.at, mapping->start, "Rss"));
        EXPECT(mapping->anonymous_pages == smaps_pages(smaps.at, mapping->start, "Anonymous"));
        EXPECT(mapping->swapped_pages == smaps_pages(smaps.at, mapping->start, "Swap"));
    }
    EXPECT(resident > 1000);
    uf_text_release(&smaps);
    uf_process_close(process);
    child_end(pid);
}

/* A pair of words that are equal whenever `word` is 0, which is half of the time. */
static void now_and_then(void)
{
    volatile uint64_t *pair = malloc(2 * sizeof *pair);
    pair[0] = pair[1] = 0;
    shown->address = (uint64_t)(uintptr_t)pair;
    static volatile int busy;
    shown->other = (uint64_t)(uintptr_t)&busy;
    for (shown->ready = 1;; shown->counts[0]++) {
        busy = 1;
        pair[0]++;
        for (volatile int i = 0; i < 20000; i++)
            ;
        pair[1]++;
        busy = 0;
        struct timespec rest = {0, 50000};
        nanosleep(&rest, NULL);
    }
}

TEST(a_copy_is_taken_only_while_the_checked_word_is_zero)
{
    struct uf_error err = {0};
    struct uf_process *process;
    int pid = child_start(now_and_then);
    uint64_t address = shown->address, busy = shown->other;
    struct uf_process_checks checks = {.zero = &busy, .zero_count = 1, .tries_max = 100000};
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    for (int i = 0; i < 24 / PART; i++) {
        EXPECT(uf_process_copy(process, &checks, &err) == UF_OK);
        const uint64_t *pair = uf_source_view(uf_process_memory(process)->source, address, 16);
        EXPECT(pair && pair[0] == pair[1]);
        const struct uf_process_stops *stops = uf_process_stops(process);
        EXPECT(stops->tries >= 1 && stops->longest_ns && stops->total_ns >= stops->longest_ns);
        EXPECT(stops->threads == 1 && stops->taken_ns && stops->rss_bytes > 0);
    }
    EXPECT(is_free(pid) && goes_on(0));
    uf_process_close(process);
    child_end(pid);
}

static void always_busy(void)
{
    static volatile int busy = 1;
    shown->address = (uint64_t)(uintptr_t)&busy;
    shown->ready = 1;
    count_on(0);
}

TEST(a_word_that_is_never_zero_ends_the_tries)
{
    struct uf_error err = {0};
    struct uf_process *process;
    int pid = child_start(always_busy);
    uint64_t busy = shown->address;
    struct uf_process_checks checks = {.zero = &busy, .zero_count = 1, .tries_max = 5};
    EXPECT(uf_process_open(&process, pid, &err) == UF_OK);
    EXPECT(uf_process_copy(process, &checks, &err) == UF_ETARGET);
    EXPECT(says(&err, "garbage collector was running each of the 5 times"));
    EXPECT(uf_process_stops(process)->tries == 0); /* it was not stopped in vain */
    busy = 8;
    EXPECT(uf_process_copy(process, &checks, &err) == UF_EFAULT);
    EXPECT(is_free(pid) && goes_on(0));
    uf_process_close(process);
    child_end(pid);
}

static void counting(void)
{
    shown->ready = 1;
    count_on(0);
}

TEST(memory_that_runs_out_is_an_error_and_the_process_goes_on)
{
    struct uf_error err = {0};
    int pid = child_start(counting);
    uint64_t blocks = uf_mem_live_blocks();
    enum uf_code code = UF_ENOMEM;
    for (uint64_t nth = 1; code && nth < 3000; nth++) {
        uf_mem_fail_at(nth);
        code = copy_once(pid, &err);
        EXPECT(code == UF_ENOMEM || code == UF_OK);
    }
    uf_mem_fail_at(0);
    EXPECT(code == UF_OK && uf_mem_live_blocks() == blocks);
    EXPECT(is_free(pid) && goes_on(0));
    child_end(pid);
}

static void with_children(void)
{
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (fork() == 0)
                prctl(PR_SET_PDEATHSIG, SIGKILL);
            shown->counts[0]++;
            pause();
        }
    while (shown->counts[0] < 4)
        wait_ms(1);
    shown->ready = 1;
    pause();
}

TEST(children_and_their_children_are_listed)
{
    struct uf_error err = {0};
    int pids[8];
    size_t count = 0;
    int pid = child_start(with_children);
    EXPECT(uf_process_children(pid, pids, 8, &count, &err) == UF_OK && count == 4);
    EXPECT(pids[0] < pids[1] && pids[1] < pids[2] && pids[2] < pids[3]);
    EXPECT(uf_process_children(pids[3], pids, 8, &count, &err) == UF_OK && count == 0);
    child_end(pid);
}

int main(void)
{
    RUN(every_page_of_a_process_that_stands_still_is_as_it_has_it);
    RUN(what_is_far_from_every_page_reads_as_zeros_and_costs_nothing);
    RUN(the_pages_of_each_mapping_are_counted_as_the_kernel_counts_them);
    RUN(a_copy_is_taken_only_while_the_checked_word_is_zero);
    RUN(a_word_that_is_never_zero_ends_the_tries);
    RUN(memory_that_runs_out_is_an_error_and_the_process_goes_on);
    RUN(children_and_their_children_are_listed);
    return test_end();
}
