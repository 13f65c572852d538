/* The form of a file: what is unknown is skipped, what is wrong is named. */
#include "shop_file.h"
#include "snapshot_parts.h"

static struct file_bytes shop; /* a sound file */

static struct uf_error read_error;

static enum uf_code load(const void *bytes, size_t len)
{
    struct uf_snapshot *snapshot;
    uf_error_clear(&read_error);
    enum uf_code code = uf_snapshot_open_memory(&snapshot, bytes, len, &read_error);
    if (!code)
        code = uf_snapshot_load(snapshot, UF_LOAD_ALL, &read_error);
    if (!code)
        code = uf_snapshot_verify(snapshot, &read_error);
    uf_snapshot_close(snapshot);
    return code;
}

static enum uf_code load_parts(const struct parts *parts)
{
    struct joined file = parts_join(parts);
    enum uf_code code = load(file.at, file.len);
    free(file.at);
    return code;
}

#define EXPECT_DAMAGED(code, text)                                                                 \
    do {                                                                                           \
        EXPECT((code) == UF_ECORRUPT);                                                             \
        EXPECT_TEXT(read_error.message, "the snapshot is damaged: " text);                         \
    } while (0)

TEST(taken_apart_and_joined_by_the_specification_a_file_is_the_same)
{
    struct parts parts = parts_of(shop.at, shop.len);
    struct joined file = parts_join(&parts);
    EXPECT(file.len == shop.len && memcmp(file.at, shop.at, shop.len) == 0);
    free(file.at);
}

TEST(an_unknown_chunk_is_skipped_and_its_checksum_is_not)
{
    struct parts parts = parts_of(shop.at, shop.len);
    parts.part[parts.count++] = (struct part){"new!", (uint8_t *)"something else", 14};
    EXPECT(load_parts(&parts) == UF_OK);
    struct joined file = parts_join(&parts);
    size_t at = file.len - 32 - 24 * parts.count - 3;
    file.at[at] ^= 1;
    EXPECT_DAMAGED(load(file.at, file.len), "chunk 'new!' does not match its checksum");
    free(file.at);
}

TEST(the_order_of_chunks_does_not_matter)
{
    struct parts parts = parts_of(shop.at, shop.len);
    for (size_t i = 0; i < parts.count / 2; i++) {
        struct part other = parts.part[i];
        parts.part[i] = parts.part[parts.count - 1 - i];
        parts.part[parts.count - 1 - i] = other;
    }
    EXPECT(load_parts(&parts) == UF_OK);
}

TEST(a_chunk_that_is_missing_or_stands_twice_is_named)
{
    struct parts whole = parts_of(shop.at, shop.len);
    for (size_t i = 0; i < whole.count; i++) {
        struct parts parts = whole;
        char text[100];
        parts.part[i] = parts.part[--parts.count];
        EXPECT(load_parts(&parts) == UF_ECORRUPT);
        snprintf(text, sizeof text, "the snapshot is damaged: chunk '%s' is missing",
                 whole.part[i].id);
        EXPECT_TEXT(read_error.message, text);
        parts = whole;
        parts.part[parts.count++] = whole.part[i];
        EXPECT(load_parts(&parts) == UF_ECORRUPT);
        snprintf(text, sizeof text, "the snapshot is damaged: chunk '%s' stands twice",
                 whole.part[i].id);
        EXPECT_TEXT(read_error.message, text);
    }
}

TEST(a_newer_format_and_another_file_are_no_damage)
{
    struct file_bytes copy = {malloc(shop.len), shop.len};
    memcpy(copy.at, shop.at, shop.len);
    parts_put(copy.at + 8, 4, 2);
    parts_put(copy.at + 12, 4, parts_crc(copy.at, 12));
    EXPECT(load(copy.at, copy.len) == UF_EUNSUPPORTED);
    EXPECT_TEXT(read_error.message, "the snapshot has format 2, this unfreed reads format 1");
    memcpy(copy.at,
           "\x7f"
           "ELF",
           4);
    EXPECT(load(copy.at, copy.len) == UF_EUNSUPPORTED);
    EXPECT_TEXT(read_error.message, "this is no snapshot of unfreed");
    EXPECT(load(copy.at + 1, copy.len - 1) == UF_EINVAL);
    free(copy.at);
}

TEST(the_container_s_faults_are_named)
{
    struct file_bytes copy = {malloc(shop.len), shop.len};
    memcpy(copy.at, shop.at, shop.len);
    EXPECT_DAMAGED(load(copy.at, 0), "the file is empty");
    EXPECT_DAMAGED(load(copy.at, 40), "the file is cut short");
    EXPECT_DAMAGED(load(copy.at, shop.len - 8), "its end is missing, as if it was cut short");
    copy.at[9] ^= 1;
    EXPECT_DAMAGED(load(copy.at, shop.len), "its header does not match its checksum");
    copy.at[9] ^= 1;
    copy.at[shop.len - 20] ^= 1;
    EXPECT_DAMAGED(load(copy.at, shop.len), "its end does not match its checksum");
    copy.at[shop.len - 20] ^= 1;
    copy.at[shop.len - 40] ^= 1;
    EXPECT_DAMAGED(load(copy.at, shop.len), "its table of contents does not match its checksum");
    free(copy.at);
}

/* One 32-bit word of a chunk is another one. */
static enum uf_code with_word(const char *id, size_t word, uint32_t value)
{
    uint8_t *copy = malloc(shop.len);
    memcpy(copy, shop.at, shop.len);
    struct parts parts = parts_of(copy, shop.len);
    parts_put(parts_chunk(&parts, id)->at + word * 4, 4, value);
    enum uf_code code = load_parts(&parts);
    free(copy);
    return code;
}

TEST(contents_that_make_no_sound_graph_are_named)
{
    struct parts parts = parts_of(shop.at, shop.len);
    uint32_t nodes = (uint32_t)parts_read(parts_chunk(&parts, "cnts")->at, 4);
    char text[120];
    EXPECT(with_word("edge", 3, nodes) == UF_ECORRUPT);
    snprintf(text, sizeof text, "the snapshot is damaged: a reference leads to object %u of %u",
             nodes, nodes);
    EXPECT_TEXT(read_error.message, text);
    /* kind 6; an object that is not there; a number that does not end */
    EXPECT_DAMAGED(with_word("root", 0, 6), "object, name or kind of root 0 is out of range");
    EXPECT_DAMAGED(with_word("root", 0, nodes << 8),
                   "object, name or kind of root 0 is out of range");
    EXPECT(with_word("root", 0, 0xffffff00) == UF_ECORRUPT);
    EXPECT_DAMAGED(with_word("typs", 2, 1000), "name or object of type 0 is out of range");
    EXPECT_DAMAGED(with_word("typs", 3, nodes), "name or object of type 0 is out of range");
    EXPECT_DAMAGED(with_word("fort", 0, 1000), "type, shape or size of form 0 is out of range");
    EXPECT_DAMAGED(with_word("fort", 1, 1000), "type, shape or size of form 0 is out of range");
    EXPECT_DAMAGED(with_word("fort", 2, UINT32_MAX),
                   "type, shape or size of form 0 is out of range");
    EXPECT(with_word("fort", 3, 900) == UF_ECORRUPT);
    EXPECT(with_word("form", 0, 0xfffefffe) == UF_ECORRUPT);
    EXPECT(with_word("for+", 2, 0) == UF_ECORRUPT);
    EXPECT(with_word("addr", 0, (uint32_t)parts_read(parts_chunk(&parts, "addr")->at + 4, 4)) ==
           UF_ECORRUPT); /* two at the same address */
    EXPECT(with_word("add+", 0, 0x2000) == UF_ECORRUPT);
    EXPECT(with_word("shap", 0, 1000) == UF_ECORRUPT);
    EXPECT_DAMAGED(with_word("shap", 4, UF_SHAPE_RULES), "shape 0 is out of range");
    EXPECT(with_word("txtb", 0, 0) == UF_ECORRUPT);
    EXPECT(with_word("txtb", 1, UINT32_MAX) == UF_ECORRUPT);
    EXPECT_DAMAGED(with_word("txti", 0, 5), "texts 0 begin at the wrong place");
    EXPECT_DAMAGED(with_word("boun", 2, nodes), "bound 0 is out of range or order");
    EXPECT(with_word("refc", 0, 0xfefefefe) == UF_ECORRUPT);
    EXPECT_DAMAGED(with_word("cnts", 0, UINT32_MAX), "it has more objects than there can be");
    for (size_t i = 0; i < 8; i++)
        EXPECT(with_word("cnts", i, 1000000) == UF_ECORRUPT);
}

TEST(what_cannot_be_opened_is_an_error_of_the_system_or_no_snapshot)
{
    struct uf_snapshot *snapshot = (void *)1;
    struct uf_error err;
    EXPECT(uf_snapshot_open(&snapshot, "/nowhere/app.snapshot", &err) == UF_EIO && !snapshot);
    EXPECT_TEXT(err.message, "/nowhere/app.snapshot cannot be read: No such file or directory");
    EXPECT(uf_snapshot_open(&snapshot, files_folder, &err) == UF_EIO && !snapshot);
    EXPECT(uf_snapshot_open(&snapshot, "/dev/null", &err) == UF_EUNSUPPORTED && !snapshot);
    FILE *file = fopen(files_path, "w");
    fclose(file);
    EXPECT(uf_snapshot_open(&snapshot, files_path, &err) == UF_ECORRUPT && !snapshot);
    EXPECT_TEXT(err.message, "the snapshot is damaged: the file is empty");
}

TEST(parts_are_loaded_once_and_unknown_parts_are_refused)
{
    struct uf_snapshot *snapshot;
    struct uf_error err;
    EXPECT(uf_snapshot_open_memory(&snapshot, shop.at, shop.len, &err) == UF_OK);
    EXPECT(uf_snapshot_names(snapshot) == NULL);
    EXPECT(uf_snapshot_load(snapshot, 1 << 9, &err) == UF_EINVAL);
    EXPECT(uf_snapshot_load(snapshot, UF_LOAD_ADDRESS, &err) == UF_OK);
    const struct uf_graph *graph = uf_snapshot_graph(snapshot);
    const uint32_t *start = graph->edge_start;
    EXPECT(graph->address && start && !graph->type && !graph->refcount);
    EXPECT(uf_snapshot_names(snapshot) == NULL);
    EXPECT(uf_snapshot_load(snapshot, UF_LOAD_NAMES | UF_LOAD_ADDRESS, &err) == UF_OK);
    EXPECT(uf_snapshot_names(snapshot) != NULL && graph->type && graph->edge_start == start);
    EXPECT(uf_snapshot_load(snapshot, 0, &err) == UF_OK);
    uf_snapshot_close(snapshot);
    uf_snapshot_close(NULL);
}

/* A chunk that a command does not need is not looked at, until it asks for all. */
TEST(damage_is_found_where_it_is_loaded_and_everywhere_by_verify)
{
    uint8_t *copy = malloc(shop.len);
    struct uf_snapshot *snapshot;
    struct uf_error err;
    memcpy(copy, shop.at, shop.len);
    struct parts parts = parts_of(copy, shop.len);
    parts_chunk(&parts, "refc")->at[0] ^= 1;
    EXPECT(uf_snapshot_open_memory(&snapshot, copy, shop.len, &err) == UF_OK);
    EXPECT(uf_snapshot_load(snapshot, UF_LOAD_BASE | UF_LOAD_NAMES, &err) == UF_OK);
    EXPECT(uf_snapshot_verify(snapshot, &err) == UF_ECORRUPT);
    EXPECT(uf_snapshot_load(snapshot, UF_LOAD_COUNT, &err) == UF_ECORRUPT);
    EXPECT_TEXT(err.message, "the snapshot is damaged: chunk 'refc' does not match its checksum");
    EXPECT(uf_snapshot_names(snapshot) == NULL && !uf_snapshot_graph(snapshot)->edge_start);
    EXPECT(uf_snapshot_load(snapshot, UF_LOAD_BASE, &err) == UF_OK);
    uf_snapshot_close(snapshot);
    free(copy);
}

int main(void)
{
    files_begin();
    shop = shop_file();
    RUN(taken_apart_and_joined_by_the_specification_a_file_is_the_same);
    RUN(an_unknown_chunk_is_skipped_and_its_checksum_is_not);
    RUN(the_order_of_chunks_does_not_matter);
    RUN(a_chunk_that_is_missing_or_stands_twice_is_named);
    RUN(a_newer_format_and_another_file_are_no_damage);
    RUN(the_container_s_faults_are_named);
    RUN(contents_that_make_no_sound_graph_are_named);
    RUN(what_cannot_be_opened_is_an_error_of_the_system_or_no_snapshot);
    RUN(parts_are_loaded_once_and_unknown_parts_are_refused);
    RUN(damage_is_found_where_it_is_loaded_and_everywhere_by_verify);
    free(shop.at);
    files_end();
    return test_end();
}
