/* What is mapped where, from the text of /proc. */
#include "memory/mappings.h"

#include "test.h"

static const char TEXT[] =
    "1000-3000 rw-p 00005000 fe:01 77                         /lib/a.so\n"
    "3000-4000 r--s 00000000 00:05 12                         /dev/shm/b (deleted)\n"
    "nonsense\n"
    "8000-9000 ---p 00000000 00:00 0 \n"
    "9000-a000 r-xp 00001000 fe:01 77                         /lib/a.so\n";

TEST(each_line_is_a_mapping_with_its_file_and_place_in_it)
{
    struct uf_mappings mappings = {0};
    EXPECT(uf_mappings_parse(&mappings, TEXT, strlen(TEXT), NULL) == UF_OK);
    EXPECT(mappings.list.len == 4);
    const struct uf_mapping *first = &mappings.list.at[0], *second = &mappings.list.at[1];
    EXPECT(first->start == 0x1000 && first->end == 0x3000 && first->offset == 0x5000);
    EXPECT(first->inode == 77 && first->device == (0xfeu << 16 | 1) && !first->deleted);
    EXPECT(first->readable && first->writable && !first->executable && !first->shared);
    EXPECT_TEXT(uf_mapping_path(&mappings, first), "/lib/a.so");
    EXPECT(second->shared && second->deleted && !second->writable);
    EXPECT_TEXT(uf_mapping_path(&mappings, second), "/dev/shm/b");
    EXPECT(mappings.list.at[2].path == 0 && !mappings.list.at[2].readable);
    EXPECT(mappings.list.at[3].path == first->path && mappings.list.at[3].executable);
    EXPECT(first->resident_pages == UF_PAGES_UNKNOWN && first->swapped_pages == UF_PAGES_UNKNOWN);
    uf_mappings_release(&mappings);
}

TEST(a_mapping_is_found_by_any_of_its_addresses)
{
    struct uf_mappings mappings = {0};
    EXPECT(!uf_mappings_find(&mappings, 0x1000));
    EXPECT(uf_mappings_parse(&mappings, TEXT, strlen(TEXT), NULL) == UF_OK);
    static const struct {
        uint64_t address;
        int number;
    } asked[] = {{0, -1},      {0xfff, -1},  {0x1000, 0}, {0x2fff, 0}, {0x3000, 1}, {0x3fff, 1},
                 {0x4000, -1}, {0x7fff, -1}, {0x8fff, 2}, {0x9000, 3}, {0xa000, -1}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const struct uf_mapping *found = uf_mappings_find(&mappings, asked[i].address);
        EXPECT((found ? (int)(found - mappings.list.at) : -1) == asked[i].number);
    }
    uf_mappings_release(&mappings);
}

TEST(of_mappings_that_overlap_the_later_one_loses_what_the_former_has)
{
    static const char text[] = "1000-3000 rw-p 00000000 fe:01 77 /a\n"
                               "2000-3000 rw-p 00000000 fe:01 78 /b\n"
                               "2000-6000 rw-p 00004000 fe:01 79 /c\n";
    struct uf_mappings mappings = {0};
    EXPECT(uf_mappings_parse(&mappings, text, strlen(text), NULL) == UF_OK);
    EXPECT(mappings.list.len == 2);
    EXPECT(mappings.list.at[1].start == 0x3000 && mappings.list.at[1].offset == 0x5000);
    uf_mappings_release(&mappings);
}

TEST(memory_that_runs_out_is_an_error)
{
    enum uf_code code = UF_ENOMEM;
    for (uint64_t nth = 1; code && nth < 100; nth++) {
        struct uf_mappings mappings = {0};
        uf_mem_fail_at(nth);
        code = uf_mappings_parse(&mappings, TEXT, strlen(TEXT), NULL);
        EXPECT(code == UF_OK || code == UF_ENOMEM);
        uf_mappings_release(&mappings);
    }
    uf_mem_fail_at(0);
    EXPECT(code == UF_OK && uf_mem_live_blocks() == 0);
}

int main(void)
{
    RUN(each_line_is_a_mapping_with_its_file_and_place_in_it);
    RUN(a_mapping_is_found_by_any_of_its_addresses);
    RUN(of_mappings_that_overlap_the_later_one_loses_what_the_former_has);
    RUN(memory_that_runs_out_is_an_error);
    return test_end();
}
