#include "base/utf8.h"

#include "random.h"
#include "test.h"

#include <stdbool.h>
#include <stdint.h>

static const char *clean(const char *text)
{
    static char copy[100];
    memcpy(copy, text, strlen(text) + 1);
    EXPECT(uf_utf8_clean(copy) == strlen(text));
    return copy;
}

TEST(text_stays_as_it_is)
{
    EXPECT_TEXT(clean(""), "");
    EXPECT_TEXT(clean("shop.Session"), "shop.Session");
    EXPECT_TEXT(clean("\xd0\xb6 \xe2\x82\xac \xf0\x9f\x98\x80"),
                "\xd0\xb6 \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST(what_is_no_text_becomes_question_marks)
{
    EXPECT_TEXT(clean("a\nb\x7f\x01"), "a?b??");
    EXPECT_TEXT(clean("\x80 \xff \xc3"), "? ? ?");
    EXPECT_TEXT(clean("\xe2\x82 \xf0\x9f\x98"), "?? ???");
    EXPECT_TEXT(clean("\xc0\xaf \xe0\x80\xaf"), "?? ???"); /* overlong */
    EXPECT_TEXT(clean("\xed\xa0\x80"), "???");             /* a surrogate */
    EXPECT_TEXT(clean("\xf4\x90\x80\x80"), "????");        /* above U+10FFFF */
}

/* The code point that begins at `c`, decoded as RFC 3629 says; its bytes, 0: there is none. */
static size_t decode(const unsigned char *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = c[0] < 0x80             ? 1
                   : (c[0] & 0xe0) == 0xc0 ? 2
                   : (c[0] & 0xf0) == 0xe0 ? 3
                   : (c[0] & 0xf8) == 0xf0 ? 4
                                           : 0;
    uint32_t point = bytes <= 1 ? c[0] : c[0] & (0xffU >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (c[i] & 0x3f);
    }
    bool good = bytes && point >= least[bytes] && point <= 0x10ffff &&
                (point < 0xd800 || point > 0xdfff) && point >= 0x20 && point != 0x7f;
    return good ? bytes : 0;
}

TEST(whatever_the_bytes_what_is_left_is_text)
{
    static const unsigned char edges[] = {0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x8f,
                                          0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0x41};
    for (int round = 0; round < 20000; round++) {
        char text[13];
        for (size_t i = 0; i < sizeof text - 1; i++)
            text[i] = (char)(round % 2 ? edges[random_below(sizeof edges)] : 1 + random_below(255));
        text[sizeof text - 1] = 0;
        char was[sizeof text];
        memcpy(was, text, sizeof text);
        EXPECT(uf_utf8_clean(text) == sizeof text - 1);
        for (size_t i = 0; was[i];) {
            size_t bytes = decode((const unsigned char *)was + i);
            EXPECT(bytes ? memcmp(was + i, text + i, bytes) == 0 : text[i] == '?');
            i += bytes ? bytes : 1;
        }
    }
}

int main(void)
{
    RUN(text_stays_as_it_is);
    RUN(what_is_no_text_becomes_question_marks);
    RUN(whatever_the_bytes_what_is_left_is_text);
    return test_end();
}
