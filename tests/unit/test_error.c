#include "base/error.h"

#include "test.h"

#include <errno.h>

TEST(an_error_carries_code_and_message_and_nothing_stale)
{
    struct uf_error err;
    memset(&err, 0x7f, sizeof err);
    EXPECT(uf_error_set(&err, UF_EINVAL, "%d is not %s", 3, "even") == UF_EINVAL);
    EXPECT(err.code == UF_EINVAL && err.os_errno == 0 && err.address == 0);
    EXPECT_TEXT(err.message, "3 is not even");
}

TEST(a_failed_system_call_names_its_errno)
{
    struct uf_error err = {0};
    EXPECT(uf_error_os(&err, ENOENT, "cannot open %s", "x") == UF_EIO);
    EXPECT(err.os_errno == ENOENT && err.address == 0);
    EXPECT_TEXT(err.message, "cannot open x: No such file or directory");
    uf_error_os(&err, 99999, "cannot open %s", "x");
    EXPECT_TEXT(err.message, "cannot open x: errno 99999");
}

TEST(an_error_at_an_address_keeps_the_address)
{
    struct uf_error err = {0};
    EXPECT(uf_error_at(&err, UF_EFAULT, 0x1234, "cannot read") == UF_EFAULT);
    EXPECT(err.address == 0x1234 && err.os_errno == 0);
}

TEST(a_long_message_is_cut_and_an_empty_one_is_filled)
{
    struct uf_error err = {0};
    uf_error_set(&err, UF_EINTERNAL, "%0500d", 1);
    EXPECT(strlen(err.message) == sizeof err.message - 1);
    uf_error_os(&err, EIO, "%0500d", 1);
    EXPECT(strlen(err.message) == sizeof err.message - 1);
    uf_error_set(&err, UF_EINTERNAL, "%s", "");
    EXPECT(err.message[0] != '\0');
}

TEST(without_a_place_only_the_code_is_returned)
{
    EXPECT(uf_error_set(NULL, UF_EINVAL, "x") == UF_EINVAL);
    EXPECT(uf_error_os(NULL, EIO, "x") == UF_EIO);
    EXPECT(uf_error_at(NULL, UF_EFAULT, 1, "x") == UF_EFAULT);
    EXPECT(uf_error_nomem(NULL) == UF_ENOMEM);
    uf_error_clear(NULL);
}

TEST(a_cleared_error_is_all_zero)
{
    struct uf_error err, zero = {0};
    uf_error_nomem(&err);
    EXPECT_TEXT(err.message, "out of memory");
    uf_error_clear(&err);
    EXPECT(err.code == UF_OK && err.message[0] == zero.message[0] && err.address == 0);
}

int main(void)
{
    RUN(an_error_carries_code_and_message_and_nothing_stale);
    RUN(a_failed_system_call_names_its_errno);
    RUN(an_error_at_an_address_keeps_the_address);
    RUN(a_long_message_is_cut_and_an_empty_one_is_filled);
    RUN(without_a_place_only_the_code_is_returned);
    RUN(a_cleared_error_is_all_zero);
    return test_end();
}
