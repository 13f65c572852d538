#include "base/sink.h"

#include "fail.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_sink-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* What stands in the file, up to the room there is; NULL: no such file. */
static const char *contents(const char *name)
{
    static char text[1000];
    FILE *file = fopen(in_folder(name), "r");
    if (!file)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int files_in_folder(void)
{
    DIR *listing = opendir(folder);
    int count = -2; /* "." and ".." */
    while (readdir(listing))
        count++;
    closedir(listing);
    return count;
}

static void put(const char *name, const char *text)
{
    struct uf_sink sink;
    EXPECT(uf_sink_open(&sink, in_folder(name), NULL) == UF_OK);
    uf_sink_add_z(&sink, text);
    EXPECT(uf_sink_commit(&sink, NULL) == UF_OK);
    uf_sink_release(&sink);
}

TEST(a_file_stands_under_its_name_only_after_the_commit)
{
    struct uf_sink sink;
    EXPECT(uf_sink_open(&sink, in_folder("new"), NULL) == UF_OK);
    uf_sink_add_z(&sink, "abc");
    uf_sink_printf(&sink, " %s", "d");
    memcpy(uf_sink_room(&sink, 2), "ef", 2);
    uf_sink_took(&sink, 2);
    EXPECT(uf_sink_offset(&sink) == 7);
    EXPECT(contents("new") == NULL && files_in_folder() <= 1); /* it may have no name yet */
    EXPECT(uf_sink_commit(&sink, NULL) == UF_OK);
    uf_sink_release(&sink);
    EXPECT_TEXT(contents("new"), "abc def");
    EXPECT(files_in_folder() == 1);
    struct stat status;
    EXPECT(stat(in_folder("new"), &status) == 0 && (status.st_mode & 0777) == 0600);
    unlink(in_folder("new"));
}

TEST(without_a_commit_what_stood_there_stays)
{
    put("old", "old");
    struct uf_sink sink;
    EXPECT(uf_sink_open(&sink, in_folder("old"), NULL) == UF_OK);
    uf_sink_add_z(&sink, "new");
    uf_sink_release(&sink);
    uf_sink_release(&sink); /* once more does nothing */
    EXPECT_TEXT(contents("old"), "old");
    EXPECT(files_in_folder() == 1);
    put("old", "newer");
    EXPECT_TEXT(contents("old"), "newer");
    unlink(in_folder("old"));
}

TEST(any_amount_goes_through_the_buffer)
{
    enum { PIECE = 999, LARGE = 3 << 20 };
    char *large = uf_mem_zalloc(LARGE);
    memset(large, 'x', LARGE);
    struct uf_sink sink;
    EXPECT(uf_sink_open(&sink, in_folder("large"), NULL) == UF_OK);
    for (int i = 0; i < 2000; i++)
        uf_sink_add(&sink, large, PIECE);
    uf_sink_add(&sink, large, LARGE);
    uf_sink_add(&sink, large, 0);
    EXPECT(uf_sink_offset(&sink) == 2000 * PIECE + LARGE);
    EXPECT(uf_sink_commit(&sink, NULL) == UF_OK);
    uf_sink_release(&sink);
    struct stat status;
    EXPECT(stat(in_folder("large"), &status) == 0 && status.st_size == 2000 * PIECE + LARGE);
    unlink(in_folder("large"));
    uf_mem_free(large);
}

TEST(a_full_disk_is_an_error_and_leaves_nothing)
{
    put("kept", "kept");
    struct rlimit before, small = {100000, 100000};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    struct uf_sink sink;
    struct uf_error err;
    EXPECT(uf_sink_open(&sink, in_folder("kept"), &err) == UF_OK);
    for (int i = 0; i < 300000; i++)
        uf_sink_add_z(&sink, "much");
    EXPECT(uf_sink_failed(&sink));
    EXPECT(uf_sink_commit(&sink, &err) == UF_EIO && err.os_errno == EFBIG);
    uf_sink_release(&sink);
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_TEXT(contents("kept"), "kept");
    EXPECT(files_in_folder() == 1);
    EXPECT(strstr(err.message, "/kept cannot be written: File too large") != NULL);
    unlink(in_folder("kept"));
}

TEST(what_is_no_file_is_written_to_and_not_replaced)
{
    struct uf_sink sink;
    struct uf_error err;
    EXPECT(uf_sink_open(&sink, "/dev/null", &err) == UF_OK);
    uf_sink_add_z(&sink, "gone");
    EXPECT(uf_sink_commit(&sink, &err) == UF_OK);
    uf_sink_release(&sink);
    EXPECT(uf_sink_open(&sink, "/dev/full", &err) == UF_OK);
    uf_sink_add_z(&sink, "no room");
    EXPECT(uf_sink_commit(&sink, &err) == UF_EIO && err.os_errno == ENOSPC);
    uf_sink_release(&sink);
    EXPECT_TEXT(err.message, "/dev/full cannot be written: No space left on device");
    struct stat status;
    EXPECT(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
}

TEST(a_descriptor_is_written_to_and_stays_open)
{
    int ends[2];
    char read_back[10] = "";
    struct uf_sink sink;
    struct uf_error err;
    EXPECT(pipe(ends) == 0);
    EXPECT(uf_sink_open_fd(&sink, ends[1], "standard output", &err) == UF_OK);
    uf_sink_add_z(&sink, "abc");
    EXPECT(uf_sink_commit(&sink, &err) == UF_OK);
    uf_sink_release(&sink);
    EXPECT(write(ends[1], "d", 1) == 1);
    EXPECT(read(ends[0], read_back, sizeof read_back - 1) == 4);
    EXPECT_TEXT(read_back, "abcd");
    close(ends[0]);
    close(ends[1]);
    EXPECT(uf_sink_open_fd(&sink, ends[1], "standard output", &err) == UF_EIO);
    EXPECT_TEXT(err.message, "standard output cannot be written: Bad file descriptor");
}

TEST(a_link_is_followed)
{
    char link[300];
    snprintf(link, sizeof link, "%s", in_folder("link"));
    put("file", "before");
    EXPECT(symlink("file", link) == 0);
    put("link", "after");
    EXPECT_TEXT(contents("file"), "after");
    struct stat status;
    EXPECT(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
    unlink(link);
    unlink(in_folder("file"));
}

TEST(a_name_that_cannot_be_is_refused)
{
    struct uf_sink sink;
    struct uf_error err;
    EXPECT(uf_sink_open(&sink, in_folder("none/file"), &err) == UF_EIO && err.os_errno == ENOENT);
    EXPECT(uf_sink_open(&sink, folder, &err) == UF_EIO && err.os_errno == EISDIR);
    EXPECT(uf_sink_open(&sink, "", &err) == UF_EIO && err.os_errno == ENOENT);
    EXPECT(uf_sink_open(&sink, in_folder("none/"), &err) == UF_EIO && err.os_errno == EISDIR);
    uf_sink_release(&sink);
    EXPECT(files_in_folder() == 0);
}

TEST(a_text_takes_the_same)
{
    struct uf_text text = {0};
    struct uf_sink sink;
    EXPECT(uf_sink_open_text(&sink, &text, NULL) == UF_OK);
    uf_sink_printf(&sink, "[%d]", 5);
    EXPECT(uf_sink_commit(&sink, NULL) == UF_OK);
    uf_sink_release(&sink);
    EXPECT_TEXT(text.at, "[5]");
    uf_text_release(&text);
}

TEST(what_is_longer_than_the_room_is_an_error_and_not_cut)
{
    struct uf_text text = {0};
    struct uf_sink sink;
    EXPECT(uf_sink_open_text(&sink, &text, NULL) == UF_OK);
    uf_sink_printf(&sink, "%*s", UF_SINK_ROOM, "x");
    EXPECT(uf_sink_failed(&sink));
    uf_sink_release(&sink);
    uf_text_release(&text);
}

static bool write_both(void)
{
    struct uf_text text = {0};
    struct uf_sink sink;
    bool fine = uf_sink_open_text(&sink, &text, NULL) == UF_OK;
    if (fine) {
        for (int i = 0; i < 100000; i++)
            uf_sink_add_z(&sink, "words");
        fine = uf_sink_commit(&sink, NULL) == UF_OK;
    }
    uf_sink_release(&sink);
    uf_text_release(&text);
    fine = uf_sink_open(&sink, in_folder("f"), NULL) == UF_OK && fine;
    if (fine)
        fine = uf_sink_commit(&sink, NULL) == UF_OK;
    uf_sink_release(&sink);
    unlink(in_folder("f"));
    return fine;
}

TEST(after_a_failed_allocation_nothing_is_left)
{
    EXPECT(every_failed_allocation_is_an_error(write_both));
    EXPECT(files_in_folder() == 0);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    RUN(a_file_stands_under_its_name_only_after_the_commit);
    RUN(without_a_commit_what_stood_there_stays);
    RUN(any_amount_goes_through_the_buffer);
    RUN(a_full_disk_is_an_error_and_leaves_nothing);
    RUN(what_is_no_file_is_written_to_and_not_replaced);
    RUN(a_descriptor_is_written_to_and_stays_open);
    RUN(a_link_is_followed);
    RUN(a_name_that_cannot_be_is_refused);
    RUN(a_text_takes_the_same);
    RUN(what_is_longer_than_the_room_is_an_error_and_not_cut);
    RUN(after_a_failed_allocation_nothing_is_left);
    rmdir(folder);
    return test_end();
}
