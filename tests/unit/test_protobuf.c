#include "export/protobuf.h"

#include "test.h"

static void expect_bytes(struct uf_text *text, const char *bytes, size_t len)
{
    EXPECT(text->len == len && memcmp(text->at, bytes, len) == 0);
    uf_text_release(text);
}

#define EXPECT_BYTES(text, bytes) expect_bytes((text), (bytes), sizeof(bytes) - 1)

TEST(a_number_is_seven_bits_to_a_byte_least_first)
{
    struct uf_text text = {0};
    uf_protobuf_varint(&text, 0);
    EXPECT_BYTES(&text, "\0");
    uf_protobuf_varint(&text, 127);
    EXPECT_BYTES(&text, "\x7f");
    uf_protobuf_varint(&text, 150); /* the example of protobuf.dev, "Encoding" */
    EXPECT_BYTES(&text, "\x96\x01");
    uf_protobuf_varint(&text, UINT64_MAX);
    EXPECT_BYTES(&text, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(a_field_has_its_number_before_it_and_none_for_zero)
{
    struct uf_text text = {0};
    uf_protobuf_number(&text, 1, 150);
    EXPECT_BYTES(&text, "\x08\x96\x01");
    uf_protobuf_number(&text, 1, 0);
    EXPECT(text.len == 0);
    uf_protobuf_number(&text, 16, 1); /* two bytes from here on */
    EXPECT_BYTES(&text, "\x80\x01\x01");
    uf_protobuf_bytes(&text, 2, "testing", 7);
    EXPECT_BYTES(&text, "\x12\x07testing");
    uf_protobuf_bytes(&text, 2, NULL, 0);
    EXPECT_BYTES(&text, "\x12\0");
}

int main(void)
{
    RUN(a_number_is_seven_bits_to_a_byte_least_first);
    RUN(a_field_has_its_number_before_it_and_none_for_zero);
    return test_end();
}
