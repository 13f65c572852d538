#include "unfreed.h"

#include "base/mem.h"
#include "test.h"

#include <unistd.h>

static struct uf_channel *channel_for(const char *spec, bool json)
{
    int fd = -1;
    struct uf_channel *channel = uf_channel_create(&fd);
    if (!channel)
        return NULL;
    close(fd);
    struct uf_check_request *request = uf_channel_request(channel);
    request->spec = spec ? uf_channel_add_text(channel, spec, strlen(spec)) : 0;
    request->json = json;
    request->width = 80;
    return channel;
}

static bool holds(const char *text, const char *part)
{
    return text && strstr(text, part) != NULL;
}

TEST(a_target_that_does_not_return_is_undecided_as_text)
{
    struct uf_channel *channel = channel_for("slow.py:crawl", false);
    size_t len = 0;
    EXPECT(channel != NULL);
    if (!channel)
        return;
    uf_channel_set_state(channel, UF_STATE_MEASURING);
    uf_channel_progress(channel)->calls = 3;
    char *text = uf_report_undecided(channel, "3.11.2",
                                     "call 4 did not return within 2 s (--timeout)", &len);
    EXPECT(text && strlen(text) == len);
    EXPECT_TEXT(text ? text : "",
                "UNDECIDED  no verdict: call 4 did not return within 2 s (--timeout)\n"
                "           3 calls finished\n");
    uf_report_free(text);
    uf_channel_close(channel);
}

TEST(and_as_json_with_what_is_known)
{
    struct uf_channel *channel = channel_for("slow.py:crawl", true);
    size_t len = 0;
    EXPECT(channel != NULL);
    if (!channel)
        return;
    uf_channel_set_state(channel, UF_STATE_WARMUP);
    uf_channel_progress(channel)->calls = 1;
    char *text = uf_report_undecided(channel, NULL, NULL, &len);
    EXPECT(holds(text, "\"verdict\": \"undecided\""));
    EXPECT(holds(text, "\"spec\": \"slow.py:crawl\""));
    EXPECT(holds(text, "\"python\": null"));
    EXPECT(holds(text, "\"unfreed\": \"" UNFREED_VERSION "\""));
    EXPECT(holds(text, "\"calls\": {\"warmup\": 1, \"measured\": 0}"));
    EXPECT(holds(text, "\"evidence\": \"the target did not return\""));
    EXPECT(holds(text, "\"enabled\": null"));
    uf_report_free(text);
    uf_channel_close(channel);
}

TEST(without_memory_there_is_no_report_and_nothing_is_lost)
{
    for (int json = 0; json < 2; json++) {
        struct uf_channel *channel = channel_for(NULL, json);
        size_t len = 0;
        EXPECT(channel != NULL);
        if (!channel)
            return;
        uint64_t before = uf_mem_live_blocks();
        bool done = false;
        for (uint64_t n = 1; !done && n < 1000; n++) {
            uf_mem_fail_at(n);
            char *text = uf_report_undecided(channel, "3.11.2", "why", &len);
            done = text != NULL;
            EXPECT(done || len == 0);
            uf_report_free(text);
        }
        uf_mem_fail_at(0);
        EXPECT(done);
        EXPECT(uf_mem_live_blocks() == before);
        uf_channel_close(channel);
    }
}

int main(void)
{
    RUN(a_target_that_does_not_return_is_undecided_as_text);
    RUN(and_as_json_with_what_is_known);
    RUN(without_memory_there_is_no_report_and_nothing_is_lost);
    return test_end();
}
