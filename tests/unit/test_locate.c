/* The program looked at is this one: it pretends to have a CPython in it. */
#include "memory/procfs.h"
#include "target/locate.h"
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* CPython 3.13 Include/internal/pycore_debug_offsets.h: struct _Py_DebugOffsets begins like this */
extern struct {
    char cookie[8];
    uint64_t version, free_threaded;
    uint64_t rest[8];
} _PyRuntime;                                                                      // NOLINT
__typeof__(_PyRuntime) _PyRuntime = {.cookie = "xdebugpy", .version = 0x030d01f0}; // NOLINT

static struct uf_mappings mappings;
static bool may_open;

static int open_file(void *context, const struct uf_mapping *mapping)
{
    (void)context;
    return may_open ? open(uf_mapping_path(&mappings, mapping), O_RDONLY | O_CLOEXEC) : -1;
}

static const struct uf_outside_memory memory = {
    .mappings = &mappings, .source = &uf_source_self, .open_file = open_file};

static void look(bool with_files)
{
    struct uf_text text = {0};
    may_open = with_files;
    EXPECT(uf_procfs_read("/proc/self/maps", &text) == 0);
    uf_mappings_release(&mappings);
    EXPECT(uf_mappings_parse(&mappings, text.at, text.len, NULL) == UF_OK);
    uf_text_release(&text);
}

TEST(a_runtime_is_found_by_its_symbol_with_its_version_and_image)
{
    struct uf_location found;
    struct uf_error err;
    look(true);
    EXPECT(uf_locate(&found, &memory, &err) == UF_OK);
    EXPECT(found.runtime == (uint64_t)(uintptr_t)&_PyRuntime);
    EXPECT(found.version_hex == 0x030d01f0 && found.debug_offsets && !found.free_threaded);
    EXPECT((uint64_t)(uintptr_t)&mappings >= found.image_start);
    EXPECT((uint64_t)(uintptr_t)&mappings < found.image_end); /* .bss */
    EXPECT(strstr(uf_strings_get(&mappings.paths, found.image), "locate"));
}

TEST(a_runtime_without_files_is_found_by_its_cookie)
{
    struct uf_location found;
    struct uf_error err;
    look(false);
    EXPECT(uf_locate(&found, &memory, &err) == UF_OK);
    EXPECT(found.runtime == (uint64_t)(uintptr_t)&_PyRuntime);
    EXPECT(found.version_hex == 0x030d01f0);
}

TEST(an_image_reaches_to_the_end_of_what_is_never_written_down)
{
    uint64_t start, end;
    look(true);
    EXPECT(uf_locate_image(&mappings, (uint64_t)(uintptr_t)&_PyRuntime, &start, &end));
    EXPECT((uint64_t)(uintptr_t)&mappings >= start && (uint64_t)(uintptr_t)&mappings < end);
    EXPECT((uint64_t)(uintptr_t)look >= start && (uint64_t)(uintptr_t)look < end);
    EXPECT(!uf_locate_image(&mappings, (uint64_t)(uintptr_t)&start, &start, &end)); /* the stack */
    EXPECT(!uf_locate_image(&mappings, 8, &start, &end));
}

TEST(a_program_without_a_runtime_is_no_python)
{
    struct uf_location found;
    struct uf_error err;
    look(true);
    memset(_PyRuntime.cookie, 0, sizeof _PyRuntime.cookie);
    uf_mappings_release(&mappings); /* nothing is mapped */
    EXPECT(uf_locate(&found, &memory, &err) == UF_ETARGET);
    EXPECT(strncmp(err.message, "not a Python process: ", 22) == 0);
}

int main(void)
{
    RUN(a_runtime_is_found_by_its_symbol_with_its_version_and_image);
    RUN(a_runtime_without_files_is_found_by_its_cookie);
    RUN(an_image_reaches_to_the_end_of_what_is_never_written_down);
    RUN(a_program_without_a_runtime_is_no_python);
    uf_mappings_release(&mappings);
    return test_end();
}
