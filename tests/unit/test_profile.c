#include "export/profile.h"

#include "fail.h"
#include "test.h"

static struct uf_text file;

/* What zlib itself makes of the file; its length, or 0 when it is not a whole gzip file. */
static size_t unpacked(char *ret, size_t size)
{
    z_stream stream = {0};
    stream.next_in = (Bytef *)file.at;
    stream.avail_in = (uInt)file.len;
    stream.next_out = (Bytef *)ret;
    stream.avail_out = (uInt)size;
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return 0;
    int code = inflate(&stream, Z_FINISH);
    size_t len = size - stream.avail_out;
    inflateEnd(&stream);
    return code == Z_STREAM_END && stream.avail_in == 0 ? len : 0;
}

static uint64_t varint(const char **at)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* The fields of a message: "1:(1:1 2:2) 9:77 6:'text'"; what prints as text is one. */
static void spell(const char *at, const char *end, struct uf_text *ret)
{
    for (bool first = true; at < end; first = false) {
        uint64_t tag = varint(&at), value = varint(&at);
        uf_text_printf(ret, "%s%llu:", first ? "" : " ", (unsigned long long)tag >> 3);
        if ((tag & 7) == 0) {
            uf_text_printf(ret, "%llu", (unsigned long long)value);
            continue;
        }
        if (tag >> 3 == 6) {
            uf_text_printf(ret, "'%.*s'", (int)value, at);
        } else {
            uf_text_add_z(ret, "(");
            for (uint64_t i = 0; i < value; i++)
                uf_text_printf(ret, "%s%02x", i ? " " : "", (unsigned char)at[i]);
            uf_text_add_z(ret, ")");
        }
        at += value;
    }
}

static enum uf_code write_one(void)
{
    struct uf_sink sink;
    struct uf_profile profile = {0};
    uint32_t stack[2];
    enum uf_code code = uf_sink_open_text(&sink, &file, NULL);
    if (!code)
        code = uf_profile_open(&profile, &sink, NULL);
    if (!code) {
        uf_profile_program(&profile, "python");
        stack[1] = uf_profile_frame(&profile, "outer", "", 0);
        stack[0] = uf_profile_frame(&profile, "in\xff\nner", "f.py", 12);
        EXPECT(uf_profile_frame(&profile, "outer", "", 0) == stack[1] || profile.failed);
        uf_profile_sample(&profile, stack, 2, &(struct uf_profile_weight){3, 300, "dict"});
        uf_profile_comment(&profile, "said");
        code = uf_profile_finish(&profile, 77, NULL);
    }
    uf_profile_release(&profile);
    if (!code)
        code = uf_sink_commit(&sink, NULL);
    uf_sink_release(&sink);
    return code;
}

TEST(a_profile_has_the_fields_of_profile_proto)
{
    char bytes[4096];
    struct uf_text spelled = {0};
    EXPECT(write_one() == UF_OK);
    size_t len = unpacked(bytes, sizeof bytes);
    EXPECT(len > 0);
    spell(bytes, bytes + len, &spelled);
    EXPECT_TEXT(spelled.at,
                "1:(08 01 10 02) 1:(08 03 10 04) 11:(08 05 10 04) 12:1 14:3 3:(08 01 28 06 38 01) "
                "5:(08 01 10 07) 4:(08 01 10 01 22 02 08 01) "
                "5:(08 02 10 08 20 09) 4:(08 02 10 01 22 04 08 02 10 0c) "
                "2:(0a 02 02 01 12 03 03 ac 02 1a 04 08 0a 10 0b) 13:12 9:77 "
                "6:'' 6:'inuse_objects' 6:'count' 6:'inuse_space' 6:'bytes' 6:'space' 6:'python' "
                "6:'outer' 6:'in\\xff ner' 6:'f.py' 6:'type' 6:'dict' 6:'said'");
    uf_text_release(&spelled);
    uf_text_release(&file);
}

TEST(a_profile_larger_than_any_buffer_is_whole)
{
    static char bytes[8 << 20];
    struct uf_sink sink;
    struct uf_profile profile;
    char name[64];
    EXPECT(uf_sink_open_text(&sink, &file, NULL) == UF_OK);
    EXPECT(uf_profile_open(&profile, &sink, NULL) == UF_OK);
    for (uint32_t i = 0; i < 50000; i++) {
        snprintf(name, sizeof name, "function number %u", i * 2654435761u);
        uint32_t frame = uf_profile_frame(&profile, name, "", 0);
        EXPECT(frame == i + 1);
        uf_profile_sample(&profile, &frame, 1, &(struct uf_profile_weight){1, i, NULL});
    }
    EXPECT(uf_profile_finish(&profile, 0, NULL) == UF_OK);
    uf_profile_release(&profile);
    EXPECT(uf_sink_commit(&sink, NULL) == UF_OK);
    uf_sink_release(&sink);
    size_t len = unpacked(bytes, sizeof bytes);
    EXPECT(len > 2000000 && len < sizeof bytes && file.len < len);
    EXPECT(memcmp(bytes + len - strlen(name), name, strlen(name)) == 0);
    uf_text_release(&file);
}

static bool write_and_release(void)
{
    bool fine = write_one() == UF_OK;
    uf_text_release(&file);
    return fine;
}

TEST(every_allocation_that_fails_is_an_error_and_leaves_nothing)
{
    EXPECT(every_failed_allocation_is_an_error(write_and_release));
}

int main(void)
{
    RUN(a_profile_has_the_fields_of_profile_proto);
    RUN(a_profile_larger_than_any_buffer_is_whole);
    RUN(every_allocation_that_fails_is_an_error_and_leaves_nothing);
    return test_end();
}
