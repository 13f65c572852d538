/* How long a process stands still while it is read, and what a whole capture takes; for bench_outside.py.
 *
 *     outside_figures pause PID ROUNDS     against one plain bulk copy of the same pages, in turn
 *     outside_figures take PID ROUNDS      whole captures, and whether they were sound
 *
 * Prints a line of JSON per round. The plain copy: the process stopped with SIGSTOP, the same pages,
 * process_vm_readv in as few calls as the kernel allows into memory that was written to before.
 */
#include "target/target.h"

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

static int measure_pause(int pid, int rounds, struct uf_error *err)
{
    struct uf_process *process;
    int failed = uf_process_open(&process, pid, err) != UF_OK;
    for (int round = 0; round < rounds && !failed; round++) {
        const struct uf_process_stops *stops = uf_process_stops(process);
        if (uf_process_copy(process, NULL, err)) {
            failed = 1;
            break;
        }
        const struct uf_mappings *mappings = uf_process_memory(process)->mappings;
        struct piece *pieces = malloc((mappings->pages.list.len + 1) * sizeof *pieces);
        size_t count = pieces_of(mappings, pieces);
        uint64_t bytes = 0;
        for (size_t i = 0; i < count; i++)
            bytes += pieces[i].size;
        char *to = malloc(bytes);
        memset(to, 1, bytes);
        double plain = plain_seconds(pid, pieces, count, to, bytes);
        printf("{\"pause\": %.6f, \"plain\": %.6f, \"bytes\": %" PRIu64 ", \"tries\": %u}\n",
               (double)stops->longest_ns / 1e9, plain, bytes, stops->tries);
        free(to);
        free(pieces);
    }
    uf_process_close(process);
    return failed;
}

static int measure_take(int pid, int rounds, struct uf_error *err)
{
    struct uf_target_request request = {.pid = pid};
    int failed = 0;
    for (int round = 0; round < rounds && !failed; round++) {
        struct uf_target target;
        double began = seconds();
        failed = uf_target_take(&target, &request, err) != UF_OK;
        double total = seconds() - began;
        const struct uf_capture *capture = &target.capture;
        if (!failed)
            printf("{\"total\": %.6f, \"pause\": %.6f, \"all_pauses\": %.6f, \"tries\": %u, "
                   "\"objects\": %zu, \"tracked\": %" PRIu64 ", \"broken_lists\": %u, "
                   "\"not_objects\": %" PRIu64 ", \"cut_objects\": %" PRIu64
                   ", \"collecting\": %d}\n",
                   total, (double)target.stops->longest_ns / 1e9,
                   (double)target.stops->total_ns / 1e9, target.stops->tries,
                   (size_t)capture->graph.node_count, capture->tracked, capture->broken_lists,
                   capture->not_objects, capture->cut_objects, capture->collecting);
        uf_target_release(&target);
    }
    return failed;
}

int main(int argc, char **argv)
{
    struct uf_error err = {0};
    if (argc != 4)
        return 2;
    int pid = (int)strtol(argv[2], NULL, 10), rounds = (int)strtol(argv[3], NULL, 10);
    int failed = strcmp(argv[1], "pause") == 0 ? measure_pause(pid, rounds, &err)
                                               : measure_take(pid, rounds, &err);
    if (failed)
        fprintf(stderr, "%s\n", err.message);
    return failed;
}
