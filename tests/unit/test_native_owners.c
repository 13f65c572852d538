/* Blocks here are arrays of this program, which lead to each other by their words. */
#include "native/heads.h"

#include "fail.h"
#include "random.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 60, WORDS = 8 };

static uint64_t memory[BLOCKS][WORDS];
static struct uf_native_block blocks[BLOCKS];

static uint64_t address(int block)
{
    return (uint64_t)(uintptr_t)memory[block];
}

static void begin(void)
{
    memset(memory, 0, sizeof memory);
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = (struct uf_native_block){
            .key = address(i), .bytes = sizeof memory[i], .call = 1, .order = (uint32_t)i};
}

static size_t read_words(uint64_t at, uint64_t *ret, size_t count)
{
    memcpy(ret, (const void *)(uintptr_t)at, count * sizeof *ret);
    return count;
}

TEST(a_block_is_found_by_its_start_its_inside_and_not_by_its_end)
{
    begin();
    struct uf_owners owners;
    struct uf_native_block three[] = {blocks[0], blocks[2], blocks[4]};
    EXPECT(uf_owners_init(&owners, three, 3, NULL) == UF_OK);
    EXPECT(uf_owners_block(&owners, address(2)) == 1);
    EXPECT(uf_owners_block(&owners, address(2) + 63) == 1);
    EXPECT(uf_owners_block(&owners, address(3)) == SIZE_MAX);
    EXPECT(uf_owners_block(&owners, address(0) - 1) == SIZE_MAX);
    EXPECT(uf_owners_block(&owners, address(5)) == SIZE_MAX);
    uf_owners_release(&owners);
    EXPECT(uf_owners_init(&owners, NULL, 0, NULL) == UF_OK);
    EXPECT(uf_owners_block(&owners, 16) == SIZE_MAX);
    uf_owners_release(&owners);
}

TEST(a_chain_of_blocks_belongs_to_the_object_that_leads_to_the_first)
{
    begin();
    struct uf_owners owners;
    uint64_t object[] = {5, address(3), 0};
    memory[3][7] = address(9) + 20; /* to the inside */
    memory[9][0] = address(3);      /* and back */
    EXPECT(uf_owners_init(&owners, blocks, BLOCKS, NULL) == UF_OK);
    uf_owners_scan(&owners, object, 3, 77);
    uf_owners_follow(&owners, read_words);
    for (size_t i = 0; i < BLOCKS; i++)
        EXPECT(owners.owner[i] == (i == 3 || i == 9 ? 77 : UF_OWNER_NONE));
    uf_owners_release(&owners);
}

TEST(the_first_owner_keeps_a_block)
{
    begin();
    struct uf_owners owners;
    EXPECT(uf_owners_init(&owners, blocks, BLOCKS, NULL) == UF_OK);
    uf_owners_give(&owners, 4, 1);
    uf_owners_give(&owners, 4, 2);
    EXPECT(owners.owner[4] == 1);
    uf_owners_release(&owners);
}

static size_t read_nothing(uint64_t at, uint64_t *ret, size_t count)
{
    (void)at, (void)ret, (void)count;
    return 0;
}

TEST(a_block_that_cannot_be_read_leads_nowhere)
{
    begin();
    struct uf_owners owners;
    memory[1][0] = address(2);
    EXPECT(uf_owners_init(&owners, blocks, BLOCKS, NULL) == UF_OK);
    uf_owners_give(&owners, 1, 5);
    uf_owners_follow(&owners, read_nothing);
    EXPECT(owners.owner[2] == UF_OWNER_NONE && owners.queue.len == 0);
    uf_owners_release(&owners);
}

/* The rival: repeat over all pairs until nothing changes. */
TEST(random_memory_has_the_owners_that_repeated_looking_at_all_pairs_finds)
{
    for (int round = 0; round < 200; round++) {
        bool reached[BLOCKS] = {false};
        struct uf_owners owners;
        begin();
        for (int i = 0; i < BLOCKS; i++)
            if (random_number() % 2)
                memory[i][random_number() % WORDS] = address((int)(random_number() % BLOCKS)) +
                                                     random_number() % 64;
        EXPECT(uf_owners_init(&owners, blocks, BLOCKS, NULL) == UF_OK);
        int start = (int)(random_number() % BLOCKS);
        uint64_t object[] = {address(start)};
        uf_owners_scan(&owners, object, 1, 9);
        uf_owners_follow(&owners, read_words);
        reached[start] = true;
        for (bool changed = true; changed;) {
            changed = false;
            for (int from = 0; from < BLOCKS; from++)
                for (int word = 0; word < WORDS; word++)
                    for (int to = 0; to < BLOCKS; to++)
                        if (reached[from] && !reached[to] &&
                            memory[from][word] - address(to) < sizeof memory[to])
                            changed = reached[to] = true;
        }
        for (int i = 0; i < BLOCKS; i++)
            EXPECT(owners.owner[i] == (reached[i] ? 9 : UF_OWNER_NONE));
        uf_owners_release(&owners);
    }
}

static void find_heads(bool *lost, uint64_t *carried)
{
    struct uf_owners owners;
    EXPECT(uf_owners_init(&owners, blocks, BLOCKS, NULL) == UF_OK);
    EXPECT(uf_heads_find(lost, carried, &owners, read_words, NULL) == UF_OK);
    uf_owners_release(&owners);
}

TEST(what_hangs_from_a_lost_block_is_carried_by_it)
{
    begin();
    bool lost[BLOCKS] = {[1] = true, [2] = true, [3] = true, [5] = true};
    uint64_t carried[BLOCKS] = {0};
    memory[1][0] = address(2);
    memory[2][0] = address(3);
    memory[3][3] = address(4); /* is not lost */
    find_heads(lost, carried);
    EXPECT(lost[1] && !lost[2] && !lost[3] && !lost[4] && lost[5]);
    EXPECT(carried[1] == 2 * sizeof memory[0] && carried[5] == 0);
}

TEST(of_a_circle_the_first_born_is_the_head)
{
    begin();
    bool lost[BLOCKS] = {[1] = true, [2] = true, [3] = true, [8] = true};
    uint64_t carried[BLOCKS] = {0};
    memory[1][0] = address(2);
    memory[2][0] = address(3);
    memory[3][0] = address(1);
    memory[3][1] = address(8); /* hangs from the circle */
    blocks[2].order = 0;
    blocks[1].order = 5;
    find_heads(lost, carried);
    EXPECT(!lost[1] && lost[2] && !lost[3] && !lost[8]);
    EXPECT(carried[2] == 3 * sizeof memory[0]);
}

/* Otherwise a list that each call adds to would hang from the last call's block. */
TEST(blocks_of_different_calls_do_not_hang_from_each_other)
{
    begin();
    bool lost[BLOCKS] = {[1] = true, [2] = true};
    uint64_t carried[BLOCKS] = {0};
    memory[2][0] = address(1);
    blocks[2].call = 2;
    find_heads(lost, carried);
    EXPECT(lost[1] && lost[2] && carried[2] == 0);
}

TEST(heads_of_random_memory_carry_every_byte_once)
{
    for (int round = 0; round < 500; round++) {
        bool lost[BLOCKS];
        uint64_t carried[BLOCKS] = {0}, before = 0, after = 0;
        begin();
        for (int i = 0; i < BLOCKS; i++) {
            lost[i] = random_number() % 3 != 0;
            before += lost[i] ? blocks[i].bytes : 0;
            blocks[i].order = (uint32_t)random_number();
            for (int word = 0; word < 2; word++)
                memory[i][word] = address((int)(random_number() % BLOCKS));
        }
        find_heads(lost, carried);
        for (int i = 0; i < BLOCKS; i++) {
            after += (lost[i] ? blocks[i].bytes : 0) + carried[i];
            EXPECT(lost[i] || carried[i] == 0);
        }
        EXPECT(before == after);
    }
}

static bool find_all(void)
{
    begin();
    struct uf_owners owners = {0};
    bool lost[BLOCKS] = {[1] = true};
    uint64_t carried[BLOCKS] = {0};
    bool fine = uf_owners_init(&owners, blocks, BLOCKS, NULL) == UF_OK;
    if (fine) {
        uf_owners_give(&owners, 2, 1);
        uf_owners_follow(&owners, read_words);
        fine = !owners.failed && uf_heads_find(lost, carried, &owners, read_words, NULL) == UF_OK;
    }
    uf_owners_release(&owners);
    return fine;
}

TEST(memory_that_is_out_is_an_error)
{
    EXPECT(every_failed_allocation_is_an_error(find_all));
}

int main(void)
{
    RUN(a_block_is_found_by_its_start_its_inside_and_not_by_its_end);
    RUN(a_chain_of_blocks_belongs_to_the_object_that_leads_to_the_first);
    RUN(the_first_owner_keeps_a_block);
    RUN(a_block_that_cannot_be_read_leads_nowhere);
    RUN(random_memory_has_the_owners_that_repeated_looking_at_all_pairs_finds);
    RUN(what_hangs_from_a_lost_block_is_carried_by_it);
    RUN(of_a_circle_the_first_born_is_the_head);
    RUN(blocks_of_different_calls_do_not_hang_from_each_other);
    RUN(heads_of_random_memory_carry_every_byte_once);
    RUN(memory_that_is_out_is_an_error);
    return test_end();
}
