/* The mappings of a process, from the text of /proc. */
#include "memory/segments.h"

#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

TEST(only_what_is_private_and_writable_is_listed_by_what_it_is)
{
    static const char text[] =
        "555500000000-555500001000 r--p 00000000 fe:00 17  /usr/bin/python3\n"
        "555500001000-555500003000 rw-p 00001000 fe:00 17  /usr/bin/python3\n"
        "555500003000-555500009000 rw-p 00000000 00:00 0   [heap]\n"
        "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
        "7f0000100000-7f0000200000 rw-s 00000000 00:05 9   /dev/shm/x\n"
        "7f0000200000-7f0000201000 rw-p 00000000 00:00 0   [anon:arena]\n"
        "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0   [stack]\n"
        "not a mapping\n"
        "7ffe-7ffd rw-p 0 0 0";
    static const struct uf_segment expected[] = {
        {0x555500001000, 0x555500003000, UF_SEGMENT_OTHER},
        {0x555500003000, 0x555500009000, UF_SEGMENT_HEAP},
        {0x7f0000000000, 0x7f0000100000, UF_SEGMENT_ANONYMOUS},
        {0x7f0000200000, 0x7f0000201000, UF_SEGMENT_ANONYMOUS},
        {0x7ffc00000000, 0x7ffc00021000, UF_SEGMENT_OTHER},
    };
    struct uf_segments segments = {0};
    EXPECT(uf_segments_parse(&segments, text, NULL) == UF_OK);
    EXPECT(segments.list.len == sizeof expected / sizeof *expected);
    for (size_t i = 0; i < segments.list.len; i++) {
        const struct uf_segment *segment = &segments.list.at[i];
        EXPECT(segment->start == expected[i].start && segment->end == expected[i].end);
        EXPECT(segment->kind == expected[i].kind);
    }
    uf_segments_release(&segments);
}

TEST(own_memory_is_read_as_far_as_it_is_there)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char copy[64];
    int memory = uf_own_memory_open();
    memset(at, 'x', 2 * page);
    munmap(at + page, page);
    EXPECT(uf_own_memory_read(memory, (uint64_t)(uintptr_t)at, copy, 64) == 64 && copy[63] == 'x');
    EXPECT(uf_own_memory_read(memory, (uint64_t)(uintptr_t)(at + page - 16), copy, 64) == 16);
    EXPECT(uf_own_memory_read(memory, (uint64_t)(uintptr_t)(at + page), copy, 64) == 0);
    munmap(at, page);
    close(memory);
}

TEST(the_heap_of_this_process_is_among_its_segments)
{
    struct uf_segments segments = {0};
    uint64_t inside = (uint64_t)(uintptr_t)&segments;
    bool found = false;
    EXPECT(uf_segments_read(&segments, NULL) == UF_OK);
    for (size_t i = 0; i < segments.list.len; i++)
        found |= segments.list.at[i].start <= inside && inside < segments.list.at[i].end;
    EXPECT(found); /* the stack */
    uf_segments_release(&segments);
}

int main(void)
{
    RUN(only_what_is_private_and_writable_is_listed_by_what_it_is);
    RUN(own_memory_is_read_as_far_as_it_is_there);
    RUN(the_heap_of_this_process_is_among_its_segments);
    return test_end();
}
