/* Bytes that are fetched when they are asked for. */
#include "memory/demand.h"

#include "test.h"

#define PAGE 4096
#define START ((uint64_t)0x100000)
#define END (START + (uint64_t)40 * PAGE)

static uint64_t fetches, missing_from = UINT64_MAX;

/* Each byte is its address's page number; nothing from `missing_from` on. */
static size_t fetch(void *context, const struct uf_demand_area *area, uint64_t address, void *ret,
                    size_t size)
{
    (void)context;
    EXPECT(address >= area->start && address + size <= area->end);
    fetches++;
    size_t got = 0;
    for (; got < size && address + got < missing_from; got += PAGE)
        memset((char *)ret + got, (int)((address + got) / PAGE % 251), PAGE);
    return got;
}

static void open_demand(struct uf_demand *demand, uint64_t most)
{
    fetches = 0;
    missing_from = UINT64_MAX;
    EXPECT(uf_demand_add(demand, START, END, 1, 0, NULL) == UF_OK);
    EXPECT(uf_demand_add(demand, END + PAGE, END + (uint64_t)3 * PAGE, 2, 0, NULL) == UF_OK);
    uf_demand_seal(demand, fetch, NULL, most);
}

static bool shows(const struct uf_demand *demand, uint64_t address, size_t size)
{
    const unsigned char *view = uf_source_view(&demand->source, address, size);
    for (size_t i = 0; view && i < size; i++)
        if (view[i] != (address + i) / PAGE % 251)
            return false;
    return view != NULL;
}

TEST(a_view_spans_any_part_of_an_area_and_nothing_beyond_it)
{
    struct uf_demand demand = {0};
    open_demand(&demand, UINT64_MAX);
    EXPECT(shows(&demand, START, 1) && shows(&demand, END - 1, 1));
    EXPECT(shows(&demand, START + 100, (size_t)(END - START - 100)));
    EXPECT(shows(&demand, END + PAGE, (size_t)2 * PAGE));
    EXPECT(!uf_source_view(&demand.source, START - 1, 2));
    EXPECT(!uf_source_view(&demand.source, END - 1, 2) && !uf_source_view(&demand.source, END, 1));
    EXPECT(demand.source.any(&demand, START - 1, 2) && !demand.source.any(&demand, END, PAGE));
    uf_demand_release(&demand);
}

TEST(what_was_fetched_is_kept_where_it_is)
{
    struct uf_demand demand = {0};
    open_demand(&demand, UINT64_MAX);
    const void *first = uf_source_view(&demand.source, START + 5000, 100);
    EXPECT(shows(&demand, START, (size_t)(END - START)));
    uint64_t before = fetches;
    EXPECT(uf_source_view(&demand.source, START + 5000, 100) == first);
    EXPECT(shows(&demand, START, (size_t)(END - START)) && fetches == before);
    uf_demand_forget(&demand);
    EXPECT(shows(&demand, START, 1) && fetches == before + 1);
    uf_demand_release(&demand);
}

TEST(what_others_filled_is_not_fetched)
{
    struct uf_demand demand = {0};
    open_demand(&demand, UINT64_MAX);
    EXPECT(!uf_demand_fill(&demand, END, END + PAGE));
    unsigned char *place = uf_demand_fill(&demand, START + PAGE, START + (uint64_t)2 * PAGE);
    EXPECT(place != NULL);
    memset(place, 0xEE, PAGE);
    const unsigned char *view = uf_source_view(&demand.source, START, (size_t)3 * PAGE);
    EXPECT(view && view[PAGE] == 0xEE && view[2 * PAGE - 1] == 0xEE);
    EXPECT(view && view[0] == START / PAGE % 251 && view[2 * PAGE] == (START / PAGE + 2) % 251);
    uf_demand_release(&demand);
}

TEST(a_page_that_cannot_be_had_hides_no_other)
{
    struct uf_demand demand = {0};
    open_demand(&demand, UINT64_MAX);
    missing_from = START + (uint64_t)3 * PAGE;
    EXPECT(shows(&demand, START + (uint64_t)2 * PAGE, PAGE));
    EXPECT(!uf_source_view(&demand.source, START + (uint64_t)2 * PAGE, PAGE + 1));
    EXPECT(!uf_source_view(&demand.source, START + (uint64_t)20 * PAGE, 1));
    missing_from = UINT64_MAX; /* it is there now */
    EXPECT(shows(&demand, START + (uint64_t)20 * PAGE, PAGE));
    uf_demand_release(&demand);
}

TEST(no_more_is_fetched_than_was_allowed)
{
    struct uf_demand demand = {0};
    open_demand(&demand, (uint64_t)16 * PAGE);
    EXPECT(shows(&demand, START, PAGE));
    EXPECT(!uf_source_view(&demand.source, START + (uint64_t)30 * PAGE, 1));
    EXPECT(shows(&demand, START, PAGE) && demand.fetched_bytes <= (uint64_t)16 * PAGE);
    uf_demand_release(&demand);
}

TEST(areas_are_whole_pages_one_behind_the_other)
{
    struct uf_demand demand = {0};
    EXPECT(uf_demand_add(&demand, START, END, 0, 0, NULL) == UF_OK);
    EXPECT(uf_demand_add(&demand, END - PAGE, END + PAGE, 0, 0, NULL) == UF_EINVAL);
    EXPECT(uf_demand_add(&demand, END, END, 0, 0, NULL) == UF_EINVAL);
    EXPECT(uf_demand_add(&demand, END, END + 100, 0, 0, NULL) == UF_EINVAL);
    uf_demand_release(&demand);
}

int main(void)
{
    RUN(a_view_spans_any_part_of_an_area_and_nothing_beyond_it);
    RUN(what_was_fetched_is_kept_where_it_is);
    RUN(what_others_filled_is_not_fetched);
    RUN(a_page_that_cannot_be_had_hides_no_other);
    RUN(no_more_is_fetched_than_was_allowed);
    RUN(areas_are_whole_pages_one_behind_the_other);
    return test_end();
}
