/* core_fixture.h - what tests of cores begin with: a folder for files, a library, a small process that died. */
#ifndef UF_TESTS_UNIT_CORE_FIXTURE_H
#define UF_TESTS_UNIT_CORE_FIXTURE_H

#include "make_core.h"
#include "make_image.h"
#include "memory/core.h"
#include "memory/ranges.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAP 0x20000u
#define LIBRARY 0x7f0000000000u
#define PAGE 4096u

static unsigned char heap[3 * PAGE];
static struct made_image library; /* 2 pages of it are mapped, and its .bss */
static char folder[] = "/tmp/unfreed-core-XXXXXX";

static inline void save(const char *name, const void *bytes, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
        perror(path);
}

static inline void prepare(void)
{
    char path[4096];
    if (!mkdtemp(folder))
        perror(folder);
    snprintf(path, sizeof path, "%s/lib", folder);
    mkdir(path, 0700);
    make_image(&library, 0, 1);
    for (size_t i = 0; i < sizeof heap; i++)
        heap[i] = (unsigned char)(i * 7 + i / 256);
}

/* A process with 2 threads, a heap, and a library of which the first page is dumped, as the kernel does it. */
static inline void made_process(struct made_core *core)
{
    uint64_t auxiliary[] = {AT_PHDR, LIBRARY + 64, AT_NULL, 0};
    *core = (struct made_core){0};
    made_core_thread(core, 77, SIGABRT);
    made_core_process(core, 77, "python3 server.py ");
    made_core_note(core, NT_AUXV, auxiliary, sizeof auxiliary);
    made_core_thread(core, 79, 0);
    made_core_load(core, HEAP, sizeof heap, PF_R | PF_W, heap, sizeof heap);
    made_core_load(core, LIBRARY, PAGE, PF_R, library.bytes, 100);
    made_core_load(core, LIBRARY + PAGE, PAGE, PF_R | PF_X, NULL, 0);
    made_core_file(core, LIBRARY, LIBRARY + PAGE, 0, "/lib/libmade.so");
    made_core_file(core, LIBRARY + PAGE, LIBRARY + 2 * PAGE, 1, "/lib/libmade.so");
}

/* Opened through a file, as users do; NULL with *err. */
static inline struct uf_core *open_core(struct made_core *made,
                                        const struct uf_core_options *options, struct uf_error *err)
{
    char path[4096];
    struct uf_core *core = NULL;
    *err = (struct uf_error){0};
    if (!made->bytes)
        made_core_join(made);
    save("core", made->bytes, made->len);
    snprintf(path, sizeof path, "%s/core", folder);
    enum uf_code code = uf_core_open(&core, path, options, err);
    EXPECT(!code == (core != NULL));
    free(made->bytes);
    made->bytes = NULL;
    return core;
}

static inline const void *view(const struct uf_core *core, uint64_t address, size_t size)
{
    return uf_source_view(uf_core_memory(core)->source, address, size);
}

static inline const struct uf_mapping *mapping(const struct uf_core *core, size_t i)
{
    return &uf_core_memory(core)->mappings->list.at[i];
}

static inline void expect_missing(struct made_core *made, const struct uf_core_options *options,
                                  const char *wanted)
{
    struct uf_error err;
    struct uf_core *core = open_core(made, options, &err);
    if (!core) {
        EXPECT_TEXT(err.message, "");
        return;
    }
    const struct uf_core_facts *facts = uf_core_facts(core);
    EXPECT(facts->missing_count == (*wanted != '\0'));
    EXPECT_TEXT(facts->missing_count ? facts->missing[0] : "", wanted);
    EXPECT((view(core, LIBRARY + PAGE, 1) == NULL) == (*wanted != '\0'));
    uf_core_close(core);
}

static inline void clean_up(void)
{
    static const char *const names[] = {"core", "lib/libmade.so", "lib"};
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

#endif
