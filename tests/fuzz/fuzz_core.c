/* fuzz_core - whatever a core or an ELF image holds, reading it ends in memory that can be looked at, or in an error.
 *
 * The first byte of an input says what the others are:
 *     0        a core file
 *     1        a program or library, as a file
 *     else     the same as it lies in the memory of a process
 *
 * With libFuzzer it is the fuzzer (make fuzz); with standalone.c it runs what is in the corpus, as a test.
 */
#include "base/mem.h"
#include "memory/core.h"
#include "memory/ranges.h"
#include "symbols/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VIEWS_MAX 20000   /* of one input: mappings may claim any size */
#define READS_MAX 4000000 /* of one image: the tables that it has are a few kilobytes */
#define IMAGE_AT 0x7f0000000000u

static void fault(const char *what, const char *why)
{
    fprintf(stderr, "fuzz_core: %s: %s\n", what, why);
    abort();
}

static void check(enum uf_code code, bool made, const struct uf_error *err)
{
    if (!code != made)
        fault("result", "an error and a result, or neither");
    if (code &&
        (!err->message[0] || strnlen(err->message, sizeof err->message) == sizeof err->message))
        fault("error", "it says nothing");
}

static void ask_image(struct uf_image *image)
{
    struct uf_image_symbol found;
    unsigned char id[64];
    uint64_t start, end, bias;
    if (uf_image_build_id(image, id, sizeof id) > sizeof id)
        fault("build id", "longer than there is room");
    uf_image_symbol(image, "_PyRuntime", &found);
    uf_image_symbol(image, "", &found);
    uf_image_section(image, ".PyRuntime", &found);
    uf_image_bias(image, 4096, IMAGE_AT, &bias);
    uf_image_span(image, &start, &end);
    if (start > end)
        fault("span", "it ends before it begins");
    uf_image_close(image);
}

struct reader {
    const struct uf_source *source;
    uint64_t reads;
};

static bool read_source(void *context, uint64_t address, void *ret, size_t size)
{
    struct reader *reader = context;
    const void *view = uf_source_view(reader->source, address, size);
    if (++reader->reads > READS_MAX)
        fault("image in memory", "too many reads");
    if (view)
        memcpy(ret, view, size);
    return view != NULL;
}

static void image_in_memory(const struct uf_source *source, uint64_t start)
{
    struct uf_image *image;
    struct uf_error err = {0};
    struct reader reader = {source, 0};
    enum uf_code code = uf_image_open_memory(&image, start, read_source, &reader, &err);
    check(code, image != NULL, &err);
    if (image)
        ask_image(image);
}

static void look_around(const struct uf_core *core)
{
    const struct uf_outside_memory *memory = uf_core_memory(core);
    const struct uf_core_facts *facts = uf_core_facts(core);
    uint64_t sum = strlen(facts->command_line) + strlen(facts->program), views = 0;
    for (uint32_t i = 0; i < facts->threads; i++)
        sum += (uint64_t)facts->thread_ids[i];
    for (size_t i = 0; i < facts->missing_count; i++)
        sum += strlen(facts->missing[i]);
    for (size_t i = 0; i < memory->mappings->list.len; i++) {
        const struct uf_mapping *mapping = &memory->mappings->list.at[i];
        if (mapping->start >= mapping->end ||
            (i && mapping->start < memory->mappings->list.at[i - 1].end))
            fault("mappings", "they do not ascend");
        for (uint64_t at = mapping->start; at < mapping->end && views++ < VIEWS_MAX; at += 61) {
            const unsigned char *view = uf_source_view(memory->source, at, 64);
            sum += view ? view[0] + view[63] : 0;
        }
        int fd = i < 8 ? memory->open_file(memory->context, mapping) : -1;
        if (fd >= 0)
            close(fd);
        sum += strlen(uf_mapping_path(memory->mappings, mapping));
        if (i < 8)
            image_in_memory(memory->source, mapping->start);
    }
    if (sum == 1)
        puts(""); /* so that it is looked at */
}

static void read_core(const uint8_t *data, size_t size)
{
    struct uf_core *core;
    struct uf_error err = {0};
    struct uf_core_options options = {"/dev/null", NULL}; /* what it names is not under there */
    enum uf_code code = uf_core_open_memory(&core, data, size, &options, &err);
    check(code, core != NULL, &err);
    if (core)
        look_around(core);
    uf_core_close(core);
}

static void read_file(const uint8_t *data, size_t size)
{
    struct uf_image *image;
    struct uf_error err = {0};
    int fd = memfd_create("image", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        fault("memfd", "cannot be written");
    enum uf_code code = uf_image_open(&image, fd, &err);
    check(code, image != NULL, &err);
    if (image)
        ask_image(image);
}

static void read_memory(const uint8_t *data, size_t size)
{
    struct uf_ranges ranges = {0};
    if (uf_ranges_add(&ranges, IMAGE_AT, data, size, NULL) == UF_OK &&
        uf_ranges_seal(&ranges, NULL) == UF_OK)
        image_in_memory(&ranges.source, IMAGE_AT);
    uf_ranges_release(&ranges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const ways[])(const uint8_t *, size_t) = {read_core, read_file, read_memory};
    uint64_t blocks = uf_mem_live_blocks();
    if (size == 0)
        return 0;
    uint8_t *copy = malloc(size); /* aligned, and its end is watched */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    ways[data[0] < 2 ? data[0] : 2](copy, size - 1);
    free(copy);
    if (uf_mem_live_blocks() != blocks)
        fault("memory", "blocks are left");
    return 0;
}
