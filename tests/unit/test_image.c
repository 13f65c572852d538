#include "make_image.h"
#include "symbols/image.h"
#include "test.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int file_of(const void *bytes, size_t len)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    if (fd < 0 || (len && write(fd, bytes, len) != (ssize_t)len))
        perror("memfd");
    return fd;
}

/* Memory of a target that is a buffer: bytes of `at` are mapped at `start`. */
struct window {
    const unsigned char *at;
    uint64_t start, len;
    uint64_t asked; /* bytes, so that a test sees that work is bounded */
};

static bool read_window(void *context, uint64_t address, void *ret, size_t size)
{
    struct window *window = context;
    if (address < window->start || address - window->start > window->len ||
        size > window->len - (address - window->start))
        return false;
    memcpy(ret, window->at + (address - window->start), size);
    window->asked += size;
    return true;
}

static bool read_own(void *context, uint64_t address, void *ret, size_t size)
{
    (void)context;
    memcpy(ret, (const void *)(uintptr_t)address, size); // NOLINT
    return true;
}

static uint64_t value_of(const struct uf_image *image, const char *name)
{
    struct uf_image_symbol symbol;
    return uf_image_symbol(image, name, &symbol) ? symbol.address : 0;
}

/* The lowest address that this process has `path` mapped at, and of which byte of it. */
static uint64_t mapped_at(const char *path, uint64_t *offset)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    unsigned long long start = 0, at = 0;
    while (maps && fgets(line, sizeof line, maps)) {
        line[strcspn(line, "\n")] = '\0';
        if (strstr(line, path) && sscanf(line, "%llx-%*x %*s %llx", &start, &at) == 2)
            break;
    }
    if (maps)
        fclose(maps);
    *offset = at;
    return start;
}

static struct uf_image *open_path(const char *path)
{
    struct uf_image *image = NULL;
    struct uf_error err = {0};
    if (uf_image_open(&image, open(path, O_RDONLY | O_CLOEXEC), &err))
        printf("# %s: %s\n", path, err.message);
    return image;
}

__attribute__((noinline)) int a_function_of_this_test(void);
int a_function_of_this_test(void)
{
    return 7;
}

TEST(a_function_of_this_program_is_where_the_table_and_the_bias_say)
{
    char own[4096] = "";
    uint64_t offset = 0, bias = 0, start, end;
    struct uf_image_symbol text;
    EXPECT(readlink("/proc/self/exe", own, sizeof own - 1) > 0);
    uint64_t at = mapped_at(own, &offset);
    struct uf_image *image = open_path(own);
    if (!image) {
        EXPECT(!"it opens");
        return;
    }
    EXPECT(uf_image_bias(image, offset, at, &bias));
    uint64_t address = value_of(image, "a_function_of_this_test");
    EXPECT(address + bias == (uint64_t)(uintptr_t)a_function_of_this_test);
    EXPECT(uf_image_section(image, ".text", &text));
    EXPECT(address >= text.address && address < text.address + text.size);
    EXPECT(!uf_image_section(image, ".symtab", &text)); /* is not loaded */
    uf_image_span(image, &start, &end);
    EXPECT(start + bias == at);
    EXPECT((uint64_t)(uintptr_t)&test_number < end + bias); /* .bss */
    EXPECT(value_of(image, "no such name") == 0);
    uf_image_close(image);
}

static const char *libc_path(void)
{
    static Dl_info found;
    void *function = dlsym(RTLD_DEFAULT, "getpagesize");
    return dladdr(function, &found) ? found.dli_fname : "";
}

/* What uf_image_symbol() says of each name of .dynsym, against a walk over the table with libelf. */
static size_t compare_with_linear(const char *path, const struct uf_image *image)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    size_t agreed = 0;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr header;
        gelf_getshdr(section, &header);
        if (header.sh_type != SHT_DYNSYM)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (int i = 0; i < (int)(header.sh_size / header.sh_entsize); i++) {
            GElf_Sym symbol;
            gelf_getsym(data, i, &symbol);
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) == STT_TLS)
                continue;
            struct uf_image_symbol found;
            if (!uf_image_symbol(image, name, &found))
                printf("# not found: %s\n", name);
            agreed += found.address == symbol.st_value;
        }
    }
    elf_end(elf);
    close(fd);
    return agreed;
}

TEST(every_symbol_of_the_c_library_is_found)
{
    struct uf_image *image = open_path(libc_path());
    uint64_t offset, bias = 0;
    uint64_t at = mapped_at(strrchr(libc_path(), '/'), &offset);
    EXPECT(image && uf_image_bias(image, offset, at, &bias));
    void *function = dlsym(RTLD_DEFAULT, "getpagesize");
    EXPECT(value_of(image, "getpagesize") + bias == (uint64_t)(uintptr_t)function);
    /* of old versions of a name (memcpy@GLIBC_2.2.5) .dynsym says no more than of the new one */
    size_t agreed = compare_with_linear(libc_path(), image);
    EXPECT(agreed > 2000);
    uf_image_close(image);
}

TEST(the_c_library_in_memory_says_what_its_file_says)
{
    uint64_t offset;
    uint64_t at = mapped_at(strrchr(libc_path(), '/'), &offset);
    struct uf_image *file = open_path(libc_path()), *image = NULL;
    struct uf_error err = {0};
    unsigned char ids[2][64];
    EXPECT(uf_image_open_memory(&image, at, read_own, NULL, &err) == UF_OK);
    if (!image || !file)
        return;
    EXPECT(value_of(image, "getpagesize") == value_of(file, "getpagesize"));
    EXPECT(compare_with_linear(libc_path(), image) == compare_with_linear(libc_path(), file));
    size_t len = uf_image_build_id(image, ids[0], sizeof ids[0]);
    EXPECT(len == uf_image_build_id(file, ids[1], sizeof ids[1]));
    EXPECT(memcmp(ids[0], ids[1], len) == 0);
    uf_image_close(image);
    uf_image_close(file);
}

TEST(the_page_of_the_kernel_has_names_too)
{
    uint64_t at = getauxval(AT_SYSINFO_EHDR);
    struct uf_image *image = NULL;
    struct uf_error err = {0};
    if (at == 0) {
        printf("# no vDSO here\n");
        return;
    }
    EXPECT(uf_image_open_memory(&image, at, read_own, NULL, &err) == UF_OK);
    EXPECT(image && value_of(image, "__vdso_gettimeofday") != 0);
    uf_image_close(image);
}

TEST(a_stripped_program_has_its_dynamic_symbols_only)
{
    char command[5000], path[] = "/tmp/unfreed-stripped-XXXXXX";
    int fd = mkstemp(path);
    close(fd);
    snprintf(command, sizeof command, "strip -o %s /proc/%d/exe 2>&1", path, (int)getpid());
    if (system(command) != 0) { // NOLINT
        printf("# no strip here\n");
        unlink(path);
        return;
    }
    struct uf_image *image = open_path(path);
    EXPECT(image && value_of(image, "a_function_of_this_test") == 0);
    EXPECT(image && uf_image_section(image, ".text", &(struct uf_image_symbol){0}));
    uf_image_close(image);
    unlink(path);
}

TEST(a_global_name_is_preferred_and_of_local_ones_the_first)
{
    static struct made_image made;
    struct uf_image *image = NULL;
    struct uf_image_symbol symbol;
    unsigned char id[64];
    uint64_t start, end;
    make_image(&made, 0, 1);
    EXPECT(uf_image_open(&image, file_of(made.bytes, made.len), NULL) == UF_OK);
    if (!image)
        return;
    EXPECT(value_of(image, "PyODict_Type") == MADE_IMAGE_ADDRESS + 0x1e30);
    EXPECT(value_of(image, "odict_free") == MADE_IMAGE_ADDRESS + 0x1e00);
    EXPECT(value_of(image, "outside") == 0);
    EXPECT(uf_image_symbol(image, "_PyRuntime", &symbol));
    EXPECT(symbol.address == MADE_IMAGE_ADDRESS + 0x1f00 && symbol.size == 16);
    EXPECT(uf_image_section(image, ".PyRuntime", &symbol));
    EXPECT(symbol.address == MADE_IMAGE_ADDRESS + 0x1f00 && symbol.size == 0x80);
    EXPECT(uf_image_build_id(image, id, sizeof id) == 20);
    EXPECT(memcmp(id, "0123456789abcdefghi", 20) == 0);
    EXPECT(uf_image_build_id(image, id, 4) == 4);
    uf_image_span(image, &start, &end);
    EXPECT(start == MADE_IMAGE_ADDRESS);
    EXPECT(end == MADE_IMAGE_ADDRESS + 2 * MADE_PAGE + MADE_IMAGE_BSS);
    uf_image_close(image);
}

TEST(the_bias_follows_from_any_mapped_part)
{
    static struct made_image made;
    struct uf_image *image = NULL;
    uint64_t bias = 1;
    make_image(&made, 0, 1);
    EXPECT(uf_image_open(&image, file_of(made.bytes, made.len), NULL) == UF_OK);
    if (!image)
        return;
    EXPECT(uf_image_bias(image, 0, 0x7f0000000000, &bias));
    EXPECT(bias == 0x7f0000000000 - MADE_IMAGE_ADDRESS);
    EXPECT(uf_image_bias(image, MADE_PAGE, 0x7f0000001000, &bias));
    EXPECT(bias == 0x7f0000000000 - MADE_IMAGE_ADDRESS);
    EXPECT(!uf_image_bias(image, 2 * MADE_PAGE, 0x7f0000002000, &bias)); /* not loaded */
    uf_image_close(image);
}

TEST(an_image_in_memory_is_read_with_either_hash_table_and_either_kind_of_pointers)
{
    static struct made_image made;
    for (int way = 0; way < 4; way++) {
        uint64_t bias = 0x7f0000000000;
        struct uf_image *image = NULL;
        struct uf_error err = {0};
        make_image(&made, way & 1 ? bias : 0, way & 2);
        struct window window = {made.bytes, MADE_IMAGE_ADDRESS + bias, 2 * MADE_PAGE, 0};
        EXPECT(uf_image_open_memory(&image, window.start, read_window, &window, &err) == UF_OK);
        if (!image)
            continue;
        EXPECT(value_of(image, "_PyRuntime") == MADE_IMAGE_ADDRESS + 0x1f00);
        EXPECT(value_of(image, "Py_Version") == MADE_IMAGE_ADDRESS + 0x1f80);
        EXPECT(value_of(image, "PyODict_Type") == 0);
        EXPECT(uf_image_build_id(image, (unsigned char[64]){0}, 64) == 20);
        uf_image_close(image);
    }
}

TEST(another_machine_is_refused_by_name)
{
    static struct made_image made;
    struct uf_image *image = (struct uf_image *)&made;
    struct uf_error err = {0};
    make_image(&made, 0, 1);
    made.bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_AARCH64;
    EXPECT(uf_image_open(&image, file_of(made.bytes, made.len), &err) == UF_EUNSUPPORTED);
    EXPECT_TEXT(err.message, "it is an ELF file of arm64, not of x86-64");
    EXPECT(image == NULL);
    made.bytes[EI_CLASS] = ELFCLASS32;
    EXPECT(uf_image_open(&image, file_of(made.bytes, made.len), &err) == UF_EUNSUPPORTED);
    EXPECT_TEXT(err.message, "it is an ELF file of 32 bits");
    EXPECT(uf_image_open(&image, file_of("#!/bin/sh\n", 10), &err) == UF_EUNSUPPORTED);
    EXPECT_TEXT(err.message, "it is not an ELF file");
    EXPECT(uf_image_open(&image, file_of("", 0), &err) == UF_EUNSUPPORTED);
    EXPECT(uf_image_open(&image, -1, &err) == UF_EUNSUPPORTED);
}

static void ask_all(struct uf_image *image)
{
    struct uf_image_symbol symbol;
    unsigned char id[64];
    uint64_t start, end, bias;
    uf_image_symbol(image, "_PyRuntime", &symbol);
    uf_image_section(image, ".PyRuntime", &symbol);
    uf_image_span(image, &start, &end);
    uf_image_bias(image, MADE_PAGE, 0x7f0000001000, &bias);
    uf_image_build_id(image, id, sizeof id);
    uf_image_close(image);
}

static void read_both_ways(const struct made_image *made, size_t len)
{
    struct uf_image *image = NULL;
    struct uf_error err = {0};
    struct window window = {made->bytes, 0x7f0000000000, len, 0};
    enum uf_code code = uf_image_open(&image, file_of(made->bytes, len), &err);
    EXPECT(!code == (image != NULL) && (!code || err.message[0]));
    if (image)
        ask_all(image);
    code = uf_image_open_memory(&image, window.start, read_window, &window, &err);
    EXPECT(!code == (image != NULL) && (!code || err.message[0]));
    EXPECT(window.asked < 64 * sizeof made->bytes);
    if (image)
        ask_all(image);
}

TEST(a_file_that_is_cut_anywhere_is_read_or_refused)
{
    static struct made_image made;
    make_image(&made, 0, 1);
    uint64_t blocks = uf_mem_live_blocks();
    for (size_t len = 0; len < made.len; len += len < 600 ? 1 : 13)
        read_both_ways(&made, len);
    EXPECT(uf_mem_live_blocks() == blocks);
}

TEST(a_file_with_any_bytes_changed_is_read_or_refused)
{
    static struct made_image made;
    uint64_t seed = 42, blocks = uf_mem_live_blocks();
    for (int round = 0; round < 10000; round++) {
        make_image(&made, 0, round & 1);
        for (int change = 0; change < 1 + round % 5; change++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = (seed >> 33) % made.len;
            /* most of the file is empty: the tables are what matters */
            at = at % MADE_PAGE % 0x180 + at / MADE_PAGE * MADE_PAGE;
            made.bytes[at] = (unsigned char)((seed >> 20) % 3 ? seed >> 25 : 0xff);
        }
        read_both_ways(&made, made.len);
    }
    EXPECT(uf_mem_live_blocks() == blocks);
}

TEST(an_image_is_refused_whole_when_memory_is_out)
{
    static struct made_image made;
    make_image(&made, 0, 1);
    uint64_t blocks = uf_mem_live_blocks();
    enum uf_code code = UF_ENOMEM;
    int rounds = 0;
    for (uint64_t nth = 1; code == UF_ENOMEM && rounds < 100; nth++, rounds++) {
        struct uf_image *image = NULL;
        int fd = file_of(made.bytes, made.len);
        uf_mem_fail_at(nth);
        code = uf_image_open(&image, fd, NULL);
        uf_mem_fail_at(0);
        uf_image_close(image);
    }
    EXPECT(code == UF_OK && rounds > 4);
    EXPECT(uf_mem_live_blocks() == blocks);
}

/* Chains that never end, sizes of everything: what is asked for stays in proportion. */
TEST(tables_that_lie_about_their_size_cost_little)
{
    static struct made_image made;
    struct uf_image *image = NULL;
    make_image(&made, 0, 1);
    struct window window = {made.bytes, 0x7f0000000000, 2 * MADE_PAGE, 0};
    for (size_t at = MADE_PAGE; at < MADE_PAGE + 0x200; at += 4) {
        make_image(&made, 0, 1);
        memset(made.bytes + at, 0xfe, 4);
        window.asked = 0;
        if (uf_image_open_memory(&image, window.start, read_window, &window, NULL) == UF_OK)
            ask_all(image);
        EXPECT(window.asked < 64 * sizeof made.bytes);
    }
}

int main(void)
{
    elf_version(EV_CURRENT);
    RUN(a_function_of_this_program_is_where_the_table_and_the_bias_say);
    RUN(every_symbol_of_the_c_library_is_found);
    RUN(the_c_library_in_memory_says_what_its_file_says);
    RUN(the_page_of_the_kernel_has_names_too);
    RUN(a_stripped_program_has_its_dynamic_symbols_only);
    RUN(a_global_name_is_preferred_and_of_local_ones_the_first);
    RUN(the_bias_follows_from_any_mapped_part);
    RUN(an_image_in_memory_is_read_with_either_hash_table_and_either_kind_of_pointers);
    RUN(another_machine_is_refused_by_name);
    RUN(a_file_that_is_cut_anywhere_is_read_or_refused);
    RUN(a_file_with_any_bytes_changed_is_read_or_refused);
    RUN(an_image_is_refused_whole_when_memory_is_out);
    RUN(tables_that_lie_about_their_size_cost_little);
    return test_end();
}
