/* Writing that fails leaves nothing behind; what is left out is left out. */
#include "fail.h"
#include "make_shapes.h"
#include "shop_graph.h"
#include "snapshot_files.h"
#include "wide_graph.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct wide_graph wide; /* some 2 MB */

static enum uf_code write_wide(const char *path, struct uf_error *err)
{
    struct uf_snapshot_content content = {&wide.graph, &wide.shapes, meta_unknown(), false};
    uint64_t bytes;
    return uf_snapshot_write(path, &content, &bytes, err);
}

static bool file_holds(const char *path, const char *text)
{
    struct file_bytes file = file_read(path);
    bool found = memmem(file.at, file.len, text, strlen(text)) != NULL;
    free(file.at);
    return found;
}

TEST(only_its_owner_may_read_a_snapshot)
{
    struct stat status;
    umask(0);
    EXPECT(write_wide(files_path, NULL) == UF_OK);
    EXPECT(stat(files_path, &status) == 0 && (status.st_mode & 0777) == 0600);
    EXPECT(files_count() == 1);
    unlink(files_path);
}

/* In a process of its own, which may write only so many bytes to a file. */
static int write_with_room(rlim_t bytes)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {bytes, bytes};
        struct uf_error err;
        signal(SIGXFSZ, SIG_IGN); /* as Python has it */
        setrlimit(RLIMIT_FSIZE, &limit);
        enum uf_code code = write_wide(files_path, &err);
        _exit(code == UF_EIO && err.os_errno == EFBIG ? 1 : code == UF_OK ? 0 : 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(a_full_disk_is_an_error_and_leaves_no_file)
{
    struct rlimit whole;
    EXPECT(write_wide(files_path, NULL) == UF_OK);
    struct file_bytes file = file_read(files_path);
    unlink(files_path);
    whole.rlim_cur = file.len;
    free(file.at);
    EXPECT(write_with_room(whole.rlim_cur) == 0);
    unlink(files_path);
    for (int i = 0; i < 20; i++) {
        EXPECT(write_with_room(whole.rlim_cur * (rlim_t)i / 20) == 1);
        EXPECT(files_count() == 0);
    }
    EXPECT(write_with_room(whole.rlim_cur - 1) == 1);
    EXPECT(files_count() == 0);
}

static void write_word(const char *word)
{
    FILE *file = fopen(files_path, "w");
    fputs(word, file);
    fclose(file);
}

TEST(a_file_that_stood_there_stays_until_the_new_one_is_whole)
{
    write_word("before");
    EXPECT(write_with_room(1000) == 1);
    EXPECT(file_holds(files_path, "before") && files_count() == 1);
    EXPECT(write_wide(files_path, NULL) == UF_OK);
    EXPECT(!file_holds(files_path, "before") && files_count() == 1);
    unlink(files_path);
}

static uf_node killed_at;

static enum uf_text_kind text_until_killed(void *context, uf_node node, char *ret, size_t size,
                                           size_t *len)
{
    if (node == killed_at)
        kill(getpid(), SIGKILL);
    return wide_text(context, node, ret, size, len);
}

TEST(who_is_killed_while_writing_leaves_nothing_under_the_name)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            killed_at = wide.graph.node_count / 10 * (uf_node)i;
            wide.shapes.text = text_until_killed;
            write_wide(files_path, NULL);
            _exit(0);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        EXPECT(access(files_path, F_OK) != 0);
    }
    char command[100]; /* what was being written is called otherwise */
    snprintf(command, sizeof command, "rm -f %s/*.partial", files_folder);
    EXPECT(system(command) == 0);
    EXPECT(files_count() == 0);
}

TEST(what_cannot_be_written_is_said_with_its_reason)
{
    struct uf_error err;
    EXPECT(write_wide("/nowhere/app.snapshot", &err) == UF_EIO && err.os_errno == ENOENT);
    EXPECT_TEXT(err.message, "/nowhere/app.snapshot cannot be written: No such file or directory");
    EXPECT(write_wide(files_folder, &err) == UF_EIO && err.os_errno == EISDIR);
    EXPECT(write_wide("/dev/full", &err) == UF_EIO && err.os_errno == ENOSPC);
}

TEST(a_graph_that_is_not_whole_is_refused)
{
    struct uf_graph graph = wide.graph;
    struct uf_snapshot_content content = {&graph, &wide.shapes, meta_unknown(), false};
    struct uf_error err;
    uint64_t bytes, address = 0x1001;
    graph.size = NULL;
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_EINVAL);
    graph = (struct uf_graph){0};
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_OK);
    unlink(files_path);
    graph = wide.graph;
    uint64_t kept = graph.address[5];
    for (int i = 0; i < 3; i++, address = i == 1 ? 0 : UINT64_C(1) << 48) {
        graph.address[5] = address;
        EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_EINVAL);
        EXPECT_TEXT(err.message, "the graph has an address that no object can have");
    }
    graph.address[5] = kept;
    EXPECT(files_count() == 0);
}

static const char secret[] = "app -> attributes\n"
                             "attributes: dict tracked\n"
                             "attributes -> a_name key 'password'\n"
                             "attributes -> a_value .password\n"
                             "a_name: None preview='password'\n" /* not of type str: a name */
                             "a_value: str preview='hunter2'\n"
                             "attributes -> other_name key 'items'\n"
                             "attributes -> items .items\n"
                             "other_name: None preview='items'\n"
                             "items: dict tracked\n"
                             "items -> card key '4111'\n"
                             "items -> long ['4111']\n"
                             "items -> pin key 1234\n"
                             "items -> object ['1234']\n"
                             "card: str preview='4111'\n"
                             "pin: int preview=1234\n"
                             "object: app.Thing\n"
                             "long: str preview='topsecretandverylongtext...' len=4000\n"
                             "items -> set ['x']\n"
                             "set: set\n"
                             "set -> card {'4111'}\n"
                             "function: function preview=<function/pay>\n";

TEST(redacted_files_have_names_and_no_contents)
{
    struct made_graph made;
    struct made_shapes shapes;
    struct uf_snapshot *snapshot;
    struct uf_meta meta = *meta_unknown();
    struct uf_error err;
    uint64_t bytes;
    meta.command_line = "app.py --token s3cr3t";
    meta.executable = "/usr/bin/python3";
    make_graph(&made, secret);
    make_shapes(&shapes, &made);
    struct uf_snapshot_content content = {&made.graph, &shapes.shapes, &meta, false};
    static const char *const contents[] = {"hunter2", "topsecret", "s3cr3t"};
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_OK);
    for (int i = 0; i < 3; i++)
        EXPECT(file_holds(files_path, contents[i]));
    content.redact = true;
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, &err) == UF_OK);
    for (int i = 0; i < 3; i++)
        EXPECT(!file_holds(files_path, contents[i]));
    EXPECT(uf_snapshot_open(&snapshot, files_path, &err) == UF_OK &&
           uf_snapshot_load(snapshot, UF_LOAD_ALL, &err) == UF_OK);
    EXPECT(uf_snapshot_meta(snapshot)->redacted && !uf_snapshot_meta(snapshot)->command_line);
    EXPECT_TEXT(uf_snapshot_meta(snapshot)->executable, "/usr/bin/python3");
    const struct uf_names *names = uf_snapshot_names(snapshot);
    static const struct {
        const char *node;
        uint32_t ordinal;
        const char *text;
    } expected[] = {{"attributes", 1, ".password"}, {"attributes", 3, ".items"},
                    {"items", 0, "key ..."},        {"items", 1, "[...]"},
                    {"items", 3, "[...]"},          {"set", 0, "{...}"}};
    for (int i = 0; i < 6; i++) {
        struct uf_ref_name name;
        names->name(names->context, made_node(&made, expected[i].node), expected[i].ordinal, &name);
        EXPECT_TEXT(name.text, expected[i].text);
    }
    char preview[100];
    names->preview(names->context, made_node(&made, "long"), preview, sizeof preview);
    EXPECT_TEXT(preview, "str, 4,000 characters");
    names->preview(names->context, made_node(&made, "card"), preview, sizeof preview);
    EXPECT_TEXT(preview, "<str>");
    names->preview(names->context, made_node(&made, "function"), preview, sizeof preview);
    EXPECT_TEXT(preview, "<function/pay>");
    uf_snapshot_close(snapshot);
    made_shapes_release(&shapes);
    made_graph_release(&made);
}

TEST(what_is_said_of_the_process_comes_back)
{
    struct uf_graph graph = {0};
    struct uf_meta meta = *meta_unknown();
    const struct uf_meta *read;
    struct uf_snapshot_content content = {&graph, &wide.shapes, &meta, false};
    struct uf_snapshot *snapshot;
    uint64_t bytes;
    meta.python = "3.11.7";
    meta.command_line = "app.py\t--name=\"x\"";
    meta.pid = 42;
    meta.taken_ns = UINT64_MAX - 1;
    meta.threshold[2] = 10;
    meta.collections[1] = 0;
    EXPECT(uf_snapshot_write(files_path, &content, &bytes, NULL) == UF_OK);
    EXPECT(uf_snapshot_open(&snapshot, files_path, NULL) == UF_OK);
    read = uf_snapshot_meta(snapshot);
    EXPECT_TEXT(read->python, "3.11.7");
    EXPECT_TEXT(read->command_line, "app.py\t--name=\"x\"");
    EXPECT(read->pid == 42 && read->taken_ns == UINT64_MAX - 1 && read->threshold[2] == 10);
    EXPECT(read->collections[1] == 0 && read->collections[0] == UF_META_UNKNOWN);
    EXPECT(!read->unfreed && !read->platform && !read->redacted);
    EXPECT(read->pause_ns == UF_META_UNKNOWN && read->threshold[0] == UF_META_UNKNOWN);
    uf_snapshot_close(snapshot);
}

static bool write_without_memory(void)
{
    return write_wide(files_path, NULL) == UF_OK;
}

static bool read_without_memory(void)
{
    struct uf_snapshot *snapshot;
    bool done = uf_snapshot_open(&snapshot, files_path, NULL) == UF_OK &&
                uf_snapshot_load(snapshot, UF_LOAD_ALL, NULL) == UF_OK &&
                uf_snapshot_verify(snapshot, NULL) == UF_OK;
    uf_snapshot_close(snapshot);
    return done;
}

TEST(every_failed_allocation_is_an_error_and_leaves_nothing)
{
    wide_graph_release(&wide);
    wide_graph(&wide,
               &(struct wide_options){.nodes = 3000, .types = 10, .shapes = 300, .degree = 3}, 5);
    EXPECT(write_wide(files_path, NULL) == UF_OK);
    EXPECT(every_failed_allocation_is_an_error(read_without_memory));
    EXPECT(every_failed_allocation_is_an_error(write_without_memory));
    EXPECT(files_count() == 1);
}

int main(void)
{
    files_begin();
    wide_graph(&wide,
               &(struct wide_options){.nodes = 50000, .types = 10, .shapes = 30, .degree = 3}, 5);
    RUN(only_its_owner_may_read_a_snapshot);
    RUN(a_full_disk_is_an_error_and_leaves_no_file);
    RUN(a_file_that_stood_there_stays_until_the_new_one_is_whole);
    RUN(who_is_killed_while_writing_leaves_nothing_under_the_name);
    RUN(what_cannot_be_written_is_said_with_its_reason);
    RUN(a_graph_that_is_not_whole_is_refused);
    RUN(redacted_files_have_names_and_no_contents);
    RUN(what_is_said_of_the_process_comes_back);
    RUN(every_failed_allocation_is_an_error_and_leaves_nothing);
    wide_graph_release(&wide);
    files_end();
    return test_end();
}
