/* `unfreed diff` from the files to the answer: what it notes, and what happens when memory is out. */
#include "fail.h"
#include "make_shapes.h"
#include "snapshot_files.h"
#include "test.h"
#include "unfreed.h"

static char other_path[64];
static struct uf_answer answer;
static struct uf_heap_request request;

static void write_heap(const char *path, const char *text, const struct uf_meta *meta)
{
    struct made_graph made;
    struct made_shapes shapes;
    struct uf_error err = {0};
    uint64_t bytes;
    make_graph(&made, text);
    make_shapes(&shapes, &made);
    struct uf_snapshot_content content = {&made.graph, &shapes.shapes, meta, false};
    EXPECT(uf_snapshot_write(path, &content, &bytes, &err) == UF_OK);
    made_shapes_release(&shapes);
    made_graph_release(&made);
}

/* app.LOG with one line, then with four more and a new attribute. */
static const char old_heap[] = "root module app -> app\napp: module\napp -> log .LOG\n"
                               "log: list size=5000 len=1\nlog -> l0 [0]\nl0: str size=50\n";
static const char new_heap[] = "root module app -> app\napp: module\napp -> log .LOG\n"
                               "log: list size=5000 len=5\nlog -> l0 [0]\nl0: str size=50\n"
                               "log -> l1 [1]\nl1: str size=6000\nlog -> l2 [2]\nl2: str size=51\n"
                               "log -> l3 [3]\nl3: str size=52\napp -> c .CACHE\nc: dict size=64\n";

static void compare(const struct uf_meta *old, const struct uf_meta *new)
{
    write_heap(files_path, old_heap, old);
    write_heap(other_path, new_heap, new);
    request = (struct uf_heap_request){.file = files_path, .newer = other_path};
    uf_diff(&request, &answer);
}

static struct uf_meta meta_of(uint64_t pid, uint64_t started, uint64_t taken)
{
    struct uf_meta meta = *meta_unknown();
    meta.pid = pid;
    meta.process_started_ns = started;
    meta.taken_ns = taken;
    meta.python = "3.12.1";
    meta.command_line = "python app.py";
    return meta;
}

static bool says(const char *words)
{
    return answer.text && strstr(answer.text, words) != NULL;
}

TEST(two_snapshots_of_a_process_are_compared_object_by_object)
{
    struct uf_meta old = meta_of(7, 100, 1000000000), new = meta_of(7, 100, 31000000000);
    compare(&old, &new);
    EXPECT(answer.exit_code == UF_EXIT_DONE);
    EXPECT(says("GREW  6 KiB in 30 s: 99 % of it is held by module app.LOG\n"));
    EXPECT(says(".LOG   list, 5 items, +3   <-- grows here\n") && says("[3]  str\n"));
    EXPECT(!says("note"));
    uf_answer_release(&answer);
}

TEST(what_is_to_be_minded_is_noted)
{
    struct uf_meta old = meta_of(7, 100, 5), new = meta_of(7, 100, 4);
    compare(&old, &new);
    EXPECT(says("wrong order"));
    uf_answer_release(&answer);
    new = meta_of(7, 5000000100, 6); /* the pid was used again */
    compare(&old, &new);
    EXPECT(says("different processes"));
    uf_answer_release(&answer);
    new.python = "3.13.0";
    new.command_line = "python other.py";
    compare(&old, &new);
    EXPECT(says("different programs") && says("different Python versions"));
    uf_answer_release(&answer);
}

TEST(without_a_pid_or_a_time_nothing_is_made_up)
{
    compare(meta_unknown(), meta_unknown());
    EXPECT(answer.exit_code == UF_EXIT_DONE && says("different processes") && !says("pid"));
    uf_answer_release(&answer);
}

TEST(the_limit_decides_the_exit_code)
{
    struct uf_meta old = meta_of(7, 100, 5), new = meta_of(7, 100, 6);
    compare(&old, &new);
    uf_answer_release(&answer);
    request.has_growth_limit = true;
    request.growth_limit_bytes = 6000 + 51 + 52 + 64;
    uf_diff(&request, &answer);
    EXPECT(answer.exit_code == UF_EXIT_DONE);
    uf_answer_release(&answer);
    request.growth_limit_bytes--;
    uf_diff(&request, &answer);
    EXPECT(answer.exit_code == UF_EXIT_FINDING && says("exceeded"));
    uf_answer_release(&answer);
}

static bool stop(void *context, const char *doing)
{
    int *steps = context;
    (void)doing;
    return --*steps > 0;
}

TEST(an_interrupt_ends_it_at_any_step)
{
    struct uf_meta old = meta_of(7, 100, 5), new = meta_of(7, 100, 6);
    int stopped = 0;
    compare(&old, &new);
    uf_answer_release(&answer);
    request.progress = stop;
    for (int steps = 1; steps < 40; steps++) {
        int left = steps;
        uint64_t live = uf_mem_live_blocks();
        request.progress_context = &left;
        uf_diff(&request, &answer);
        stopped += answer.exit_code == UF_EXIT_INTERRUPTED && !answer.text;
        EXPECT(answer.exit_code == UF_EXIT_INTERRUPTED || answer.exit_code == UF_EXIT_DONE);
        uf_answer_release(&answer);
        EXPECT(uf_mem_live_blocks() == live);
    }
    EXPECT(stopped >= 6 && stopped < 39);
}

static bool ask(void)
{
    uf_diff(&request, &answer);
    bool fine = answer.exit_code == UF_EXIT_DONE && answer.text && !answer.error[0];
    EXPECT(fine || (answer.exit_code == UF_EXIT_FAULT && !answer.text && answer.error[0]));
    uf_answer_release(&answer);
    return fine;
}

TEST(each_allocation_that_fails_is_an_error_and_leaks_nothing)
{
    struct uf_meta old = meta_of(7, 100, 5), new = meta_of(7, 100, 6);
    compare(&old, &new);
    uf_answer_release(&answer);
    EXPECT(every_failed_allocation_is_an_error(ask));
    request.json = true;
    EXPECT(every_failed_allocation_is_an_error(ask));
}

int main(void)
{
    files_begin();
    snprintf(other_path, sizeof other_path, "%s/new.snapshot", files_folder);
    RUN(two_snapshots_of_a_process_are_compared_object_by_object);
    RUN(what_is_to_be_minded_is_noted);
    RUN(without_a_pid_or_a_time_nothing_is_made_up);
    RUN(the_limit_decides_the_exit_code);
    RUN(an_interrupt_ends_it_at_any_step);
    RUN(each_allocation_that_fails_is_an_error_and_leaks_nothing);
    unlink(other_path);
    files_end();
    return test_end();
}
