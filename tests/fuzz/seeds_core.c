/* seeds_core - what fuzzing of cores and images begins with: small sound ones.
 *
 *     fuzz_seeds_core tests/fuzz/corpus/core
 */
#include "make_core.h"
#include "make_image.h"

#include <signal.h>
#include <stdio.h>

static void save(const char *folder, const char *name, int first, const unsigned char *bytes,
                 size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fputc(first, file) == EOF || fwrite(bytes, 1, len, file) != len || fclose(file))
        perror(path);
}

static void save_core(const char *folder, const char *name, int gcore)
{
    static unsigned char heap[256];
    static struct made_image library;
    struct made_core core = {.count_apart = gcore, .unaligned = gcore ? 4 : 0};
    uint64_t auxiliary[] = {AT_PHDR, 0x40040, AT_RANDOM, 0x10010, AT_NULL, 0};
    int32_t signal = SIGSEGV;
    make_image(&library, 0, 1);
    made_core_thread(&core, 77, SIGABRT);
    made_core_process(&core, 77, "python3 server.py");
    made_core_note(&core, NT_SIGINFO, &signal, sizeof signal);
    made_core_note(&core, NT_AUXV, auxiliary, sizeof auxiliary);
    made_core_load(&core, 0x10000, sizeof heap, PF_R | PF_W, heap, sizeof heap);
    made_core_load(&core, 0x40000, 4096, PF_R, library.bytes, 0x180);
    made_core_file(&core, 0x40000, 0x41000, 0, "/lib/libmade.so");
    made_core_file(&core, 0x41000, 0x42000, 1, "/lib/libmade.so (deleted)");
    made_core_join(&core);
    save(folder, name, 0, core.bytes, core.len);
    free(core.bytes);
}

int main(int argc, char **argv)
{
    static struct made_image image;
    if (argc != 2) {
        fputs("a folder is wanted\n", stderr);
        return 2;
    }
    save_core(argv[1], "kernel", 0);
    save_core(argv[1], "gcore", 1);
    for (int gnu = 0; gnu < 2; gnu++) {
        make_image(&image, 0, gnu);
        save(argv[1], gnu ? "file" : "file-hash", 1, image.bytes, image.len);
        save(argv[1], gnu ? "memory" : "memory-hash", 2, image.bytes, 2 * MADE_PAGE);
    }
    return 0;
}
