#include "core_fixture.h"

TEST(what_was_dumped_is_viewed_where_it_was)
{
    static struct made_core made;
    struct uf_error err;
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    made_process(&made);
    struct uf_core *core = open_core(&made, &here, &err);
    if (!core) {
        EXPECT_TEXT(err.message, "");
        return;
    }
    const struct uf_core_facts *facts = uf_core_facts(core);
    EXPECT(memcmp(view(core, HEAP, sizeof heap), heap, sizeof heap) == 0);
    EXPECT(view(core, HEAP - 1, 2) == NULL);
    EXPECT(view(core, HEAP + sizeof heap - 1, 2) == NULL);
    EXPECT(view(core, HEAP, SIZE_MAX) == NULL);
    EXPECT(facts->pid == 77 && facts->threads == 2 && facts->signal == SIGABRT);
    EXPECT(facts->thread_ids[0] == 77 && facts->thread_ids[1] == 79);
    EXPECT_TEXT(facts->command_line, "python3 server.py");
    EXPECT_TEXT(facts->program, "/lib/libmade.so");
    EXPECT(facts->missing_count == 0 && facts->taken_ns > 0);
    uf_core_close(core);
}

TEST(mappings_have_the_flags_of_the_core_and_the_files_of_its_note)
{
    static struct made_core made;
    struct uf_error err;
    struct uf_core_options here = {folder, NULL};
    uint64_t auxiliary[] = {AT_RANDOM, 0x7ffd00000800, AT_NULL, 0};
    made_process(&made);
    made_core_note(&made, NT_AUXV, auxiliary, sizeof auxiliary);
    made_core_load(&made, 0x7ffd00000000, PAGE, PF_R | PF_W, heap, PAGE);
    /* gcore leaves out code whole; a load may hold two mappings */
    made_core_file(&made, LIBRARY + 3 * PAGE, LIBRARY + 4 * PAGE, 1, "/lib/libother.so (deleted)");
    made_core_load(&made, 0x50000, 2 * PAGE, PF_R, heap, 2 * PAGE);
    made_core_file(&made, 0x51000, 0x52000, 7, "/data");
    struct uf_core *core = open_core(&made, &here, &err);
    const struct uf_mappings *all = core ? uf_core_memory(core)->mappings : NULL;
    static const struct {
        uint64_t start, end, offset;
        const char *path, *flags;
    } wanted[] = {
        {HEAP, HEAP + 3 * PAGE, 0, "", "rw-"},
        {0x50000, 0x51000, 0, "", "r--"},
        {0x51000, 0x52000, 0x7000, "/data", "r--"},
        {LIBRARY, LIBRARY + PAGE, 0, "/lib/libmade.so", "r--"},
        {LIBRARY + PAGE, LIBRARY + 2 * PAGE, PAGE, "/lib/libmade.so", "r-x"},
        {LIBRARY + 3 * PAGE, LIBRARY + 4 * PAGE, PAGE, "/lib/libother.so", "r--"},
        {0x7ffd00000000, 0x7ffd00001000, 0, "[stack]", "rw-"},
    };
    EXPECT(all && all->list.len == sizeof wanted / sizeof *wanted);
    for (size_t i = 0; all && i < all->list.len && i < sizeof wanted / sizeof *wanted; i++) {
        const struct uf_mapping *is = mapping(core, i);
        char flags[] = {is->readable ? 'r' : '-', is->writable ? 'w' : '-',
                        is->executable ? 'x' : '-', '\0'};
        EXPECT(is->start == wanted[i].start && is->end == wanted[i].end);
        EXPECT(is->offset == wanted[i].offset && is->deleted == (i == 5));
        EXPECT_TEXT(uf_mapping_path(all, is), wanted[i].path);
        EXPECT_TEXT(flags, wanted[i].flags);
    }
    uf_core_close(core);
}

TEST(what_gcore_leaves_out_whole_and_lays_anywhere_is_read)
{
    static struct made_core made;
    struct uf_error err;
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    for (size_t shift = 0; shift < 8; shift += 3) {
        made_process(&made);
        made.load_count = 2; /* no code */
        made.unaligned = shift;
        made.loads[1].p_filesz = PAGE;
        struct uf_core *core = open_core(&made, &here, &err);
        EXPECT(core && memcmp(view(core, HEAP, sizeof heap), heap, sizeof heap) == 0);
        EXPECT(core && view(core, LIBRARY + PAGE, PAGE));
        uf_core_close(core);
    }
}

TEST(more_parts_than_the_header_can_count_are_read)
{
    static struct made_core made;
    struct uf_error err;
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    made_process(&made);
    made.count_apart = 1;
    struct uf_core *core = open_core(&made, &here, &err);
    EXPECT(core && view(core, HEAP, sizeof heap));
    uf_core_close(core);
}

static void expect_refused(struct made_core *made, const char *message)
{
    struct uf_error err;
    struct uf_core *core = open_core(made, NULL, &err);
    EXPECT(core == NULL && err.code == UF_ETARGET);
    EXPECT_TEXT(err.message, message);
    uf_core_close(core);
}

#define STACK 0x7ffd00000000u

/* A stack as the kernel lays it when a program starts: `count` arguments, two variables, the vector. Its words
 * are at the end of a page, so that all of them are in reach. */
static void made_stack(unsigned char *page, const char *const *arguments, uint64_t count,
                       const uint64_t *vector, size_t vector_bytes)
{
    uint64_t text = 3000, words[32], len = 0;
    words[len++] = count;
    for (uint64_t i = 0; i < count + 2; i++) {
        const char *string = i < count ? arguments[i] : "HOME=/root";
        memcpy(page + text, string, strlen(string) + 1);
        if (i == count)
            words[len++] = 0;
        words[len++] = STACK + text;
        text += strlen(string) + 1;
    }
    words[len++] = 0;
    memcpy(page + 2000, words, len * 8);
    memcpy(page + 2000 + len * 8, vector, vector_bytes);
}

TEST(the_whole_command_line_is_on_the_stack)
{
    static struct made_core made;
    static unsigned char page[PAGE];
    struct uf_error err;
    static const char *const arguments[] = {"/opt/a/rather/long/path/of/an/environment/bin/python3",
                                            "-m", "a.module.with.a.name", "--config",
                                            "/etc/a/rather/long/path.toml"};
    uint64_t vector[] = {AT_HWCAP, 77, AT_PAGESZ, PAGE,         AT_CLKTCK, 100,
                         AT_UID,   0,  AT_RANDOM, STACK + 2900, AT_NULL,   0};
    struct uf_core_options here = {folder, NULL};
    for (uint64_t round = 0; round < 4; round++) {
        memset(page, 0, sizeof page);
        made_stack(page, arguments, 5, vector, sizeof vector);
        if (round == 1) /* an argument's pointer was written over */
            memset(page + 2000 + 3 * 8, 0xee, 8);
        if (round == 2) /* how many there are, too */
            memset(page + 2000, 0xee, 8);
        if (round == 3) /* the vector is another one */
            page[2000 + 10 * 8]++;
        made_process(&made);
        made_core_note(&made, NT_AUXV, vector, sizeof vector);
        made_core_load(&made, STACK, PAGE, PF_R | PF_W, page, PAGE);
        struct uf_core *core = open_core(&made, &here, &err);
        if (!core)
            continue;
        const char *is = uf_core_facts(core)->command_line;
        if (round == 0)
            EXPECT_TEXT(is, "/opt/a/rather/long/path/of/an/environment/bin/python3 -m "
                            "a.module.with.a.name --config /etc/a/rather/long/path.toml");
        else if (round == 1)
            EXPECT_TEXT(is, "/opt/a/rather/long/path/of/an/environment/bin/python3 -m");
        else
            EXPECT_TEXT(is, "python3 server.py");
        uf_core_close(core);
    }
}

#define WANTED " (a core of a Linux process on x86-64 is wanted, as the kernel or gcore writes it)"

TEST(what_is_no_core_of_ours_is_refused_with_what_it_is)
{
    static struct made_core made;
    static const struct {
        size_t at;
        unsigned char value;
        const char *message;
    } changes[] = {
        {0, 'x', "it is not an ELF file" WANTED},
        {EI_CLASS, ELFCLASS32, "it is an ELF file of 32 bits" WANTED},
        {EI_DATA, ELFDATA2MSB, "it is an ELF file of a big-endian machine" WANTED},
        {offsetof(Elf64_Ehdr, e_machine), EM_AARCH64,
         "it is an ELF file of arm64, not of x86-64" WANTED},
        {offsetof(Elf64_Ehdr, e_machine), EM_RISCV,
         "it is an ELF file of another machine than x86-64" WANTED},
        {offsetof(Elf64_Ehdr, e_type), ET_DYN, "it is a program or library, not a core" WANTED},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        made_process(&made);
        made_core_join(&made);
        made.bytes[changes[i].at] = changes[i].value;
        expect_refused(&made, changes[i].message);
    }
    made_process(&made);
    made_core_join(&made);
    made.len = 0;
    expect_refused(&made, "it is an empty file" WANTED);
}

TEST(a_core_that_is_compressed_is_refused_with_how_to_unpack_it)
{
    static struct made_core made;
    static const struct {
        const char *magic;
        size_t len;
        const char *name;
    } packed[] = {
        {"\x28\xb5\x2f\xfd", 4, "zstd"},
        {"\x04\x22\x4d\x18", 4, "lz4"},
        {"\xfd"
         "7zXZ\0",
         6, "xz"},
        {"\x1f\x8b", 2, "gzip"},
    };
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++) {
        char message[300];
        made_process(&made);
        made_core_join(&made);
        EXPECT(!uf_core_is_packed(made.bytes, made.len));
        memcpy(made.bytes, packed[i].magic, packed[i].len);
        EXPECT(uf_core_is_packed(made.bytes, packed[i].len));
        EXPECT(!uf_core_is_packed(made.bytes, packed[i].len - 1));
        snprintf(message, sizeof message,
                 "it is compressed with %s (unpack it first: %s -d; what systemd keeps comes "
                 "unpacked from `coredumpctl -o core dump PID`)",
                 packed[i].name, packed[i].name);
        expect_refused(&made, message);
    }
}

TEST(a_core_without_the_memory_of_the_process_says_which_filter)
{
    static struct made_core made;
    made_process(&made);
    made.loads[0].p_filesz = 0;
    expect_refused(&made, "the core lacks the process's own memory (write 0x33 into "
                          "/proc/PID/coredump_filter of the program before it dumps again)");
    made_process(&made);
    made.load_count = 0;
    expect_refused(&made, "the core holds no memory (dump it again with the default "
                          "/proc/PID/coredump_filter, 0x33)");
}

#define AGAIN " (dump it again, or copy it again)"

TEST(a_core_that_contradicts_itself_is_refused)
{
    static struct made_core made;
    made_process(&made);
    made.loads[1].p_vaddr = HEAP + PAGE;
    expect_refused(&made, "the core is damaged: two parts of memory overlap" AGAIN);
    made_process(&made);
    made.loads[0].p_vaddr = UINT64_MAX - PAGE;
    expect_refused(&made, "the core is damaged: a part of memory wraps around" AGAIN);
    made_process(&made);
    made.loads[0].p_memsz = PAGE;
    expect_refused(&made, "the core is damaged: a part of memory wraps around" AGAIN);
    made_process(&made);
    made.files[1][0] = LIBRARY;
    expect_refused(&made, "the core is damaged: two of its mapped files overlap" AGAIN);
    made_process(&made);
    made.files[1][2] = UINT64_MAX / 2;
    expect_refused(&made, "the core is damaged: a mapped file of it wraps around" AGAIN);
    made_process(&made);
    made_core_note(&made, NT_FILE, (uint64_t[2]){1000, 4096}, 16);
    expect_refused(&made,
                   "the core is damaged: its list of mapped files is longer than its note" AGAIN);
}

static void use(struct uf_core *core)
{
    const struct uf_outside_memory *memory = uf_core_memory(core);
    uint64_t sum = 0;
    for (size_t i = 0; i < memory->mappings->list.len; i++) {
        const struct uf_mapping *is = mapping(core, i);
        for (uint64_t at = is->start; at < is->end && at - is->start < 8 * PAGE; at += 512) {
            const unsigned char *byte = uf_source_view(memory->source, at, 1);
            sum += byte ? *byte : 0;
        }
        int fd = memory->open_file(memory->context, is);
        if (fd >= 0)
            close(fd);
        sum += *uf_mapping_path(memory->mappings, is) != 0;
    }
    EXPECT(sum > 0);
    uf_core_close(core);
}

static void made_whole_process(struct made_core *made)
{
    static unsigned char page[PAGE];
    static const char *const arguments[] = {"python3", "server.py"};
    uint64_t vector[] = {AT_HWCAP, 77, AT_PAGESZ, PAGE,         AT_CLKTCK, 100,
                         AT_UID,   0,  AT_RANDOM, STACK + 2900, AT_NULL,   0};
    made_process(made);
    made_stack(page, arguments, 2, vector, sizeof vector);
    made_core_note(made, NT_AUXV, vector, sizeof vector);
    made_core_load(made, STACK, PAGE, PF_R | PF_W, page, PAGE);
}

TEST(a_core_that_is_cut_anywhere_is_refused)
{
    static struct made_core made;
    uint64_t blocks = uf_mem_live_blocks();
    save("lib/libmade.so", library.bytes, library.len);
    made_whole_process(&made);
    made_core_join(&made);
    for (size_t len = 0; len < made.len; len += len < 1500 ? 1 : 97) {
        struct uf_core_options here = {folder, NULL};
        struct uf_core *core = NULL;
        struct uf_error err = {0};
        unsigned char *copy = malloc(len + 1); /* its end is watched */
        memcpy(copy, made.bytes, len);
        EXPECT(uf_core_open_memory(&core, copy, len, &here, &err) == UF_ETARGET);
        EXPECT(len < sizeof(Elf64_Ehdr) || strncmp(err.message, "the core is cut short", 21) == 0);
        EXPECT(err.message[strlen(err.message) - 1] == ')');
        free(copy);
    }
    free(made.bytes);
    EXPECT(uf_mem_live_blocks() == blocks);
}

TEST(a_core_with_any_bytes_changed_is_read_or_refused)
{
    static struct made_core made;
    uint64_t seed = 4711, blocks = uf_mem_live_blocks(), opened = 0;
    save("lib/libmade.so", library.bytes, library.len);
    made_whole_process(&made);
    made_core_join(&made);
    unsigned char *copy = malloc(made.len);
    for (int round = 0; round < 10000; round++) {
        struct uf_core_options here = {folder, NULL};
        struct uf_core *core = NULL;
        struct uf_error err = {0};
        memcpy(copy, made.bytes, made.len);
        for (int change = 0; change < 1 + round % 4; change++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = (seed >> 33) % (change & 1 ? 0x1500 : 0x140); /* headers, notes */
            copy[at] = (unsigned char)((seed >> 20) % 3 ? seed >> 25 : 0xff);
        }
        enum uf_code code = uf_core_open_memory(&core, copy, made.len, &here, &err);
        EXPECT(!code == (core != NULL) && (code == UF_OK || code == UF_ETARGET));
        opened += core != NULL;
        if (core)
            use(core);
    }
    printf("# %" PRIu64 " of 10000 were read\n", opened);
    EXPECT(opened > 100 && opened < 9900);
    free(copy);
    free(made.bytes);
    EXPECT(uf_mem_live_blocks() == blocks);
}

TEST(a_core_is_refused_whole_when_memory_is_out)
{
    static struct made_core made;
    uint64_t blocks = uf_mem_live_blocks();
    struct uf_core_options here = {folder, NULL};
    enum uf_code code = UF_ENOMEM;
    int rounds = 0;
    save("lib/libmade.so", library.bytes, library.len);
    made_whole_process(&made);
    made_core_join(&made);
    for (uint64_t nth = 1; code == UF_ENOMEM && rounds < 200; nth++, rounds++) {
        struct uf_core *core = NULL;
        struct uf_error err = {0};
        uf_mem_fail_at(nth);
        code = uf_core_open_memory(&core, made.bytes, made.len, &here, &err);
        uf_mem_fail_at(0);
        uf_core_close(core);
    }
    EXPECT(code == UF_OK && rounds > 8);
    free(made.bytes);
    EXPECT(uf_mem_live_blocks() == blocks);
}

int main(void)
{
    prepare();
    RUN(what_was_dumped_is_viewed_where_it_was);
    RUN(mappings_have_the_flags_of_the_core_and_the_files_of_its_note);
    RUN(the_whole_command_line_is_on_the_stack);
    RUN(what_gcore_leaves_out_whole_and_lays_anywhere_is_read);
    RUN(more_parts_than_the_header_can_count_are_read);
    RUN(what_is_no_core_of_ours_is_refused_with_what_it_is);
    RUN(a_core_that_is_compressed_is_refused_with_how_to_unpack_it);
    RUN(a_core_without_the_memory_of_the_process_says_which_filter);
    RUN(a_core_that_contradicts_itself_is_refused);
    RUN(a_core_that_is_cut_anywhere_is_refused);
    RUN(a_core_with_any_bytes_changed_is_read_or_refused);
    RUN(a_core_is_refused_whole_when_memory_is_out);
    clean_up();
    return test_end();
}
