/* Which objects a person means. */
#include "analysis/lookup.h"

#include "make_graph.h"
#include "test.h"

static const char heap[] = "root module shop -> a\n"
                           "a: shop.Session\n"
                           "b: shop.Session\n"
                           "c: web.Session\n"
                           "d: shop.orders.Order\n"
                           "e: dict\n"
                           "f: unfreed.Thing own\n"
                           "g: shop.Thing\n";

static struct made_graph made;
static struct uf_lookup found;
static struct uf_error err;

static size_t look(const char *wanted)
{
    make_graph(&made, heap);
    enum uf_code code = uf_lookup_find(&found, &made.graph, wanted, &err);
    size_t count = found.members.len;
    EXPECT((code == UF_OK) == (count > 0));
    EXPECT(code == UF_OK || code == UF_EINVAL);
    return count;
}

static void done(void)
{
    uf_lookup_release(&found);
    made_graph_release(&made);
}

TEST(an_address_is_one_object_in_either_form)
{
    EXPECT(look("0x100040") == 1 && found.members.at[0] == 1 && !found.by_type);
    done();
    EXPECT(look("1048640") == 1 && found.members.at[0] == 1);
    done();
    EXPECT(look("0X100040") == 1);
    done();
}

TEST(a_type_is_all_its_objects_and_a_name_without_module_is_enough)
{
    EXPECT(look("shop.Session") == 2 && found.by_type);
    done();
    EXPECT(look("Order") == 1);
    done();
    EXPECT(look("orders.Order") == 1);
    done();
    EXPECT(look("dict") == 1);
    done();
}

TEST(what_is_not_clear_names_both)
{
    EXPECT(look("Session") == 0);
    EXPECT_TEXT(err.message, "Session is not clear (is it shop.Session or web.Session?)");
    done();
}

TEST(what_is_not_there_says_what_may_be_meant)
{
    EXPECT(look("shop.Sesion") == 0);
    EXPECT_TEXT(err.message, "no object of type shop.Sesion (did you mean shop.Session?)");
    done();
    EXPECT(look("Ordr") == 0);
    EXPECT_TEXT(err.message, "no object of type Ordr (did you mean shop.orders.Order?)");
    done();
    EXPECT(look("zzzzzzzz") == 0);
    EXPECT(strncmp(err.message, "no object of type zzzzzzzz (name one", 36) == 0);
    done();
}

TEST(unfreeds_own_objects_are_not_found)
{
    EXPECT(look("Thing") == 1 && found.members.at[0] == made_node(&made, "g"));
    done();
    EXPECT(look("unfreed.Thing") == 0);
    EXPECT(strstr(err.message, "has no objects in this heap") != NULL);
    done();
    EXPECT(look("0x100140") == 0);
    done();
}

TEST(nonsense_is_refused)
{
    static const char *const wanted[] = {
        "0x", "0xzz", "12ab", "0x100040 ", "99999999999999999999999", "0", ".", ".."};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        EXPECT(look(wanted[i]) == 0);
        EXPECT(err.message[0] != '\0');
        done();
    }
}

TEST(when_memory_is_out_nothing_is_found_and_nothing_left)
{
    make_graph(&made, heap);
    for (uint64_t nth = 1, again = 1; again; nth++) {
        uint64_t blocks = uf_mem_live_blocks();
        uf_mem_fail_at(nth);
        enum uf_code code = uf_lookup_find(&found, &made.graph, "Session", &err);
        again = uf_mem_fail_at(0) >= nth;
        EXPECT(code == (again ? UF_ENOMEM : UF_EINVAL));
        EXPECT(uf_mem_live_blocks() == blocks);
    }
    made_graph_release(&made);
}

int main(void)
{
    RUN(an_address_is_one_object_in_either_form);
    RUN(a_type_is_all_its_objects_and_a_name_without_module_is_enough);
    RUN(what_is_not_clear_names_both);
    RUN(what_is_not_there_says_what_may_be_meant);
    RUN(unfreeds_own_objects_are_not_found);
    RUN(nonsense_is_refused);
    RUN(when_memory_is_out_nothing_is_found_and_nothing_left);
    return test_end();
}
