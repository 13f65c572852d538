/* Blocks of memory, told by the heads that the allocators write. */
#include "cpython/blocks.h"
#include "memory/ranges.h"
#include "test.h"

#include <string.h>

#define AT UINT64_C(0x7f0000100000) /* a multiple of every pool's size */
#define OLD UF_POOL_BYTES(0x03090000)
#define NEW UF_POOL_BYTES(0x030a0000)

static _Alignas(16) unsigned char memory[2 << 14];
static struct uf_ranges ranges;
static struct uf_error error;

static void begin(void)
{
    memset(memory, 0, sizeof memory);
    ranges = (struct uf_ranges){0};
    EXPECT(uf_ranges_add(&ranges, AT, memory, sizeof memory, &error) == UF_OK);
    EXPECT(uf_ranges_seal(&ranges, &error) == UF_OK);
}

/* A pool of blocks of 64 bytes of which `given` were given out so far. */
static struct uf_pool_head *make_pool(uint64_t pool_bytes, uint32_t given)
{
    struct uf_pool_head *head = (void *)memory;
    *head = (struct uf_pool_head){.count = given,
                                  .class = 3,
                                  .next_offset = UF_POOL_HEAD_BYTES + given * 64,
                                  .max_next_offset = (uint32_t)pool_bytes - 64};
    return head;
}

static struct uf_block at(uint64_t pool_bytes, uint64_t offset)
{
    return uf_block_at(&ranges.source, pool_bytes, AT + offset);
}

static void put_chunk(uint64_t offset, uint64_t bytes_and_flags)
{
    memcpy(memory + offset + 8, &bytes_and_flags, 8);
}

TEST(a_byte_of_a_pool_lies_in_the_block_around_it)
{
    begin();
    make_pool(NEW, 5);
    struct uf_block block = at(NEW, UF_POOL_HEAD_BYTES + 2 * 64 + 17);
    EXPECT(block.kind == UF_BLOCK_SMALL);
    EXPECT(block.start == AT + UF_POOL_HEAD_BYTES + 2 * 64);
    EXPECT(block.end == block.start + 64);
    uf_ranges_release(&ranges);
}

TEST(the_head_of_a_pool_and_what_was_never_given_out_are_no_blocks)
{
    begin();
    make_pool(NEW, 5);
    EXPECT(at(NEW, 0).kind == UF_BLOCK_NONE);
    EXPECT(at(NEW, UF_POOL_HEAD_BYTES - 1).kind == UF_BLOCK_NONE);
    EXPECT(at(NEW, UF_POOL_HEAD_BYTES + 5 * 64).kind == UF_BLOCK_NONE);
    uf_ranges_release(&ranges);
}

TEST(a_pool_has_the_size_of_its_version)
{
    begin();
    make_pool(OLD, 5);
    EXPECT(at(OLD, UF_POOL_HEAD_BYTES).kind == UF_BLOCK_SMALL);
    EXPECT(at(NEW, UF_POOL_HEAD_BYTES).kind == UF_BLOCK_NONE);
    uf_ranges_release(&ranges);
}

TEST(a_head_that_contradicts_itself_is_no_pools)
{
    const struct uf_pool_head sound = *(begin(), make_pool(NEW, 5));
    struct uf_pool_head head = sound;
    EXPECT(uf_pool_is(&head, AT, NEW));
    head.class = UF_POOL_CLASSES;
    EXPECT(!uf_pool_is(&head, AT, NEW));
    head = sound, head.class++;
    EXPECT(!uf_pool_is(&head, AT, NEW));
    head = sound, head.count = 0;
    EXPECT(!uf_pool_is(&head, AT, NEW));
    head = sound, head.count = 1 << 10;
    EXPECT(!uf_pool_is(&head, AT, NEW));
    head = sound, head.next_offset += 8;
    EXPECT(!uf_pool_is(&head, AT, NEW));
    head = sound, head.free = AT + NEW;
    EXPECT(!uf_pool_is(&head, AT, NEW));
    uf_ranges_release(&ranges);
}

TEST(a_chunk_of_malloc_is_told_at_its_beginning_and_nowhere_else)
{
    begin();
    put_chunk(0x200, 0x40 | 1);
    put_chunk(0x240, 0x30 | 1); /* the one before it is in use */
    struct uf_block block = at(NEW, 0x210);
    EXPECT(block.kind == UF_BLOCK_MALLOC);
    EXPECT(block.start == AT + 0x210);
    EXPECT(block.end == AT + 0x248);
    EXPECT(at(NEW, 0x220).kind == UF_BLOCK_NONE);
    EXPECT(at(NEW, 0x218).kind == UF_BLOCK_NONE);
    uf_ranges_release(&ranges);
}

TEST(a_chunk_that_the_next_one_says_is_free_is_none)
{
    begin();
    put_chunk(0x200, 0x40 | 1);
    put_chunk(0x240, 0x30);
    EXPECT(at(NEW, 0x210).kind == UF_BLOCK_NONE);
    uf_ranges_release(&ranges);
}

TEST(a_chunk_with_a_mapping_of_its_own_begins_on_a_page)
{
    begin();
    put_chunk(0x1000, 0x3000 | 2);
    EXPECT(at(NEW, 0x1010).kind == UF_BLOCK_MALLOC);
    EXPECT(at(NEW, 0x1010).end == AT + 0x4000);
    put_chunk(0x1100, 0x3000 | 2);
    EXPECT(at(NEW, 0x1110).kind == UF_BLOCK_NONE);
    uf_ranges_release(&ranges);
}

TEST(what_cannot_be_read_is_no_block)
{
    begin();
    EXPECT(uf_block_at(&ranges.source, NEW, 0).kind == UF_BLOCK_NONE);
    EXPECT(uf_block_at(&ranges.source, NEW, 16).kind == UF_BLOCK_NONE);
    EXPECT(uf_block_at(&ranges.source, NEW, UINT64_MAX & ~UINT64_C(15)).kind == UF_BLOCK_NONE);
    put_chunk(0x200, (UINT64_C(1) << 39) | 1); /* ends behind all that there is */
    EXPECT(at(NEW, 0x210).kind == UF_BLOCK_NONE);
    uf_ranges_release(&ranges);
}

int main(void)
{
    RUN(a_byte_of_a_pool_lies_in_the_block_around_it);
    RUN(the_head_of_a_pool_and_what_was_never_given_out_are_no_blocks);
    RUN(a_pool_has_the_size_of_its_version);
    RUN(a_head_that_contradicts_itself_is_no_pools);
    RUN(a_chunk_of_malloc_is_told_at_its_beginning_and_nowhere_else);
    RUN(a_chunk_that_the_next_one_says_is_free_is_none);
    RUN(a_chunk_with_a_mapping_of_its_own_begins_on_a_page);
    RUN(what_cannot_be_read_is_no_block);
    return test_end();
}
