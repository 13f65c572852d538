/* Files that were damaged, cut, or never written by unfreed. */
#include "random.h"
#include "shop_file.h"
#include "snapshot_parts.h"

static struct file_bytes shop; /* a sound file */

/* What a command does with a file; the graph and all names are looked at where there are any. */
static enum uf_code read_all(const void *bytes, size_t len, struct uf_error *err)
{
    struct uf_snapshot *snapshot;
    uint64_t blocks = uf_mem_live_blocks();
    uf_error_clear(err);
    enum uf_code code = uf_snapshot_open_memory(&snapshot, bytes, len, err);
    if (!code)
        code = uf_snapshot_load(snapshot, UF_LOAD_ALL, err);
    if (!code) {
        const struct uf_graph *graph = uf_snapshot_graph(snapshot);
        const struct uf_names *names = uf_snapshot_names(snapshot);
        struct uf_ref_name name;
        EXPECT(uf_graph_check(graph, NULL) == UF_OK);
        for (uf_node node = 0; node < graph->node_count; node++)
            for (uint32_t i = 0; i < graph->edge_start[node + 1] - graph->edge_start[node]; i++)
                names->name(names->context, node, i, &name);
        code = uf_snapshot_verify(snapshot, err);
    }
    uf_snapshot_close(snapshot);
    EXPECT(uf_mem_live_blocks() == blocks);
    EXPECT(!code == !err->message[0]);
    return code;
}

/* The same of a copy that has its exact size, so that reading behind its end is seen. */
static enum uf_code read_copy(const uint8_t *bytes, size_t len)
{
    struct uf_error err;
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    enum uf_code code = read_all(copy, len, &err);
    free(copy);
    return code;
}

TEST(a_sound_file_is_read)
{
    EXPECT(read_copy(shop.at, shop.len) == UF_OK);
}

TEST(a_file_cut_at_any_byte_is_refused)
{
    for (size_t len = 0; len < shop.len && !test_failed_here; len++)
        EXPECT(read_copy(shop.at, len) == UF_ECORRUPT);
}

TEST(a_file_with_any_byte_changed_is_refused)
{
    for (size_t at = 0; at < shop.len && !test_failed_here; at++)
        for (int bit = 0; bit < 8; bit++) {
            shop.at[at] ^= (uint8_t)(1 << bit);
            enum uf_code code = read_copy(shop.at, shop.len);
            EXPECT(code == UF_ECORRUPT || (at < 8 && code == UF_EUNSUPPORTED));
            shop.at[at] ^= (uint8_t)(1 << bit);
        }
}

/* Changes something; true if it is another file now. */
static bool damage(uint8_t *bytes, size_t *len)
{
    size_t from = random_below(*len), to = random_below(*len), many = 1 + random_below(64);
    many = many > *len - from ? *len - from : many;
    many = many > *len - to ? *len - to : many;
    switch (random_below(6)) {
    case 0:
        bytes[to] = (uint8_t)random_number();
        break;
    case 1:
        memmove(bytes + to, bytes + from, many);
        break;
    case 2:
        memset(bytes + to, random_below(2) ? 0 : 0xff, many);
        break;
    case 3:
        for (size_t i = 0; i < many; i++)
            bytes[to + i] = (uint8_t)random_number();
        break;
    case 4: /* a piece is missing */
        memmove(bytes + to, bytes + to + many, *len - to - many);
        *len -= many;
        break;
    default: /* a piece stands twice */
        memmove(bytes + to + many, bytes + to, *len - to);
        *len += many;
    }
    return *len != shop.len || memcmp(bytes, shop.at, *len) != 0;
}

TEST(none_of_10000_random_damages_is_taken_for_a_heap)
{
    uint8_t *bytes = malloc(shop.len * 2 + 1000);
    random_seed(1);
    for (int i = 0; i < 10000 && !test_failed_here; i++) {
        size_t len = shop.len;
        memcpy(bytes, shop.at, len);
        bool other = damage(bytes, &len);
        for (uint64_t more = random_below(4); more > 0 && len > 100 && len < shop.len + 500; more--)
            other = damage(bytes, &len);
        enum uf_code code = read_copy(bytes, len);
        EXPECT(!other || code == UF_ECORRUPT || code == UF_EUNSUPPORTED);
    }
    free(bytes);
}

/* Damages whose checksums are right: made on purpose. They end in an error or in a sound graph. */
TEST(chunks_of_any_contents_are_refused_or_make_a_sound_graph)
{
    int refused = 0;
    random_seed(2);
    for (int i = 0; i < 20000 && !test_failed_here; i++) {
        uint8_t *copy = malloc(shop.len);
        memcpy(copy, shop.at, shop.len);
        struct parts parts = parts_of(copy, shop.len);
        for (uint64_t more = 1 + random_below(3); more > 0; more--) {
            struct part *part = &parts.part[random_below(parts.count)];
            if (part->len == 0)
                continue;
            if (random_below(8) == 0)
                part->len -= random_below(part->len);
            else
                part->at[random_below(part->len)] =
                    (uint8_t)(random_below(3) ? random_number() : random_below(3) - 1);
        }
        struct joined file = parts_join(&parts);
        struct uf_error err;
        enum uf_code code = read_all(file.at, file.len, &err);
        EXPECT(code == UF_OK || code == UF_ECORRUPT);
        refused += code != UF_OK;
        free(file.at);
        free(copy);
    }
    EXPECT(refused > 5000);
}

int main(void)
{
    files_begin();
    shop = shop_file();
    RUN(a_sound_file_is_read);
    RUN(a_file_cut_at_any_byte_is_refused);
    RUN(a_file_with_any_byte_changed_is_refused);
    RUN(none_of_10000_random_damages_is_taken_for_a_heap);
    RUN(chunks_of_any_contents_are_refused_or_make_a_sound_graph);
    free(shop.at);
    files_end();
    return test_end();
}
