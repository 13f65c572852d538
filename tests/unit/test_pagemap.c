/* Which pages are where, of this very process. */
#include "memory/pagemap.h"

#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define PAGES 20000

static struct uf_pagemap pagemap;

static char *map(size_t size)
{
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);
    madvise(at, size, MADV_NOHUGEPAGE);
    return at;
}

static enum uf_code scan(const char *at, size_t size, struct uf_page_runs *ret)
{
    uint64_t start = (uint64_t)(uintptr_t)at;
    return uf_pagemap_scan(&pagemap, start, start + size, ret, NULL);
}

/* Whether the runs say of every page what `kinds` says. */
static bool is_so(const struct uf_page_runs *runs, const char *at, const uint32_t *kinds)
{
    uint64_t start = (uint64_t)(uintptr_t)at, wrong = 0;
    size_t next = 0;
    for (size_t i = 0; i < PAGES; i++) {
        uint64_t page = start + i * PAGE;
        while (next < runs->list.len && runs->list.at[next].end <= page)
            next++;
        const struct uf_page_run *run = next < runs->list.len ? &runs->list.at[next] : NULL;
        wrong += (run && run->start <= page ? run->kind : 0) != kinds[i];
    }
    for (size_t i = 1; i < runs->list.len; i++)
        wrong += runs->list.at[i - 1].end > runs->list.at[i].start;
    return wrong == 0;
}

TEST(each_page_is_what_was_done_to_it)
{
    static uint32_t kinds[PAGES];
    char *at = map(PAGES * PAGE);
    uint32_t random = 5;
    volatile char sink = 0;
    for (size_t i = 0; i < PAGES; i++) {
        random = random * 1664525 + 1013904223;
        switch (random >> 29) {
        case 0: /* written */
            at[i * PAGE] = 1;
            kinds[i] = UF_PAGE_PRESENT;
            break;
        case 1: /* only read: the page of zeros */
            sink = (char)(sink + at[i * PAGE]);
            kinds[i] = UF_PAGE_PRESENT | UF_PAGE_ZERO;
            break;
        default: /* nothing, and now and then for long */
            kinds[i] = 0;
            i += random >> 28 & 1 ? 0 : random % 40;
            break;
        }
    }
    struct uf_page_runs runs = {0};
    EXPECT(scan(at, PAGES * PAGE, &runs) == UF_OK);
    if (pagemap.no_scan) /* the page of zeros cannot be told then */
        printf("# no PAGEMAP_SCAN in this kernel\n");
    else
        EXPECT(is_so(&runs, at, kinds) && runs.list.len > 300);
    uf_vec_release(&runs.list);
    munmap(at, PAGES * PAGE);
}

TEST(pages_that_a_child_has_too_are_shared_until_they_are_written_to)
{
    char *at = map(8 * PAGE);
    memset(at, 1, 8 * PAGE);
    int child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    at[3 * PAGE] = 2;
    struct uf_page_runs runs = {0};
    EXPECT(scan(at, 8 * PAGE, &runs) == UF_OK && runs.list.len == 3);
    EXPECT(runs.list.at[0].kind == (UF_PAGE_PRESENT | UF_PAGE_SHARED));
    EXPECT(runs.list.at[1].kind == UF_PAGE_PRESENT);
    EXPECT(runs.list.at[2].kind == (UF_PAGE_PRESENT | UF_PAGE_SHARED));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    runs.list.len = 0;
    EXPECT(scan(at, 8 * PAGE, &runs) == UF_OK && runs.list.len == 1);
    uf_vec_release(&runs.list);
    munmap(at, 8 * PAGE);
}

TEST(without_the_ioctl_emptiness_is_bounded)
{
    size_t size = (size_t)1 << 34;
    char *at = map(size);
    struct uf_page_runs runs = {0};
    at[0] = at[size - 1] = 1;
    pagemap.no_scan = true;
    pagemap.budget_pages = 100000;
    EXPECT(scan(at, size, &runs) == UF_EUNSUPPORTED);
    runs.list.len = 0;
    pagemap.budget_pages = 1 << 23;
    EXPECT(scan(at, size, &runs) == UF_OK && runs.list.len == 2);
    uf_vec_release(&runs.list);
    munmap(at, size);
}

TEST(a_pagemap_that_cannot_be_read_is_said_to_be_missing)
{
    struct uf_pagemap none = {.fd = -1};
    struct uf_page_runs runs = {0};
    EXPECT(uf_pagemap_scan(&none, 0x1000, 0x2000, &runs, NULL) == UF_EUNSUPPORTED);
}

int main(void)
{
    pagemap = (struct uf_pagemap){.fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
                                  .budget_pages = 1 << 20};
    RUN(each_page_is_what_was_done_to_it);
    RUN(pages_that_a_child_has_too_are_shared_until_they_are_written_to);
    RUN(without_the_ioctl_emptiness_is_bounded);
    RUN(a_pagemap_that_cannot_be_read_is_said_to_be_missing);
    return test_end();
}
