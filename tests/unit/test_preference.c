#include "analysis/preference.h"

#include "test.h"

static struct uf_ref_name named(enum uf_ref_kind kind, const char *text)
{
    struct uf_ref_name name = {.kind = kind};
    snprintf(name.text, sizeof name.text, "%s", text);
    snprintf(name.generic, sizeof name.generic, "%.90s", text);
    return name;
}

static unsigned rank(enum uf_ref_kind kind, const char *text)
{
    struct uf_ref_name name = named(kind, text);
    return uf_preference_of(&name, NULL, NULL).rank;
}

static bool points_back(const char *text)
{
    struct uf_ref_name name = named(UF_REF_ATTR, text);
    return uf_preference_of(&name, NULL, NULL).points_back;
}

TEST(a_local_before_an_attribute_before_a_cell_before_an_entry)
{
    unsigned local = rank(UF_REF_LOCAL, "local 'e' of f()"),
             attribute = rank(UF_REF_ATTR, ".callback"), cell = rank(UF_REF_CLOSURE, "closure 'f'"),
             entry = rank(UF_REF_ITEM, "['k']"), other = rank(UF_REF_FIELD, "callback");
    EXPECT(local < attribute && attribute < cell && cell < entry && entry < other);
    EXPECT(rank(UF_REF_INDEX, "[0]") == entry && rank(UF_REF_KEY, "key 'k'") == entry);
    EXPECT(rank(UF_REF_UNKNOWN, "") == other);
}

TEST(a_local_that_holds_an_exception_comes_first)
{
    struct uf_ref_name local = named(UF_REF_LOCAL, "local 'err' of f()");
    struct uf_ref_name traceback = named(UF_REF_ATTR, ".__traceback__");
    struct uf_ref_name field = named(UF_REF_FIELD, "__traceback__");
    EXPECT(uf_preference_of(&local, NULL, &traceback).rank == 1);
    EXPECT(uf_preference_of(&local, NULL, &field).rank == 1);
    EXPECT(uf_preference_of(&local, &traceback, NULL).rank > 1);
}

TEST(the_receiver_of_a_method_is_not_what_a_person_deletes)
{
    EXPECT(rank(UF_REF_LOCAL, "local 'self' of A.f()") > rank(UF_REF_ITEM, "['k']"));
    EXPECT(rank(UF_REF_LOCAL, "local 'self_' of A.f()") < rank(UF_REF_ATTR, ".x"));
    EXPECT(rank(UF_REF_ATTR, ".__traceback__") == rank(UF_REF_LOCAL, "local 'cls' of A.f()"));
}

TEST(an_entry_of_an_attribute_dictionary_is_an_attribute)
{
    struct uf_ref_name item = named(UF_REF_ITEM, "['x']"), dict = named(UF_REF_DICT, ".__dict__");
    struct uf_ref_name cause = named(UF_REF_ITEM, "['__cause__']");
    EXPECT(uf_preference_of(&item, &dict, NULL).rank == rank(UF_REF_ATTR, ".x"));
    EXPECT(uf_preference_of(&item, &item, NULL).rank == rank(UF_REF_ITEM, "['x']"));
    EXPECT(uf_preference_of(&cause, &dict, NULL).rank == rank(UF_REF_ATTR, ".__cause__"));
}

TEST(the_interpreters_own_references_come_last)
{
    const char *const own[] = {".tb_frame",    ".tb_next",  ".f_back",      ".f_globals",
                               ".__globals__", ".__mro__",  ".__dict__",    ".__class__",
                               ".__bases__",   ".gi_frame", ".__objclass__"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        EXPECT(rank(UF_REF_ATTR, own[i]) == UF_PREFERENCE_LAST);
    EXPECT(rank(UF_REF_TYPE, ".__class__") == UF_PREFERENCE_LAST);
    EXPECT(rank(UF_REF_DICT, ".__dict__") == UF_PREFERENCE_LAST);
    EXPECT(rank(UF_REF_FIELD, "frame") == UF_PREFERENCE_LAST);
    EXPECT(rank(UF_REF_ATTR, ".frame") == rank(UF_REF_ATTR, ".x"));
    EXPECT(rank(UF_REF_ATTR, ".__self__") > rank(UF_REF_ITEM, "['k']"));
    EXPECT(rank(UF_REF_CLOSURE, "closure '__class__'") > rank(UF_REF_ITEM, "['k']"));
}

TEST(names_that_point_back_are_known)
{
    EXPECT(points_back(".parent") && points_back("._parent") && points_back(".parent_node") &&
           points_back(".tree_owner") && points_back(".prev") && points_back(".__prev__"));
    EXPECT(!points_back(".children") && !points_back(".parents") && !points_back(".upper") &&
           !points_back("[0]") && !points_back("") && !points_back("."));
}

TEST(among_equals_the_name_that_points_back_then_the_text_decides)
{
    struct uf_ref_name a = named(UF_REF_ATTR, ".a"), b = named(UF_REF_ATTR, ".b");
    struct uf_ref_name parent = named(UF_REF_ATTR, ".parent"),
                       local = named(UF_REF_LOCAL, "local 'z'");
    struct uf_preference pa = uf_preference_of(&a, NULL, NULL),
                         pb = uf_preference_of(&b, NULL, NULL);
    struct uf_preference pp = uf_preference_of(&parent, NULL, NULL);
    struct uf_preference pl = uf_preference_of(&local, NULL, NULL);
    EXPECT(uf_preference_compare(&pa, &pb) < 0 && uf_preference_compare(&pb, &pa) > 0);
    EXPECT(uf_preference_compare(&pp, &pa) < 0 && uf_preference_compare(&pl, &pp) < 0);
    EXPECT(uf_preference_compare(&pa, &pa) == 0);
}

int main(void)
{
    RUN(a_local_before_an_attribute_before_a_cell_before_an_entry);
    RUN(a_local_that_holds_an_exception_comes_first);
    RUN(the_receiver_of_a_method_is_not_what_a_person_deletes);
    RUN(an_entry_of_an_attribute_dictionary_is_an_attribute);
    RUN(the_interpreters_own_references_come_last);
    RUN(names_that_point_back_are_known);
    RUN(among_equals_the_name_that_points_back_then_the_text_decides);
    return test_end();
}
