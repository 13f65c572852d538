#include "track/blocks.h"

#include "random.h"
#include "test.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#define HEAP UINT64_C(0x7f0000000000)

TEST(an_empty_table_knows_no_block)
{
    struct uf_blocks blocks = {0};
    struct uf_block block;
    EXPECT(uf_blocks_died(&blocks, HEAP) == 0);
    EXPECT(!uf_blocks_at(&blocks, HEAP, &block));
    uf_blocks_release(&blocks);
}

TEST(a_block_keeps_all_that_was_said_at_its_birth)
{
    struct uf_blocks blocks;
    struct uf_block block;
    EXPECT(uf_blocks_init(&blocks) == 0);
    uf_blocks_born(&blocks, HEAP, 100, UF_SITES_MAX - 1, UF_CALLS_MAX - 1, UF_DOMAIN_OBJECT);
    EXPECT(uf_blocks_at(&blocks, HEAP, &block));
    EXPECT(block.site == UF_SITES_MAX - 1 && block.call == UF_CALLS_MAX - 1 && block.bytes == 100);
    EXPECT(block.domain == UF_DOMAIN_OBJECT && !block.marked && !block.uncertain);
    EXPECT(uf_blocks_died(&blocks, HEAP) != 0);
    EXPECT(!uf_blocks_at(&blocks, HEAP, &block));
    EXPECT(uf_blocks_died(&blocks, HEAP) == 0);
    uf_blocks_release(&blocks);
}

TEST(sizes_are_exact_however_large)
{
    const uint64_t sizes[] = {0, 1, 65533, 65534, 65535, 65536, (uint64_t)1 << 40};
    const uint64_t ends_a_table = HEAP + (1 << 20) - 16;
    struct uf_blocks blocks;
    struct uf_block block;
    EXPECT(uf_blocks_init(&blocks) == 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uf_blocks_born(&blocks, ends_a_table, sizes[i], 7, 1, UF_DOMAIN_RAW);
        EXPECT(uf_blocks_at(&blocks, ends_a_table, &block) && block.bytes == sizes[i]);
        EXPECT(!uf_blocks_at(&blocks, ends_a_table + 16, &block));
        EXPECT(uf_blocks_died(&blocks, ends_a_table) != 0);
        EXPECT(uf_blocks_died(&blocks, ends_a_table + 16) == 0);
    }
    EXPECT(blocks.missed == 0);
    uf_blocks_release(&blocks);
}

TEST(a_block_is_found_by_an_address_within_it_and_by_none_beyond)
{
    struct uf_blocks blocks;
    struct uf_block block;
    uint64_t start = 0;
    EXPECT(uf_blocks_init(&blocks) == 0);
    uf_blocks_born(&blocks, HEAP, 40, 1, 1, UF_DOMAIN_OBJECT);
    uf_blocks_born(&blocks, HEAP + 128, 16, 2, 1, UF_DOMAIN_OBJECT);
    EXPECT(uf_blocks_holding(&blocks, HEAP + 16, 48, &block, &start) && start == HEAP);
    EXPECT(uf_blocks_holding(&blocks, HEAP + 32, 48, &block, &start) && block.site == 1);
    EXPECT(!uf_blocks_holding(&blocks, HEAP + 48, 48, &block, &start));
    EXPECT(!uf_blocks_holding(&blocks, HEAP + 144, 48, &block, &start)); /* a neighbour's end */
    EXPECT(!uf_blocks_holding(&blocks, HEAP - 16, 48, &block, &start));
    uf_blocks_release(&blocks);
}

TEST(a_mark_is_told_at_death_also_of_a_block_that_was_not_known)
{
    struct uf_blocks blocks;
    struct uf_block block;
    EXPECT(uf_blocks_init(&blocks) == 0);
    uf_blocks_mark(&blocks, HEAP);
    EXPECT(!uf_blocks_at(&blocks, HEAP, &block));
    EXPECT(uf_blocks_died(&blocks, HEAP) & UF_BLOCK_MARKED);
    uf_blocks_born(&blocks, HEAP, 10, 1, 1, UF_DOMAIN_OBJECT);
    uf_blocks_mark(&blocks, HEAP);
    EXPECT(uf_blocks_at(&blocks, HEAP, &block) && block.marked && block.bytes == 10);
    uf_blocks_born(&blocks, HEAP, 10, 1, 1, UF_DOMAIN_OBJECT);
    EXPECT(!(uf_blocks_died(&blocks, HEAP) & UF_BLOCK_MARKED));
    uf_blocks_release(&blocks);
}

TEST(a_block_born_again_has_the_new_site_or_is_uncertain)
{
    struct uf_blocks blocks;
    struct uf_block block;
    EXPECT(uf_blocks_init(&blocks) == 0);
    uf_blocks_born(&blocks, HEAP, 10, 1, 1, UF_DOMAIN_OBJECT);
    uf_blocks_reborn(&blocks, HEAP, 2, 3, true);
    EXPECT(uf_blocks_at(&blocks, HEAP, &block) && block.site == 2 && block.call == 3);
    EXPECT(block.bytes == 10 && !block.uncertain);
    uf_blocks_reborn(&blocks, HEAP, 0, 4, false);
    EXPECT(uf_blocks_at(&blocks, HEAP, &block) && block.site == 2 && block.call == 4);
    EXPECT(block.uncertain);
    uf_blocks_reborn(&blocks, HEAP + 16, 2, 3, true);
    EXPECT(!uf_blocks_at(&blocks, HEAP + 16, &block));
    uf_blocks_release(&blocks);
}

TEST(what_cannot_be_recorded_is_counted)
{
    struct uf_blocks blocks;
    EXPECT(uf_blocks_init(&blocks) == 0);
    uf_blocks_born(&blocks, HEAP + 8, 10, 1, 1, UF_DOMAIN_MEM);
    uf_blocks_born(&blocks, UINT64_C(1) << 48, 10, 1, 1, UF_DOMAIN_MEM);
    EXPECT(blocks.missed == 2);
    EXPECT(uf_blocks_died(&blocks, HEAP + 8) == 0);
    EXPECT(uf_blocks_died(&blocks, UINT64_MAX) == 0);
    uf_blocks_release(&blocks);
}

#if !defined __SANITIZE_ADDRESS__
TEST(without_memory_for_tables_blocks_are_missed_and_nothing_breaks)
{
    struct uf_blocks blocks, none;
    struct uf_block block;
    struct rlimit before, tight = {0, 0};
    EXPECT(uf_blocks_init(&blocks) == 0);
    EXPECT(getrlimit(RLIMIT_AS, &before) == 0);
    tight.rlim_max = before.rlim_max;
    EXPECT(setrlimit(RLIMIT_AS, &tight) == 0);
    bool made = uf_blocks_init(&none) == 0;
    uf_blocks_born(&blocks, HEAP, 10, 1, 1, UF_DOMAIN_MEM);
    uf_blocks_mark(&blocks, HEAP);
    EXPECT(setrlimit(RLIMIT_AS, &before) == 0);
    EXPECT(!made && blocks.missed == 1 && !uf_blocks_at(&blocks, HEAP, &block));
    uf_blocks_born(&blocks, HEAP, 10, 1, 1, UF_DOMAIN_MEM);
    EXPECT(uf_blocks_at(&blocks, HEAP, &block) && blocks.missed == 1);
    uf_blocks_release(&blocks);
}
#endif

/* --- the naive rival: an array of blocks -------------------------------------------------------- */

enum { PLACES = 3000 };
static struct uf_block naive[PLACES];
static bool alive[PLACES];

static uint64_t address_of(size_t place) /* 96 bytes apart, in three parts of the address space */
{
    return HEAP + place % 3 * UINT64_C(0x1234500000) + place / 3 * 96;
}

struct check {
    size_t seen;
    uint64_t last;
    bool fine;
};

static int check_block(void *context, uint64_t address, const struct uf_block *block)
{
    struct check *check = context;
    size_t part = (size_t)((address - HEAP) / UINT64_C(0x1234500000));
    size_t place = (size_t)((address - HEAP - part * UINT64_C(0x1234500000)) / 96 * 3 + part);
    check->fine = check->fine && place < PLACES && alive[place] && address == address_of(place) &&
                  block->site == naive[place].site && block->call == naive[place].call &&
                  block->bytes == naive[place].bytes && block->domain == naive[place].domain &&
                  address > check->last;
    check->last = address;
    check->seen++;
    return 0;
}

TEST(random_births_and_deaths_agree_with_a_plain_array)
{
    struct uf_blocks blocks;
    size_t count = 0;
    EXPECT(uf_blocks_init(&blocks) == 0);
    memset(alive, 0, sizeof alive);
    for (int step = 0; step < 200000; step++) {
        size_t place = random_number() % PLACES;
        if (alive[place] && random_number() % 4) {
            EXPECT(UF_BLOCK_SITE(uf_blocks_died(&blocks, address_of(place))) == naive[place].site);
            alive[place] = false;
            count--;
            continue;
        }
        naive[place] = (struct uf_block){
            .site = (uint32_t)random_number() % UF_SITES_MAX,
            .call = (uint32_t)random_number() % UF_CALLS_MAX,
            .bytes = random_number() % 8 ? 1 + random_number() % 90 : random_number() >> 20,
            .domain = (uint8_t)(random_number() % UF_DOMAINS),
        };
        uf_blocks_born(&blocks, address_of(place), naive[place].bytes, naive[place].site,
                       naive[place].call, (enum uf_domain)naive[place].domain);
        count += !alive[place];
        alive[place] = true;
    }
    struct check check = {.fine = true};
    EXPECT(uf_blocks_each(&blocks, check_block, &check) == 0);
    EXPECT(check.fine && check.seen == count);
    uf_blocks_clear(&blocks);
    check.seen = 0;
    EXPECT(uf_blocks_each(&blocks, check_block, &check) == 0 && check.seen == 0);
    uf_blocks_release(&blocks);
}

/* --- threads ------------------------------------------------------------------------------------ */

enum { THREADS = 8, OWN = 4000 };
static struct uf_blocks shared;

static void *live_and_die(void *number)
{
    uint64_t own = (uint64_t)(uintptr_t)number;
    uintptr_t wrong = 0;
    for (int round = 0; round < 20; round++) {
        for (uint64_t i = 0; i < OWN; i++) /* the blocks of all threads lie in between each other */
            uf_blocks_born(&shared, HEAP + (i * THREADS + own) * 32, i, (uint32_t)(own * OWN + i),
                           1, UF_DOMAIN_RAW);
        for (uint64_t i = 0; i < OWN; i += round == 19 ? 2 : 1)
            wrong += UF_BLOCK_SITE(uf_blocks_died(&shared, HEAP + (i * THREADS + own) * 32)) !=
                     own * OWN + i;
    }
    return (void *)wrong; // NOLINT
}

static int count_block(void *context, uint64_t address, const struct uf_block *block)
{
    size_t *count = context;
    uint64_t number = (address - HEAP) / 32;
    *count += block->site == number % THREADS * OWN + number / THREADS && block->site % 2;
    return 0;
}

TEST(threads_do_not_disturb_each_other)
{
    pthread_t threads[THREADS];
    size_t count = 0;
    EXPECT(uf_blocks_init(&shared) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, live_and_die, (void *)i) == 0); // NOLINT
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        EXPECT(pthread_join(threads[i], &wrong) == 0 && wrong == NULL);
    }
    EXPECT(uf_blocks_each(&shared, count_block, &count) == 0 && count == THREADS * OWN / 2);
    EXPECT(shared.missed == 0);
    uf_blocks_release(&shared);
}

int main(void)
{
    RUN(an_empty_table_knows_no_block);
    RUN(a_block_keeps_all_that_was_said_at_its_birth);
    RUN(sizes_are_exact_however_large);
    RUN(a_block_is_found_by_an_address_within_it_and_by_none_beyond);
    RUN(a_mark_is_told_at_death_also_of_a_block_that_was_not_known);
    RUN(a_block_born_again_has_the_new_site_or_is_uncertain);
    RUN(what_cannot_be_recorded_is_counted);
#if !defined __SANITIZE_ADDRESS__
    RUN(without_memory_for_tables_blocks_are_missed_and_nothing_breaks);
#endif
    RUN(random_births_and_deaths_agree_with_a_plain_array);
    RUN(threads_do_not_disturb_each_other);
    return test_end();
}
