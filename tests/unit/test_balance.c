/* A made-up process with a little of everything: each part is what was put there, and they always add up. */
#include "balance/balance.h"
#include "report/balance.h"
#include "report/style.h"

#include "balance_image.h"
#include "make_graph.h"
#include "random.h"
#include "test.h"

#define HEXVERSION 0x030b0000
#define PAGE UINT64_C(4096)
#define POOL UINT64_C(16384)
#define STACK_BYTES (UINT64_C(64) << 10)
#define BEGUN 100 /* blocks of 64 bytes in the pool; every second one is in use */

enum { HEAP, LIBRARY, ARENA, THREAD, FRAMES, SHARED, NAMED, CODE, STACK, MAPPINGS };

struct made {
    struct image image;
    struct made_graph graph;
    unsigned char *bytes[MAPPINGS];
};

static const struct {
    uint64_t start, size;
    const char *path;
} mappings[MAPPINGS] = {
    [HEAP] = {0x555500000000, 4 * PAGE, "[heap]"},
    [LIBRARY] = {0x7f0000000000, 3 * PAGE, "/lib/a.so"},
    [ARENA] = {0x7f0000100000, 2 * POOL, ""},
    [THREAD] = {0x7f0000200000, STACK_BYTES, ""},
    [FRAMES] = {0x7f0000300000, 16384, ""},
    [SHARED] = {0x7f0000400000, 2 * PAGE, ""},
    [NAMED] = {0x7f0000500000, PAGE, "[anon:arrow]"},
    [CODE] = {0x7f0000600000, PAGE, ""},
    [STACK] = {0x7ffc00000000, 5 * PAGE, "[stack]"},
};

static void make_pool(unsigned char *at, uint64_t base)
{
    uint64_t next = 0;
    put32(at, 0, BEGUN / 2);
    put32(at, 36, 64 / 16 - 1);
    put32(at, 40, 48 + BEGUN * 64);
    put32(at, 44, (uint32_t)(POOL - 64));
    for (uint64_t i = 0; i < BEGUN; i += 2) {
        put64(at, 48 + i * 64, next);
        next = base + 48 + i * 64;
    }
    put64(at, 8, next);
}

static void make(struct made *made)
{
    uint64_t pool = mappings[ARENA].start, thread = mappings[THREAD].start;
    *made = (struct made){0};
    for (int i = 0; i < MAPPINGS; i++)
        made->bytes[i] =
            image_map(&made->image, mappings[i].start, mappings[i].size, mappings[i].path);
    made->image.mappings.list.at[SHARED].shared = true;
    made->image.mappings.list.at[CODE].executable = true;
    made->image.mappings.pages.list.at[LIBRARY].end -= PAGE; /* not all of it is in memory */
    made->bytes[HEAP][100] = 1;
    make_pool(made->bytes[ARENA], pool);
    made->bytes[ARENA][POOL + 5] = 1; /* somebody's, who is not known */
    /* a list in the second block, whose items are in the fourth */
    put64(made->bytes[ARENA], 48 + 64 + 16 + 24, pool + 48 + 3 * 64);
    /* the block of a thread, which is at the end of its stack */
    uint64_t self = STACK_BYTES - PAGE;
    put64(made->bytes[THREAD], self, thread + self);
    put64(made->bytes[THREAD], self + 16, thread + self);
    put64(made->bytes[THREAD], self + 0x690, thread);
    put64(made->bytes[THREAD], self + 0x698, STACK_BYTES);
    put64(made->bytes[FRAMES], 8, 16384);
    put64(made->bytes[FRAMES], 16, 10);
    image_seal(&made->image);
    make_graph(&made->graph, "root module app -> items\n"
                             "items: list size=120 refs=1 tracked\n");
    made->graph.graph.address[made_node(&made->graph, "items")] = pool + 48 + 64 + 16;
}

static void release(struct made *made)
{
    made_graph_release(&made->graph);
    image_release(&made->image);
}

static uint64_t sum(const struct uf_balance *balance)
{
    uint64_t bytes = 0;
    for (int i = 0; i < UF_PARTS; i++)
        bytes += balance->parts[i];
    return bytes;
}

static enum uf_code build(struct made *made, struct uf_balance *ret)
{
    struct uf_error err = {0};
    return uf_balance_build(ret, &made->image.memory, &made->graph.graph, HEXVERSION, &err);
}

TEST(each_part_is_what_was_put_there)
{
    struct made made;
    struct uf_balance balance;
    make(&made);
    EXPECT(build(&made, &balance) == UF_OK);
    EXPECT(balance.parts[UF_PART_OBJECTS] == 2 * 64);
    EXPECT(balance.parts[UF_PART_PYTHON_OTHER] == (BEGUN / 2 - 2) * 64);
    EXPECT(balance.parts[UF_PART_PYTHON_FREE] == POOL - BEGUN / 2 * 64);
    EXPECT(balance.parts[UF_PART_FRAMES] == 16384);
    EXPECT(balance.parts[UF_PART_STACKS] == STACK_BYTES + 5 * PAGE && balance.stacks == 1);
    EXPECT(balance.parts[UF_PART_FILES] == 2 * PAGE && balance.files.len == 1);
    EXPECT(balance.parts[UF_PART_SHARED] == 2 * PAGE);
    EXPECT(balance.parts[UF_PART_NAMED] == PAGE);
    EXPECT(balance.parts[UF_PART_CODE] == PAGE);
    EXPECT(balance.parts[UF_PART_REMAINDER] == 4 * PAGE + POOL);
    EXPECT(balance.unknown[0].bytes == 4 * PAGE || balance.unknown[0].bytes == POOL);
    EXPECT(sum(&balance) == balance.resident_bytes);
    uf_balance_release(&balance);
    release(&made);
}

TEST(pages_that_are_not_in_memory_count_nothing)
{
    struct made made;
    struct uf_balance balance;
    make(&made);
    /* of the pool only its first page is there: head, 63 blocks (31 in use), and 16 bytes of one more in use */
    made.image.mappings.pages.list.at[ARENA].end = mappings[ARENA].start + PAGE;
    EXPECT(build(&made, &balance) == UF_OK);
    EXPECT(balance.parts[UF_PART_OBJECTS] == 2 * 64);
    EXPECT(balance.parts[UF_PART_PYTHON_OTHER] == (31 - 2) * 64 + 16);
    EXPECT(balance.parts[UF_PART_PYTHON_FREE] == PAGE - 31 * 64 - 16);
    EXPECT(sum(&balance) == balance.resident_bytes);
    uf_balance_release(&balance);
    release(&made);
}

TEST(whatever_the_memory_holds_the_parts_add_up)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct made made;
        struct uf_balance balance;
        random_seed(seed);
        make(&made);
        for (uint64_t i = random_below(40); i > 0; i--) {
            uint64_t which = random_below(MAPPINGS), to = random_below(MAPPINGS);
            uint64_t near = random_below(2) ? 128 : mappings[which].size;
            put64(made.bytes[which], random_below(near) & ~UINT64_C(7),
                  random_below(2) ? mappings[to].start + (random_below(256) & ~UINT64_C(15))
                                  : random_number() >> random_below(64));
        }
        struct uf_page_run *run = &made.image.mappings.pages.list.at[random_below(MAPPINGS)];
        if (run->end - run->start > PAGE)
            run->start += PAGE;
        EXPECT(build(&made, &balance) == UF_OK);
        EXPECT(sum(&balance) == balance.resident_bytes);
        uf_balance_release(&balance);
        release(&made);
    }
}

TEST(when_memory_is_out_nothing_is_left_behind)
{
    for (uint64_t nth = 1;; nth++) {
        struct made made;
        struct uf_balance balance;
        make(&made);
        uint64_t before = uf_mem_live_blocks();
        (void)uf_mem_fail_at(nth);
        enum uf_code code = build(&made, &balance);
        uint64_t asked = uf_mem_fail_at(0);
        uf_balance_release(&balance);
        EXPECT(uf_mem_live_blocks() == before);
        EXPECT(code == (nth <= asked ? UF_ENOMEM : UF_OK));
        release(&made);
        if (nth > asked)
            break;
    }
}

TEST(the_text_adds_up_in_whole_kib_and_the_verdict_comes_first)
{
    struct made made;
    struct uf_balance balance;
    struct uf_text marked = {0}, text = {0};
    struct uf_page page = {&marked, 100};
    make(&made);
    EXPECT(build(&made, &balance) == UF_OK);
    uf_balance_text(&page, &balance, false);
    uf_style_apply(&text, marked.at, false);
    EXPECT_TEXT(text.at,
                "RESIDENT  172 KiB in memory: 49 % stacks, 19 % unexplained\n"
                "\n"
                "  KiB  share         what                  of which\n"
                "    0   <1 %         Python objects        128 B in its arenas\n"
                "    3    2 %         Python, other blocks\n"
                "   13    7 %  #      Python, free          13 KiB blocks, 64 B heads of pools\n"
                "   16    9 %  #      Python, frames\n"
                "   84   49 %  #####  stacks                2 threads\n"
                "    8    5 %         files\n"
                "    8    5 %         shared memory\n"
                "    4    2 %         generated code\n"
                "    4    2 %         named, loader\n"
                "   32   19 %  ##     not explained\n"
                "  172  100 %         resident memory\n"
                "\n"
                "  in memory  variables  file\n"
                "      8 KiB        0 B  /lib/a.so\n");
    uf_text_release(&marked);
    uf_text_release(&text);
    uf_balance_release(&balance);
    release(&made);
}

TEST(without_a_page_map_it_is_said_what_to_do)
{
    struct made made;
    struct uf_balance balance;
    struct uf_error err = {0};
    make(&made);
    made.image.mappings.pages.list.len = 0;
    EXPECT(uf_balance_build(&balance, &made.image.memory, &made.graph.graph, HEXVERSION, &err) ==
           UF_ETARGET);
    EXPECT(strchr(err.message, '(') && err.message[strlen(err.message) - 1] == ')');
    release(&made);
}

int main(void)
{
    RUN(each_part_is_what_was_put_there);
    RUN(pages_that_are_not_in_memory_count_nothing);
    RUN(whatever_the_memory_holds_the_parts_add_up);
    RUN(when_memory_is_out_nothing_is_left_behind);
    RUN(the_text_adds_up_in_whole_kib_and_the_verdict_comes_first);
    RUN(without_a_page_map_it_is_said_what_to_do);
    return test_end();
}
