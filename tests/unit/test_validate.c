#include "fake_python.h"
#include "target/validate.h"
#include "test.h"

static struct fake fake;
static struct uf_error err;

TEST(interpreters_are_listed_from_the_first_one_on)
{
    fake_open(&fake, 3);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_OK);
    EXPECT(fake.python.interpreters.len == 3);
    for (size_t i = 0; i < fake.python.interpreters.len; i++)
        EXPECT(fake.python.interpreters.at[i] == FAKE_INTERPRETER(i));
    fake_close(&fake);
}

TEST(a_runtime_without_an_interpreter_is_refused)
{
    fake_open(&fake, 1);
    fake_set(&fake, FAKE_RUNTIME, 0);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "it has no interpreter") == 0);
    fake_close(&fake);
}

TEST(interpreters_in_a_circle_are_refused)
{
    fake_open(&fake, 2);
    fake_set(&fake, FAKE_INTERPRETER(0) + NEXT, FAKE_INTERPRETER(1));
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "interpreters are not in order") == 0);
    fake_close(&fake);
}

TEST(an_interpreter_that_cannot_be_read_is_refused)
{
    fake_open(&fake, 1);
    fake_set(&fake, FAKE_RUNTIME, FAKE_BASE + FAKE_BYTES - 8);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "the list of interpreters is damaged") == 0);
    fake_close(&fake);
}

TEST(a_thread_of_another_interpreter_is_refused)
{
    fake_open(&fake, 2);
    fake_set(&fake, FAKE_THREAD(1) + THREAD_INTERPRETER, FAKE_INTERPRETER(0));
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "a thread does not know its interpreter") == 0);
    EXPECT(err.address == FAKE_THREAD(1));
    fake_close(&fake);
}

TEST(threads_in_a_circle_are_refused)
{
    fake_open(&fake, 1);
    fake_set(&fake, FAKE_THREAD(0) + THREAD_NEXT, FAKE_THREAD(0));
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "the list of threads does not end") == 0);
    fake_close(&fake);
}

TEST(lists_of_all_interpreters_hold)
{
    fake_open(&fake, 2);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_OK);
    EXPECT(uf_validate_collector(&fake.python, &err) == UF_OK);
    fake_close(&fake);
}

TEST(a_list_of_another_interpreter_that_leads_nowhere_is_refused)
{
    fake_open(&fake, 2);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_OK);
    fake_set(&fake, FAKE_INTERPRETER(1) + GC + GENERATIONS + STRIDE, 8);
    EXPECT(uf_validate_collector(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "the collector's list 1 does not close") == 0);
    fake_close(&fake);
}

TEST(a_list_of_what_has_no_type_is_refused)
{
    fake_open(&fake, 1);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_OK);
    fake_set(&fake, FAKE_OBJECT(20) + 16 + 8, FAKE_OBJECT(5));
    EXPECT(uf_validate_collector(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "the collector's list 2 has no objects in it") == 0);
    fake_close(&fake);
}

int main(void)
{
    RUN(interpreters_are_listed_from_the_first_one_on);
    RUN(a_runtime_without_an_interpreter_is_refused);
    RUN(interpreters_in_a_circle_are_refused);
    RUN(an_interpreter_that_cannot_be_read_is_refused);
    RUN(a_thread_of_another_interpreter_is_refused);
    RUN(threads_in_a_circle_are_refused);
    RUN(lists_of_all_interpreters_hold);
    RUN(a_list_of_another_interpreter_that_leads_nowhere_is_refused);
    RUN(a_list_of_what_has_no_type_is_refused);
    return test_end();
}
