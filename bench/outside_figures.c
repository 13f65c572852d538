/* How long a process stands still while its heap is copied, against one plain bulk copy of the same pages.
 *
 *     outside_figures PID ROUNDS
 *
 * Both sides in turn; prints JSON for bench_outside.py. The plain side: the process stopped with
 * SIGSTOP, the same pages, process_vm_readv in as few calls as the kernel allows into memory that was
 * written to before.
 */
#include "memory/process.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PIECES 1024
#define PAGE_BYTES 4096

struct piece {
    uint64_t start, size;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What was copied: pages of private, readable mappings that only memory has. */
static size_t pieces_of(const struct uf_mappings *mappings, struct piece *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < mappings->pages.list.len; i++) {
        const struct uf_page_run *run = &mappings->pages.list.at[i];
        const struct uf_mapping *mapping = uf_mappings_find(mappings, run->start);
        if (mapping && mapping->readable && !mapping->shared &&
            !(run->kind & (UF_PAGE_FILE | UF_PAGE_ZERO)))
            ret[count++] = (struct piece){run->start, run->end - run->start};
    }
    return count;
}

/* Bytes read; the destination is one block. */
static uint64_t copy_plainly(int pid, const struct piece *pieces, size_t count, char *to)
{
    static struct iovec here[PIECES], there[PIECES];
    uint64_t done = 0;
    for (size_t i = 0; i < count;) {
        size_t taken = 0;
        uint64_t bytes = 0;
        for (; i < count && taken < PIECES && bytes + pieces[i].size < UINT64_C(0x7ffff000);
             i++, taken++) {
            here[taken] = (struct iovec){to + done + bytes, pieces[i].size};
            there[taken] =
                (struct iovec){(void *)(uintptr_t)pieces[i].start, pieces[i].size}; // NOLINT
            bytes += pieces[i].size;
        }
        ssize_t got = taken ? process_vm_readv(pid, here, taken, there, taken, 0) : -1;
        if (got < 0 || (uint64_t)got != bytes)
            return done;
        done += bytes;
    }
    return done;
}

static double plain_seconds(int pid, const struct piece *pieces, size_t count, char *to,
                            uint64_t bytes)
{
    kill(pid, SIGSTOP);
    usleep(20000);
    double began = seconds();
    uint64_t done = copy_plainly(pid, pieces, count, to);
    double took = seconds() - began;
    kill(pid, SIGCONT);
    return done == bytes ? took : -1;
}

static int measure(struct uf_process *process, int pid, int rounds, struct uf_error *err)
{
    const struct uf_process_stops *stops = uf_process_stops(process);
    for (int round = 0; round < rounds; round++) {
        double began = seconds();
        if (uf_process_copy(process, NULL, err))
            return 1;
        double total = seconds() - began;
        const struct uf_mappings *mappings = uf_process_memory(process)->mappings;
        struct piece *pieces = malloc((mappings->pages.list.len + 1) * sizeof *pieces);
        size_t count = pieces_of(mappings, pieces);
        uint64_t bytes = 0;
        for (size_t i = 0; i < count; i++)
            bytes += pieces[i].size;
        char *to = malloc(bytes);
        memset(to, 1, bytes);
        double plain = plain_seconds(pid, pieces, count, to, bytes);
        printf("%s{\"pause\": %.6f, \"total\": %.6f, \"plain\": %.6f, \"bytes\": %" PRIu64
               ", \"copied\": %" PRIu64 ", \"tries\": %u, \"pieces\": %zu}",
               round ? ", " : "[", (double)stops->longest_ns / 1e9, total, plain, bytes,
               stops->copied_bytes, stops->tries, count);
        free(to);
        free(pieces);
    }
    printf("]\n");
    return 0;
}

int main(int argc, char **argv)
{
    struct uf_error err = {0};
    struct uf_process *process;
    if (argc != 3)
        return 2;
    int pid = atoi(argv[1]); // NOLINT
    int failed = uf_process_open(&process, pid, &err) ||
                 measure(process, pid, atoi(argv[2]), &err); // NOLINT
    if (failed)
        fprintf(stderr, "%s\n", err.message);
    uf_process_close(process);
    return failed;
}
