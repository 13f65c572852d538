/* Why a process cannot be read, and what to do, in one line. */
#include "memory/process_state.h"

#include "test.h"

#include <errno.h>

static struct uf_error err;

static const char *explained(struct uf_process_refusal why)
{
    if (!why.tracer_name)
        why.tracer_name = "";
    if (!why.os_errno)
        why.os_errno = EPERM;
    EXPECT(uf_process_explain(&why, &err) == UF_ETARGET && err.code == UF_ETARGET);
    EXPECT(strlen(err.message) < sizeof err.message - 1); /* not cut */
    EXPECT(err.message[strlen(err.message) - 1] == ')');
    return err.message;
}

TEST(the_setting_that_forbids_it_is_named)
{
    EXPECT_TEXT(
        explained((struct uf_process_refusal){.owner = 1000, .own = 1000, .yama = 1}),
        "not permitted: kernel.yama.ptrace_scope is 1, so only a parent or CAP_SYS_PTRACE may (run "
        "with sudo, or: sysctl kernel.yama.ptrace_scope=0; in a container: --cap-add SYS_PTRACE)");
    EXPECT_TEXT(
        explained((struct uf_process_refusal){.owner = 1000, .own = 1000, .yama = 2}),
        "not permitted: kernel.yama.ptrace_scope is 2, so CAP_SYS_PTRACE is needed (run with "
        "sudo; in a container: --cap-add SYS_PTRACE)");
    EXPECT_TEXT(
        explained((struct uf_process_refusal){.privileged = true, .yama = 3}),
        "no process may be read on this machine: kernel.yama.ptrace_scope is 3 (set it lower "
        "where it is set at start; it cannot be changed before)");
}

TEST(root_without_the_capability_is_told_how_a_container_gets_it)
{
    EXPECT_TEXT(
        explained((struct uf_process_refusal){.own = 0, .yama = UF_YAMA_NONE}),
        "not permitted: this is root without CAP_SYS_PTRACE (in a container: --cap-add SYS_PTRACE; "
        "Kubernetes: securityContext.capabilities.add)");
}

TEST(a_process_of_another_user_is_told_with_both)
{
    EXPECT_TEXT(
        explained((struct uf_process_refusal){.owner = 33, .own = 1000, .yama = 1}),
        "not permitted: it is of user 33, this is user 1000 (run as that user, or with sudo; in a "
        "container: --cap-add SYS_PTRACE)");
}

TEST(a_process_of_the_same_user_may_be_protected)
{
    EXPECT_TEXT(
        explained((struct uf_process_refusal){.owner = 1000, .own = 1000, .yama = 0}),
        "not permitted: it is of this user, but protected: it changed its user or has more rights, "
        "so CAP_SYS_PTRACE is needed (run with sudo; in a container: --cap-add SYS_PTRACE)");
}

TEST(a_refusal_in_spite_of_all_rights_is_of_a_security_module)
{
    const char *expected =
        "not permitted in spite of CAP_SYS_PTRACE: a security module, a seccomp filter "
        "or another user namespace forbids it (run outside the container)";
    EXPECT_TEXT(explained((struct uf_process_refusal){.privileged = true, .yama = 1}), expected);
}

TEST(the_one_that_traces_it_is_named)
{
    EXPECT_TEXT(explained((struct uf_process_refusal){
                    .privileged = true, .tracer = 812, .tracer_name = "gdb"}),
                "being traced by process 812 (gdb): only one can (end that one first)");
    EXPECT_TEXT(explained((struct uf_process_refusal){.tracer = 812}),
                "being traced by process 812: only one can (end that one first)");
}

TEST(what_a_failed_call_means_depends_on_its_error)
{
    EXPECT(uf_process_unreadable(1 << 23, ESRCH, &err) == UF_ETARGET);
    EXPECT_TEXT(err.message, "it ended while it was being read (look whether it was started anew)");
    EXPECT(uf_process_unreadable(1 << 23, EACCES, &err) == UF_ETARGET); /* gone since */
    EXPECT(uf_process_unreadable(1 << 23, ENOMEM, &err) == UF_ENOMEM);
    EXPECT(uf_process_unreadable(1 << 23, EMFILE, &err) == UF_EIO && err.os_errno == EMFILE);
}

int main(void)
{
    RUN(the_setting_that_forbids_it_is_named);
    RUN(root_without_the_capability_is_told_how_a_container_gets_it);
    RUN(a_process_of_another_user_is_told_with_both);
    RUN(a_process_of_the_same_user_may_be_protected);
    RUN(a_refusal_in_spite_of_all_rights_is_of_a_security_module);
    RUN(the_one_that_traces_it_is_named);
    RUN(what_a_failed_call_means_depends_on_its_error);
    return test_end();
}
