/* fuzz_heap - whatever the memory of a process holds, reading its heap ends in a sound graph or in an error.
 *
 * Begins with heaps of real interpreters (record_heap.c), in the folder that the variable
 * UNFREED_HEAP_IMAGES names. The first byte of an input says which one and what is
 * done with it, then come damages of 8 bytes each: a kind, the number of a
 * word that is not zero (3 bytes), a value (4 bytes).
 *
 * Every range of memory is a block of its own, whose ends are watched by the
 * sanitizer. Checked are the graph's invariants, that all texts are UTF-8, that no more
 * memory is taken than the image gives reason for, and that none is left.
 */
#include "base/mem.h"
#include "capture/capture.h"
#include "cpython/layouts.h"
#include "cpython/shapes.h"
#include "heap_image.h"
#include "memory/ranges.h"
#include "snapshot/snapshot.h"
#include "snapshot/write.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IMAGES_MAX 16
#define EDGES_MAX 200000 /* named: a damaged list may claim many */
#define DAMAGE_BYTES 8
#define WRITES 0x80 /* of the first byte: a snapshot file is written, too */
#define PEAK_PER_BYTE 64
#define PEAK_LEAST ((size_t)64 << 20)

struct target {
    struct heap_image image;
    unsigned char **blocks; /* by range */
    struct {
        uint32_t range, offset;
    } *words; /* that are not zero */
    uint32_t word_count;
    const struct uf_layout_row *row;
};

/* What stood where a damage was done. */
struct undo {
    unsigned char *at, was[8];
};

static UF_VEC(struct undo) undos;
static struct target targets[IMAGES_MAX];
static size_t target_count;

static void fault(const char *what, const char *why)
{
    fprintf(stderr, "fuzz_heap: %s: %s\n", what, why);
    abort();
}

static void open_image(struct target *t, const char *path)
{
    const struct heap_image *image = &t->image;
    if (!heap_image_read(&t->image, path))
        fault(path, "it cannot be read");
    t->row = uf_layout_find((uint32_t)image->header.version_hex, image->header.debug != 0);
    t->blocks = calloc(image->header.range_count + 1, sizeof *t->blocks);
    t->words = calloc(image->header.bytes / 8 + 1, sizeof *t->words);
    const unsigned char *from = image->bytes;
    for (uint32_t i = 0; i < image->header.range_count; i++) {
        size_t bytes = image->ranges[i].bytes;
        t->blocks[i] = malloc(bytes);
        memcpy(t->blocks[i], from, bytes);
        for (uint32_t at = 0; at < bytes; at += 8)
            if (memcmp(from + at, "\0\0\0\0\0\0\0", 8) != 0) {
                t->words[t->word_count].range = i;
                t->words[t->word_count++].offset = at;
            }
        from += bytes;
    }
    if (!t->row || !t->word_count)
        fault(path, "no layout row for it, or nothing in it");
}

static int is_image(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".gz") == 0;
}

/* In the order of their names: an input means the same image in every run. */
static void open_images(void)
{
    const char *folder = getenv("UNFREED_HEAP_IMAGES");
    struct dirent **entries = NULL;
    int count = folder ? scandir(folder, &entries, is_image, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (target_count < IMAGES_MAX)
            open_image(&targets[target_count++], path);
        free(entries[i]);
    }
    free(entries);
    if (!target_count)
        fault("UNFREED_HEAP_IMAGES", "it names no folder with images");
}

static unsigned char *word_at(const struct target *t, uint32_t number)
{
    number %= t->word_count;
    return t->blocks[t->words[number].range] + t->words[number].offset;
}

static uint64_t address_of(const struct target *t, uint32_t number)
{
    number %= t->word_count;
    return t->image.ranges[t->words[number].range].start + t->words[number].offset;
}

static void set(unsigned char *at, const void *word)
{
    struct undo undo = {.at = at};
    memcpy(undo.was, at, 8);
    if (uf_vec_push(&undos, undo) == 0)
        memcpy(at, word, 8);
}

static void damage(const struct target *t, const uint8_t *record)
{
    uint32_t number = record[1] | (uint32_t)record[2] << 8 | (uint32_t)record[3] << 16;
    uint32_t value;
    uint64_t word, other;
    unsigned char *at = word_at(t, number);
    memcpy(&value, record + 4, 4);
    memcpy(&word, at, 8);
    switch (record[0] % 9) {
    case 0: /* a byte */
        ((unsigned char *)&word)[value % 8] = (unsigned char)(value >> 8);
        break;
    case 1:
        word = (uint64_t)(int64_t)(int32_t)value;
        break;
    case 2: /* what stands elsewhere */
        memcpy(&other, word_at(t, value), 8);
        word = other;
        break;
    case 3: /* a pointer to elsewhere */
        word = address_of(t, value & 0xffffff) + (uint64_t)(value >> 24) * 8;
        break;
    case 4:
        word += (uint64_t)(int64_t)(int8_t)value;
        break;
    case 5:
        word ^= UINT64_C(1) << value % 64;
        break;
    case 6:
        word = (uint64_t)value << 32;
        break;
    case 7:
        word = (uint64_t)value << 16;
        break;
    default: /* a run of words from elsewhere, within their ranges */
        for (uint32_t i = 0; i < (value >> 24) % 32; i++)
            set(word_at(t, number + i), word_at(t, (value & 0xffffff) + i));
        return;
    }
    set(at, &word);
}

static void restore(void)
{
    while (undos.len > 0) {
        const struct undo *undo = &undos.at[--undos.len];
        memcpy(undo->at, undo->was, 8);
    }
    uf_vec_release(&undos);
}

/* --- asking ------------------------------------------------------------------------------------------ */

static void check_text(const char *what, const char *text, size_t size)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t len = strnlen(text, size);
    if (len == size)
        fault(what, "it has no end");
    for (size_t i = 0; i < len;) {
        size_t bytes = c[i] < 0x80 ? 1 : c[i] < 0xc2 ? 0 : c[i] < 0xe0 ? 2 : c[i] < 0xf0 ? 3 : 4;
        if (bytes == 0 || c[i] > 0xf4 || i + bytes > len)
            fault(what, "it is no UTF-8");
        for (size_t j = 1; j < bytes; j++)
            if ((c[i + j] & 0xc0) != 0x80)
                fault(what, "it is no UTF-8");
        i += bytes;
    }
}

static void ask_names(const struct uf_capture *capture)
{
    const struct uf_graph *graph = &capture->graph;
    const struct uf_names *names = &capture->names;
    struct uf_ref_name name;
    char text[100];
    uint32_t asked = 0;
    for (uf_node node = 0; node < graph->node_count && asked < EDGES_MAX; node++) {
        names->preview(names->context, node, text, sizeof text);
        check_text("preview", text, sizeof text);
        (void)names->length(names->context, node);
        (void)names->bound(names->context, node);
        (void)names->declared(names->context, node, "cache", 1, text, sizeof text);
        check_text("attribute", text, sizeof text);
        uint32_t degree = graph->edge_start[node + 1] - graph->edge_start[node];
        for (uint32_t i = 0; i < degree && asked < EDGES_MAX; i++, asked++) {
            names->name(names->context, node, i, &name);
            if (name.kind > UF_REF_UNKNOWN)
                fault("kind of a name", name.text);
            check_text("name", name.text, sizeof name.text);
            check_text("generic name", name.generic, sizeof name.generic);
        }
    }
    for (uint32_t i = 0; i < graph->strings.count; i++)
        check_text("string of the graph", uf_strings_get(&graph->strings, i), 4096);
}

static void ask_shapes(const struct uf_graph *graph, struct uf_shapes *shapes)
{
    char text[400];
    size_t len;
    for (uf_node node = 0; node < graph->node_count; node++) {
        uint32_t number = shapes->of(shapes->context, node), degree;
        struct uf_shape shape;
        if (number == UF_SHAPE_NOMEM)
            fault("shape", "memory is out");
        shapes->get(shapes->context, number, &shape);
        degree = graph->edge_start[node + 1] - graph->edge_start[node];
        if ((uint64_t)shape.head_count + shape.tail_count > degree)
            fault("shape", "it names more than there is");
    }
    for (uf_node node = 0; node < graph->node_count; node++) {
        (void)shapes->text(shapes->context, node, text, sizeof text - 1, &len);
        text[len] = 0;
        check_text("text", text, sizeof text);
        (void)shapes->length(shapes->context, node);
        (void)shapes->bound(shapes->context, node);
    }
}

static void write_file(const struct uf_graph *graph, struct uf_shapes *shapes)
{
    struct uf_meta meta = {.unfreed = "", .python = ""};
    struct uf_snapshot_content content = {.graph = graph, .shapes = shapes, .meta = &meta};
    struct uf_snapshot *snapshot;
    struct uf_error err = {0};
    uint64_t bytes;
    char path[100];
    snprintf(path, sizeof path, "%s/fuzz_heap.%d", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm",
             (int)getpid());
    if (uf_snapshot_write(path, &content, &bytes, &err))
        fault("writing", err.message);
    if (uf_snapshot_open(&snapshot, path, &err) || uf_snapshot_verify(snapshot, &err) ||
        uf_snapshot_load(snapshot, UF_LOAD_ALL, &err))
        fault("reading what was written", err.message);
    uf_snapshot_close(snapshot);
    unlink(path);
}

static void ask(const struct uf_capture *capture, bool writes)
{
    struct uf_heap_shapes *own;
    struct uf_shapes shapes;
    struct uf_error err = {0};
    if (uf_graph_check(&capture->graph, &err))
        fault("graph", err.message);
    ask_names(capture);
    for (int turn = 0; turn < 1 + writes; turn++) {
        if (uf_heap_shapes_create(&own, capture->heap, &capture->graph, &capture->names, &shapes,
                                  &err))
            fault("shapes", err.message);
        if (turn == 0)
            ask_shapes(&capture->graph, &shapes);
        else
            write_file(&capture->graph, &shapes);
        uf_heap_shapes_destroy(own);
    }
}

static void capture(const struct target *t, bool writes)
{
    const struct heap_image_header *header = &t->image.header;
    struct uf_ranges ranges = {0};
    struct uf_capture result;
    struct uf_capture_options options = {0};
    struct uf_error err = {0};
    uint64_t blocks = uf_mem_live_blocks();
    uf_mem_reset_peak();
    size_t before = uf_mem_mapped_bytes();
    for (uint32_t i = 0; i < header->range_count; i++)
        (void)uf_ranges_add(&ranges, t->image.ranges[i].start, t->blocks[i],
                            t->image.ranges[i].bytes, &err);
    if (uf_ranges_seal(&ranges, &err))
        fault("ranges", err.message);
    struct uf_heap_config config = {.source = &ranges.source,
                                    .layout = t->row->layout,
                                    .runtime = header->runtime,
                                    .interpreter = header->interpreter,
                                    .known = &header->known};
    enum uf_code code = uf_capture_heap(&result, &config, &options, &err);
    if (code == UF_OK) {
        if (getenv("UNFREED_FUZZ_TALK"))
            fprintf(stderr, "%s: %u objects, %u references, %llu are none, %llu cut\n",
                    t->row->name, result.graph.node_count, result.graph.edge_count,
                    (unsigned long long)result.not_objects, (unsigned long long)result.cut_objects);
        ask(&result, writes);
        uf_capture_release(&result);
    } else if (code != UF_ECORRUPT && code != UF_EFAULT && code != UF_ELIMIT && code != UF_EINVAL) {
        fault("error of a damaged heap", err.message);
    }
    uf_ranges_release(&ranges);
    if (uf_mem_live_blocks() != blocks)
        fault("memory", "blocks are left");
    if (uf_mem_peak_bytes() - before > PEAK_LEAST + header->bytes * PEAK_PER_BYTE)
        fault("memory", "more was taken than such a heap gives reason for");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!target_count)
        open_images();
    if (size == 0)
        return 0;
    const struct target *t = &targets[(data[0] & (WRITES - 1U)) % target_count];
    for (size_t at = 1; at + DAMAGE_BYTES <= size; at += DAMAGE_BYTES)
        damage(t, data + at);
    capture(t, data[0] & WRITES);
    restore();
    return 0;
}
