/* Memory that a core does not hold, from the files that were mapped. */
#include "core_fixture.h"

TEST(memory_that_was_not_dumped_comes_from_its_file)
{
    static struct made_core made;
    struct uf_error err;
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    made_process(&made);
    struct uf_core *core = open_core(&made, &here, &err);
    if (!core)
        return;
    const void *all = view(core, LIBRARY, 2 * PAGE); /* across what was dumped and what was not */
    EXPECT(all && memcmp(all, library.bytes, 2 * PAGE) == 0);
    EXPECT(view(core, LIBRARY + 2 * PAGE, 1) == NULL);
    const struct uf_outside_memory *memory = uf_core_memory(core);
    unsigned char magic[4];
    int fd = memory->open_file(memory->context, mapping(core, 1));
    EXPECT(fd >= 0 && read(fd, magic, 4) == 4 && memcmp(magic, ELFMAG, 4) == 0);
    close(fd);
    EXPECT(memory->open_file(memory->context, mapping(core, 0)) == -1 && errno == ENOENT);
    library.bytes[0x1e00]++; /* another file, which is there now */
    save("lib/libmade.so", library.bytes, library.len - 1);
    EXPECT(memory->open_file(memory->context, mapping(core, 1)) == -1 && errno == ESTALE);
    library.bytes[0x1e00]--;
    uf_core_close(core);
}

TEST(what_the_process_wrote_is_of_the_core_and_not_of_the_file)
{
    static struct made_core made;
    struct uf_error err;
    static unsigned char written[2 * PAGE];
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    made_process(&made);
    memset(written, 'w', sizeof written);
    made_core_load(&made, LIBRARY + 8 * PAGE, 2 * PAGE, PF_R | PF_W, written, PAGE);
    made_core_file(&made, LIBRARY + 8 * PAGE, LIBRARY + 10 * PAGE, 0, "/lib/libmade.so");
    struct uf_core *core = open_core(&made, &here, &err);
    const void *first = core ? view(core, LIBRARY + 8 * PAGE, PAGE) : NULL;
    const void *second = core ? view(core, LIBRARY + 9 * PAGE, PAGE) : NULL;
    EXPECT(first && memcmp(first, written, PAGE) == 0);
    EXPECT(second && memcmp(second, library.bytes + PAGE, PAGE) == 0);
    uf_core_close(core);
}

TEST(a_file_that_is_another_one_now_is_named_and_not_believed)
{
    static struct made_core made;
    struct uf_core_options here = {folder, NULL};
    static struct made_image other;
    made_process(&made);
    made.loads[1].p_filesz = PAGE; /* the build id is in there */
    other = library;
    other.bytes[64 + 4 * sizeof(Elf64_Phdr) + 16] ^= 0xff; /* of the build id */
    save("lib/libmade.so", other.bytes, other.len);
    expect_missing(&made, &here,
                   "/lib/libmade.so: another build is there now: its build id is "
                   "cf31323334353637..., in the core 3031323334353637...");
    made_process(&made); /* no build id in the core: the first bytes tell */
    other = library;
    other.bytes[40] ^= 1;
    save("lib/libmade.so", other.bytes, other.len);
    expect_missing(&made, &here,
                   "/lib/libmade.so: another file is there now: its first page differs");
    made_process(&made);
    save("lib/libmade.so", library.bytes, PAGE);
    expect_missing(&made, &here,
                   "/lib/libmade.so: what is there now is shorter than what was mapped");
    made_process(&made);
    save("lib/libmade.so", "#!/bin/sh\n", 10);
    expect_missing(&made, &here, "/lib/libmade.so: what is there now is not an ELF file");
}

TEST(a_file_that_is_not_there_is_named)
{
    static struct made_core made;
    char path[4096];
    struct uf_core_options here = {folder, NULL};
    snprintf(path, sizeof path, "%s/lib/libmade.so", folder);
    unlink(path);
    made_process(&made);
    expect_missing(&made, &here, "/lib/libmade.so: not found");
    made_process(&made);
    expect_missing(&made, NULL, "/lib/libmade.so: not found");
    /* by its last name alone it is believed for its build id only */
    save("libmade.so", library.bytes, library.len);
    made_process(&made);
    expect_missing(&made, &here,
                   "/lib/libmade.so: it was replaced while the program ran, and has no build id");
    made_process(&made);
    made.loads[1].p_filesz = PAGE;
    expect_missing(&made, &here, "");
    snprintf(path, sizeof path, "%s/libmade.so", folder);
    unlink(path);
}

TEST(data_that_is_mapped_is_not_looked_for)
{
    static struct made_core made;
    struct uf_error err;
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    made_process(&made);
    made_core_load(&made, 0x60000, 2 * PAGE, PF_R, heap, PAGE); /* its head is no ELF header */
    made_core_file(&made, 0x60000, 0x62000, 0, "/etc/passwd");
    struct uf_core *core = open_core(&made, &here, &err);
    if (!core)
        return;
    const struct uf_outside_memory *memory = uf_core_memory(core);
    EXPECT(uf_core_facts(core)->missing_count == 0);
    EXPECT(view(core, 0x60000, PAGE) && !view(core, 0x61000, 1));
    EXPECT(memory->open_file(memory->context, mapping(core, 1)) == -1);
    uf_core_close(core);
}

TEST(nothing_but_a_regular_file_is_opened)
{
    static struct made_core made;
    char path[4096];
    struct uf_core_options here = {folder, NULL};
    snprintf(path, sizeof path, "%s/lib/libmade.so", folder);
    unlink(path);
    EXPECT(mkfifo(path, 0600) == 0); /* whose opening would wait for a writer */
    made_process(&made);
    expect_missing(&made, &here, "/lib/libmade.so: not found");
    unlink(path);
}

TEST(the_program_that_is_given_stands_for_the_one_that_ran)
{
    static struct made_core made;
    static struct made_image other;
    struct uf_error err;
    char path[4096];
    snprintf(path, sizeof path, "%s/given", folder);
    struct uf_core_options given = {folder, path};
    save("given", library.bytes, library.len);
    made_process(&made);
    expect_missing(&made, &given, "");
    made_process(&made); /* a library, by its build id */
    made.loads[1].p_filesz = PAGE;
    made.notes_len = 0;
    made_core_thread(&made, 77, SIGSEGV);
    expect_missing(&made, &given, "");

    other = library;
    other.bytes[64 + 4 * sizeof(Elf64_Phdr) + 16] ^= 0xff;
    save("given", other.bytes, other.len);
    made_process(&made);
    made.loads[1].p_filesz = PAGE;
    EXPECT(!open_core(&made, &given, &err));
    EXPECT(err.code == UF_ETARGET);
    EXPECT_TEXT(
        err.message,
        "--binary is no file of this core: its build id is cf31323334353637..., that of the "
        "program in the core 3031323334353637... (give the very file that ran)");
    unlink(path);
    made_process(&made);
    EXPECT(!open_core(&made, &given, &err));
    EXPECT_TEXT(err.message, "--binary cannot be read: No such file or directory (give the program "
                             "that ran)");
}

TEST(a_deleted_file_is_believed_by_its_build_id_only)
{
    static struct made_core made;
    struct uf_core_options here = {folder, NULL};
    save("lib/libmade.so", library.bytes, library.len);
    for (int with_id = 0; with_id < 2; with_id++) {
        made_process(&made);
        made.names[0] = made.names[1] = "/lib/libmade.so (deleted)";
        made.loads[1].p_filesz = with_id ? PAGE : 100;
        expect_missing(&made, &here,
                       with_id ? ""
                               : "/lib/libmade.so: it was replaced while the program ran, and has "
                                 "no build id");
    }
}

int main(void)
{
    prepare();
    RUN(memory_that_was_not_dumped_comes_from_its_file);
    RUN(what_the_process_wrote_is_of_the_core_and_not_of_the_file);
    RUN(a_file_that_is_another_one_now_is_named_and_not_believed);
    RUN(a_file_that_is_not_there_is_named);
    RUN(data_that_is_mapped_is_not_looked_for);
    RUN(nothing_but_a_regular_file_is_opened);
    RUN(the_program_that_is_given_stands_for_the_one_that_ran);
    RUN(a_deleted_file_is_believed_by_its_build_id_only);
    clean_up();
    return test_end();
}
