#include "analysis/descriptor_words.h"

#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

static void expect(const struct uf_descriptor_facts *facts, const char *target, const char *sort)
{
    struct uf_text text = {0};
    uf_descriptor_target(facts, &text);
    EXPECT(text.at && strcmp(text.at, target) == 0);
    text.len = 0;
    uf_descriptor_sort(facts, &text);
    EXPECT(text.at && strcmp(text.at, sort) == 0);
    uf_text_release(&text);
}

static struct uf_descriptor_facts file(const char *link, unsigned type)
{
    return (struct uf_descriptor_facts){.link = link, .file_type = type, .access = -1};
}

static void set_inet(struct sockaddr_storage *at, socklen_t *len, const char *address, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &in.sin_addr);
    memcpy(at, &in, sizeof in);
    *len = sizeof in;
}

static struct uf_descriptor_facts tcp(int local, int peer)
{
    struct uf_descriptor_facts facts = file("socket:[4711]", S_IFSOCK);
    facts.socket_type = SOCK_STREAM;
    facts.ephemeral_from = 32768;
    set_inet(&facts.local, &facts.local_len, "127.0.0.1", local);
    if (peer)
        set_inet(&facts.peer, &facts.peer_len, "10.0.0.7", peer);
    return facts;
}

TEST(files_are_named_by_path_and_sorted_without_what_differs)
{
    struct uf_descriptor_facts facts = file("/srv/app/log.17", S_IFREG);
    expect(&facts, "/srv/app/log.17", "file /srv/app/log.*");
    facts = file("/tmp/tmpab12/part-7 (deleted)", S_IFREG);
    facts.deleted = true;
    expect(&facts, "/tmp/tmpab12/part-7 (deleted)", "file /tmp/*/part-* (deleted)");
    facts = file("/tmp/x1", S_IFREG);
    expect(&facts, "/tmp/x1", "file /tmp/*");
    facts = file("/etc", S_IFDIR);
    expect(&facts, "/etc", "directory /etc");
    facts = file("/dev/null", S_IFCHR);
    expect(&facts, "/dev/null", "file /dev/null");
    facts = file("/memfd:shared (deleted)", S_IFREG);
    expect(&facts, "memfd shared", "memfd");
}

TEST(what_has_no_file_is_said_in_plain_words)
{
    struct uf_descriptor_facts facts = file("pipe:[99]", S_IFIFO);
    facts.access = O_WRONLY;
    expect(&facts, "write end of a pipe", "pipe");
    facts.access = O_RDONLY;
    expect(&facts, "read end of a pipe", "pipe");
    facts = file("anon_inode:[eventfd]", 0);
    expect(&facts, "eventfd", "eventfd");
    facts = file("anon_inode:[eventpoll]", 0);
    expect(&facts, "epoll", "epoll");
    facts = file("anon_inode:[timerfd]", 0);
    expect(&facts, "timerfd", "timerfd");
    facts = file("", 0);
    expect(&facts, "unknown", "descriptor");
}

TEST(a_socket_tells_both_ends_and_its_sort_the_other)
{
    struct uf_descriptor_facts facts = tcp(40112, 5432);
    expect(&facts, "TCP socket 127.0.0.1:40112 connected to 10.0.0.7:5432",
           "socket to 10.0.0.7:5432");
    facts = tcp(40112, 45000);
    facts.closed_by_peer = true;
    expect(&facts,
           "TCP socket 127.0.0.1:40112 connected to 10.0.0.7:45000, which the peer has closed",
           "socket to 10.0.0.7:*");
}

TEST(a_socket_without_a_peer_says_whether_it_listens)
{
    struct uf_descriptor_facts facts = tcp(8080, 0);
    facts.listening = true;
    expect(&facts, "TCP socket listening on 127.0.0.1:8080", "listening socket on 127.0.0.1:8080");
    facts = tcp(0, 0);
    facts.socket_type = SOCK_DGRAM;
    expect(&facts, "UDP socket, neither bound nor connected", "UDP socket, not connected");
    facts = tcp(40112, 0);
    expect(&facts, "TCP socket 127.0.0.1:40112, not connected", "TCP socket, not connected");
}

TEST(unix_sockets_have_paths_or_none)
{
    struct uf_descriptor_facts facts = file("socket:[1]", S_IFSOCK);
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/db.5.sock"};
    facts.socket_type = SOCK_STREAM;
    facts.local.ss_family = AF_UNIX;
    facts.local_len = sizeof(sa_family_t);
    memcpy(&facts.peer, &un, sizeof un);
    facts.peer_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(un.sun_path) + 1);
    expect(&facts, "Unix socket connected to /run/db.5.sock", "socket to /run/db.*.sock");
    facts.peer_len = sizeof(sa_family_t); /* socketpair() */
    expect(&facts, "Unix socket connected", "Unix socket, connected");
}

TEST(an_ipv6_address_stands_in_brackets)
{
    struct uf_descriptor_facts facts = file("socket:[1]", S_IFSOCK);
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
    inet_pton(AF_INET6, "::1", &in.sin6_addr);
    facts.ephemeral_from = 32768;
    facts.socket_type = SOCK_STREAM;
    facts.local.ss_family = AF_INET6;
    facts.local_len = sizeof in;
    memcpy(&facts.peer, &in, sizeof in);
    facts.peer_len = sizeof in;
    expect(&facts, "TCP socket connected to [::1]:443", "socket to [::1]:443");
}

int main(void)
{
    RUN(files_are_named_by_path_and_sorted_without_what_differs);
    RUN(what_has_no_file_is_said_in_plain_words);
    RUN(a_socket_tells_both_ends_and_its_sort_the_other);
    RUN(a_socket_without_a_peer_says_whether_it_listens);
    RUN(unix_sockets_have_paths_or_none);
    RUN(an_ipv6_address_stands_in_brackets);
    return test_end();
}
