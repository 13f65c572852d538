/* snapshot_files.h - for tests of snapshot files: a folder of their own, whole files in memory, comparing. */
#ifndef UF_TESTS_UNIT_SNAPSHOT_FILES_H
#define UF_TESTS_UNIT_SNAPSHOT_FILES_H

#include "snapshot/snapshot.h"
#include "snapshot/write.h"
#include "test.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char files_folder[] = "/tmp/unfreed-snapshot-XXXXXX";
static char files_path[64];

/* Makes the folder; the file that tests write to is files_path. */
static inline void files_begin(void)
{
    if (!mkdtemp(files_folder)) {
        perror("mkdtemp");
        exit(99);
    }
    snprintf(files_path, sizeof files_path, "%s/app.snapshot", files_folder);
}

/* How many files are in the folder. */
static inline int files_count(void)
{
    DIR *folder = opendir(files_folder);
    int count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

static inline void files_end(void)
{
    unlink(files_path);
    rmdir(files_folder);
}

struct file_bytes {
    uint8_t *at; /* aligned for any type */
    size_t len;
};

static inline struct file_bytes file_read(const char *path)
{
    struct file_bytes file = {0};
    struct stat status;
    FILE *from = fopen(path, "rb");
    if (!from || fstat(fileno(from), &status) != 0) {
        perror(path);
        exit(99);
    }
    file.len = (size_t)status.st_size;
    file.at = malloc(file.len + 1);
    if (!file.at || fread(file.at, 1, file.len, from) != file.len)
        exit(99);
    fclose(from);
    return file;
}

static inline const struct uf_meta *meta_unknown(void)
{
    static struct uf_meta meta;
    memset(&meta, 0xff, sizeof meta);
    meta.unfreed = meta.python = meta.implementation = meta.platform = meta.executable =
        meta.command_line = NULL;
    meta.redacted = false;
    return &meta;
}

/* Every column, table and size says the same. */
static inline void expect_same_graph(const struct uf_graph *a, const struct uf_graph *b)
{
    size_t n = a->node_count;
    EXPECT(a->node_count == b->node_count && a->edge_count == b->edge_count);
    EXPECT(a->type_count == b->type_count && a->root_count == b->root_count);
    EXPECT(a->guessed_count == b->guessed_count);
    if (test_failed_here || n == 0)
        return;
    EXPECT(memcmp(a->address, b->address, n * sizeof *a->address) == 0);
    EXPECT(memcmp(a->type, b->type, n * sizeof *a->type) == 0);
    EXPECT(memcmp(a->size, b->size, n * sizeof *a->size) == 0);
    EXPECT(memcmp(a->refcount, b->refcount, n * sizeof *a->refcount) == 0);
    EXPECT(memcmp(a->flags, b->flags, n) == 0);
    EXPECT(memcmp(a->edge_start, b->edge_start, (n + 1) * sizeof *a->edge_start) == 0);
    EXPECT(a->edge_count == 0 ||
           memcmp(a->edge_target, b->edge_target, a->edge_count * sizeof *a->edge_target) == 0);
    EXPECT(a->guessed_count == 0 ||
           memcmp(a->guessed, b->guessed, a->guessed_count * sizeof *a->guessed) == 0);
    for (uf_node node = 0; node < n; node++)
        EXPECT(uf_graph_size(a, node) == uf_graph_size(b, node));
    for (uint32_t i = 0; i < a->type_count; i++) {
        EXPECT(a->types[i].address == b->types[i].address && a->types[i].node == b->types[i].node);
        EXPECT_TEXT(uf_strings_get(&a->strings, a->types[i].name),
                    uf_strings_get(&b->strings, b->types[i].name));
    }
    for (uint32_t i = 0; i < a->root_count; i++) {
        const struct uf_graph_root *x = &a->roots[i], *y = &b->roots[i];
        EXPECT(x->node == y->node && x->kind == y->kind && x->surplus == y->surplus);
        EXPECT_TEXT(uf_strings_get(&a->strings, x->name), uf_strings_get(&b->strings, y->name));
        EXPECT_TEXT(uf_strings_get(&a->strings, x->label), uf_strings_get(&b->strings, y->label));
    }
}

/* All references are called the same, and their numbers say the same as their names. */
static inline void expect_same_names(const struct uf_graph *graph, const struct uf_names *a,
                                     const struct uf_names *b)
{
    for (uf_node node = 0; node < graph->node_count; node++)
        for (uint32_t i = 0; i < graph->edge_start[node + 1] - graph->edge_start[node]; i++) {
            struct uf_ref_name x, y;
            a->name(a->context, node, i, &x);
            b->name(b->context, node, i, &y);
            EXPECT(x.kind == y.kind);
            EXPECT_TEXT(x.text, y.text);
            EXPECT_TEXT(x.generic, y.generic);
            EXPECT_TEXT(b->generic_text(b->context, b->generic(b->context, node, i)), y.generic);
        }
}

#endif
