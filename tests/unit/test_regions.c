#include "base/mem.h"
#include "memory/regions.h"
#include "test.h"

#include <string.h>

static struct uf_region region;

static bool parse(const char *line)
{
    return uf_region_parse(line, strlen(line), &region);
}

TEST(a_line_tells_a_mapping)
{
    EXPECT(parse("7f1c00000000-7f1c00021000 rw-s 00000000 00:01 1034    /memfd:a b (deleted)"));
    EXPECT(region.start == 0x7f1c00000000 && region.end == 0x7f1c00021000);
    EXPECT(region.readable && region.writable && !region.executable && region.shared);
    EXPECT(region.path_len == strlen("/memfd:a b (deleted)"));
    EXPECT(strncmp(region.path, "/memfd:a b (deleted)", region.path_len) == 0);
}

TEST(a_private_mapping_is_not_shared)
{
    EXPECT(parse("00400000-00401000 r-xp 00000000 fe:01 12 /usr/bin/python3.11"));
    EXPECT(region.readable && !region.writable && region.executable && !region.shared);
}

TEST(a_mapping_of_nothing_has_no_name)
{
    EXPECT(parse("7ffc1000-7ffc2000 ---p 00000000 00:00 0 "));
    EXPECT(!region.readable && region.path_len == 0);
    EXPECT(parse("7ffc1000-7ffc2000 ---p 00000000 00:00 0"));
    EXPECT(region.path_len == 0);
}

TEST(other_lines_are_refused)
{
    static const char *const lines[] = {
        "",
        "-",
        "Size: 4 kB",
        "7ffc2000-7ffc1000 ---p 00000000 00:00 0",
        "7ffc1000-7ffc1000 ---p 00000000 00:00 0",
        "7ffc1000-7ffc2000 ---x 00000000 00:00 0",
        "7ffc1000-7ffc2000 rwxp",
        "7ffc1000-7ffc2000 rwxp 00000000 00:00",
        "17ffc10000000000000-27ffc20000000000000 rwxp 0 00:00 0",
        "7ffc1000 7ffc2000 rwxp 0 00:00 0",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        EXPECT(!parse(lines[i]));
}

TEST(no_part_of_a_line_is_read_beyond_its_end)
{
    const char *line = "7f1c00000000-7f1c00021000 rw-s 00000000 00:01 1034 /dev/shm/x";
    for (size_t len = 0; len < strlen(line); len++) {
        char *exact = uf_mem_alloc(len + 1);
        memcpy(exact, line, len);
        bool whole = len >= strlen("7f1c00000000-7f1c00021000 rw-s 00000000 00:01 1");
        EXPECT(uf_region_parse(exact, len, &region) == whole);
        uf_mem_free(exact);
    }
}

TEST(a_file_is_read_line_by_line_and_what_is_odd_is_counted)
{
    const char *text = "1000-2000 rw-p 0 00:00 0 a\nnonsense\n3000-4000 r--s 0 00:00 0 b";
    size_t at = 0, bad = 0, len = strlen(text);
    EXPECT(uf_region_next(text, len, &at, &bad, &region) && region.start == 0x1000 && bad == 0);
    EXPECT(uf_region_next(text, len, &at, &bad, &region) && region.start == 0x3000 && bad == 1);
    EXPECT(region.path_len == 1 && region.path[0] == 'b');
    EXPECT(!uf_region_next(text, len, &at, &bad, &region) && bad == 1 && at == len);
}

int main(void)
{
    RUN(a_line_tells_a_mapping);
    RUN(a_private_mapping_is_not_shared);
    RUN(a_mapping_of_nothing_has_no_name);
    RUN(other_lines_are_refused);
    RUN(no_part_of_a_line_is_read_beyond_its_end);
    RUN(a_file_is_read_line_by_line_and_what_is_odd_is_counted);
    return test_end();
}
