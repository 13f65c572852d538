#include "fake_python.h"
#include "target/calibrate.h"
#include "target/validate.h"
#include "test.h"

static struct fake fake;
static struct uf_error err;

/* The program's collector lies at `moved`, and the row says GC. */
static void open_moved(uint64_t moved)
{
    fake_open(&fake, 1);
    memset(fake.bytes + (FAKE_INTERPRETER(0) + GC - FAKE_BASE), 0, 256);
    fake_collector(&fake, FAKE_INTERPRETER(0), moved);
    EXPECT(uf_validate_interpreters(&fake.python, &err) == UF_OK);
    EXPECT(uf_validate_collector(&fake.python, &err) == UF_EUNSUPPORTED);
}

TEST(lists_that_were_moved_are_found)
{
    for (uint64_t moved = 24; moved < 300; moved += 4) { /* heads are aligned to 4 from 3.13.5 on */
        if (moved == GC)
            continue;
        open_moved(moved);
        EXPECT(uf_calibrate_collector(&fake.python, &err) == UF_OK);
        EXPECT(fake.python.layout.runtime.interpreter.gc == moved);
        EXPECT(fake.python.calibrated);
        EXPECT(uf_validate_collector(&fake.python, &err) == UF_OK);
        fake_close(&fake);
    }
}

TEST(lists_in_two_places_are_not_believed)
{
    open_moved(128);
    fake_collector(&fake, FAKE_INTERPRETER(0), 128 + 128);
    fake_list(&fake, FAKE_INTERPRETER(0) + 128 + GENERATIONS, 50, 2);
    fake_list(&fake, FAKE_INTERPRETER(0) + 128 + GENERATIONS + STRIDE, 0, 0);
    fake_list(&fake, FAKE_INTERPRETER(0) + 128 + GENERATIONS + 2 * STRIDE, 0, 0);
    EXPECT(uf_calibrate_collector(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "the collector's lists are in two places") == 0);
    EXPECT(fake.python.layout.runtime.interpreter.gc == GC);
    EXPECT(!fake.python.calibrated);
    fake_close(&fake);
}

TEST(lists_that_are_empty_are_not_believed)
{
    open_moved(128);
    for (uint64_t i = 0; i < 3; i++)
        fake_list(&fake, FAKE_INTERPRETER(0) + 128 + GENERATIONS + i * STRIDE, 0, 0);
    EXPECT(uf_calibrate_collector(&fake.python, &err) == UF_EUNSUPPORTED);
    EXPECT(strcmp(err.message, "the collector's lists are not found") == 0);
    EXPECT(fake.python.layout.runtime.interpreter.gc == GC);
    fake_close(&fake);
}

int main(void)
{
    RUN(lists_that_were_moved_are_found);
    RUN(lists_in_two_places_are_not_believed);
    RUN(lists_that_are_empty_are_not_believed);
    return test_end();
}
