/* Files of /proc, read without malloc. */
#include "memory/procfs.h"

#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

TEST(a_field_is_found_by_its_whole_name)
{
    static const char text[] = "Name:\tpy:thon\nTgid:\t12\nTgidX:\t13\nVmSize:\t  4096 kB\nLast:";
    EXPECT(strncmp(uf_procfs_field(text, "Name"), "py:thon\n", 8) == 0);
    EXPECT(strtol(uf_procfs_field(text, "TgidX"), NULL, 10) == 13);
    EXPECT(strtol(uf_procfs_field(text, "VmSize"), NULL, 10) == 4096);
    EXPECT_TEXT(uf_procfs_field(text, "Last"), "");
    EXPECT(!uf_procfs_field(text, "Vm") && !uf_procfs_field(text, "gid") &&
           !uf_procfs_field("", "a"));
}

TEST(fields_behind_a_name_that_looks_like_fields_are_counted_right)
{
    static const char text[] = "77 (a) R 5) S 41 77 77 0 -1 4194560\n";
    EXPECT(uf_procfs_stat(text, 4) == 41 && uf_procfs_stat(text, 5) == 77);
    EXPECT(uf_procfs_stat(text, 9) == 4194560 && uf_procfs_stat(text, 10) == 0);
    EXPECT(uf_procfs_stat("", 4) == 0 && uf_procfs_stat("77 (a", 4) == 0);
}

TEST(a_file_is_read_whole_however_long_it_is)
{
    struct uf_text text = {0};
    char part[UF_PROCFS_BYTES], wanted[32];
    snprintf(wanted, sizeof wanted, "%d", getpid());
    EXPECT(uf_procfs_read("/proc/self/smaps", &text) == 0 && text.len > 5000);
    EXPECT(strlen(text.at) == text.len && strstr(text.at, "VmFlags"));
    EXPECT(uf_procfs_read_of(getpid(), "status", part));
    EXPECT(strncmp(uf_procfs_field(part, "Pid"), wanted, strlen(wanted)) == 0);
    EXPECT(uf_procfs_read("/proc/none", &text) == ENOENT);
    EXPECT(!uf_procfs_read_of(1 << 23, "status", part) && part[0] == '\0');
    uf_text_release(&text);
}

TEST(numbers_in_a_folder_are_listed)
{
    struct uf_procfs_numbers numbers = {0};
    bool found = false;
    EXPECT(uf_procfs_numbers("/proc/self/task", &numbers) == 0 && numbers.list.len == 1);
    EXPECT(numbers.list.at[0] == getpid());
    EXPECT(uf_procfs_numbers("/proc", &numbers) == 0);
    for (size_t i = 0; i < numbers.list.len; i++)
        found |= numbers.list.at[i] == getpid();
    EXPECT(found);
    EXPECT(uf_procfs_numbers("/proc/none", &numbers) == ENOENT && numbers.list.len == 0);
    uf_vec_release(&numbers.list);
}

int main(void)
{
    RUN(a_field_is_found_by_its_whole_name);
    RUN(fields_behind_a_name_that_looks_like_fields_are_counted_right);
    RUN(a_file_is_read_whole_however_long_it_is);
    RUN(numbers_in_a_folder_are_listed);
    return test_end();
}
