#include "analysis/descriptor_words.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#define DELETED " (deleted)"

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Descriptors without a file, by the name in their link (proc(5), "anon_inode:"). */
static const struct {
    const char *link, *words;
} anonymous[] = {
    {"anon_inode:[eventfd]", "eventfd"},
    {"anon_inode:[eventpoll]", "epoll"},
    {"anon_inode:[timerfd]", "timerfd"},
    {"anon_inode:[signalfd]", "signalfd"},
    {"anon_inode:inotify", "inotify"},
    {"anon_inode:[fanotify]", "fanotify"},
    {"anon_inode:[pidfd]", "pidfd"},
    {"pidfd:", "pidfd"},
    {"anon_inode:[io_uring]", "io_uring"},
    {"anon_inode:[userfaultfd]", "userfaultfd"},
    {"anon_inode:[perf_event]", "perf event"},
    {"anon_inode:bpf-", "bpf"},
    {"anon_inode:seccomp notify", "seccomp"},
    {"mnt:", "namespace"},
    {"net:", "namespace"},
    {"user:", "namespace"},
};

static const char *anonymous_words(const char *link)
{
    for (size_t i = 0; i < sizeof anonymous / sizeof *anonymous; i++)
        if (begins(link, anonymous[i].link))
            return anonymous[i].words;
    return NULL;
}

/* --- sockets ----------------------------------------------------------------------------------- */

static void add_port(struct uf_text *ret, in_port_t port, const struct uf_descriptor_facts *facts,
                     bool sort)
{
    int number = ntohs(port);
    if (sort && number >= facts->ephemeral_from)
        uf_text_add_z(ret, ":*");
    else
        uf_text_printf(ret, ":%d", number);
}

static void add_unix(struct uf_text *ret, const struct sockaddr_un *address, socklen_t len,
                     bool sort)
{
    size_t most = len > offsetof(struct sockaddr_un, sun_path)
                      ? len - offsetof(struct sockaddr_un, sun_path)
                      : 0;
    if (most > sizeof address->sun_path)
        most = sizeof address->sun_path;
    bool abstract = most > 0 &&
                    address->sun_path[0] == '\0'; /* unix(7): a leading NUL, shown as @ */
    size_t size = abstract ? most : strnlen(address->sun_path, most);
    for (size_t i = 0; i < size; i++) {
        char c = i == 0 && abstract ? '@' : address->sun_path[i];
        bool digit = isdigit((unsigned char)c) != 0;
        if (sort && digit && i > 0 && isdigit((unsigned char)address->sun_path[i - 1]))
            continue;
        uf_text_add(ret, sort && digit ? "*" : &c, 1);
    }
}

/* "127.0.0.1:80", "[::1]:80", a path; nothing for a family without addresses that people read. */
static void add_address(struct uf_text *ret, const struct sockaddr_storage *address, socklen_t len,
                        const struct uf_descriptor_facts *facts, bool sort)
{
    char text[INET6_ADDRSTRLEN];
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        if (inet_ntop(AF_INET, &in.sin_addr, text, sizeof text))
            uf_text_add_z(ret, text);
        add_port(ret, in.sin_port, facts, sort);
    } else if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        if (inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text))
            uf_text_printf(ret, "[%s]", text);
        add_port(ret, in.sin6_port, facts, sort);
    } else if (address->ss_family == AF_UNIX) {
        struct sockaddr_un un;
        memcpy(&un, address, sizeof un);
        add_unix(ret, &un, len, sort);
    }
}

static bool has_address(const struct sockaddr_storage *address, socklen_t len)
{
    if (len == 0)
        return false;
    if (address->ss_family == AF_UNIX)
        return len > offsetof(struct sockaddr_un, sun_path);
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return in.sin_port != 0;
    }
    if (address->ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return in.sin6_port != 0;
    }
    return false;
}

static const char *protocol(const struct uf_descriptor_facts *facts)
{
    switch (facts->local.ss_family) {
    case AF_INET:
    case AF_INET6:
        return facts->socket_type == SOCK_STREAM  ? "TCP "
               : facts->socket_type == SOCK_DGRAM ? "UDP "
                                                  : "raw ";
    case AF_UNIX:
        return "Unix ";
    case AF_NETLINK:
        return "netlink ";
    default:
        return "";
    }
}

static void add_socket(const struct uf_descriptor_facts *facts, struct uf_text *ret)
{
    bool local = has_address(&facts->local, facts->local_len);
    bool peer = has_address(&facts->peer, facts->peer_len);
    uf_text_printf(ret, "%ssocket", protocol(facts));
    if (facts->listening) {
        uf_text_add_z(ret, " listening");
        uf_text_add_z(ret, local ? " on " : "");
        add_address(ret, &facts->local, facts->local_len, facts, false);
        return;
    }
    if (local) {
        uf_text_add_z(ret, " ");
        add_address(ret, &facts->local, facts->local_len, facts, false);
    }
    if (peer) {
        uf_text_add_z(ret, " connected to ");
        add_address(ret, &facts->peer, facts->peer_len, facts, false);
    } else if (facts->peer_len > 0) { /* of a pair, or a client of a Unix socket: no name */
        uf_text_add_z(ret, " connected");
    } else {
        uf_text_add_z(ret, local ? ", not connected" : ", neither bound nor connected");
    }
    uf_text_add_z(ret, facts->closed_by_peer ? ", which the peer has closed" : "");
}

static void add_socket_sort(const struct uf_descriptor_facts *facts, struct uf_text *ret)
{
    if (has_address(&facts->peer, facts->peer_len)) {
        uf_text_add_z(ret, "socket to ");
        add_address(ret, &facts->peer, facts->peer_len, facts, true);
    } else if (facts->listening) {
        uf_text_add_z(ret, "listening socket");
        if (has_address(&facts->local, facts->local_len)) {
            uf_text_add_z(ret, " on ");
            add_address(ret, &facts->local, facts->local_len, facts, true);
        }
    } else if (facts->peer_len > 0) {
        uf_text_printf(ret, "%ssocket, connected", protocol(facts));
    } else {
        uf_text_printf(ret, "%ssocket, not connected", protocol(facts));
    }
}

/* --- files ------------------------------------------------------------------------------------- */

static size_t path_len(const char *link)
{
    size_t len = strlen(link), tail = strlen(DELETED);
    return len > tail && strcmp(link + len - tail, DELETED) == 0 ? len - tail : len;
}

/* Directories whose direct entries have names made up for the occasion. */
static size_t temporary_prefix(const char *path)
{
    static const char *const folders[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (begins(path, folders[i]))
            return strlen(folders[i]);
    return 0;
}

/* The path without what differs from one file to the next: digits, and whatever stands first below a
 * folder of temporary files. */
static void add_path_sort(struct uf_text *ret, const char *path, size_t len)
{
    size_t at = temporary_prefix(path);
    uf_text_add(ret, path, at < len ? at : len);
    if (at > 0 && at < len) {
        uf_text_add_z(ret, "*");
        while (at < len && path[at] != '/')
            at++;
    }
    for (; at < len; at++) {
        if (!isdigit((unsigned char)path[at]))
            uf_text_add(ret, path + at, 1);
        else if (at == 0 || !isdigit((unsigned char)path[at - 1]))
            uf_text_add_z(ret, "*");
    }
}

void uf_descriptor_target(const struct uf_descriptor_facts *facts, struct uf_text *ret)
{
    const char *words = anonymous_words(facts->link);
    if (facts->file_type == S_IFSOCK)
        add_socket(facts, ret);
    else if (words)
        uf_text_add_z(ret, words);
    else if (facts->file_type == S_IFIFO && begins(facts->link, "pipe:"))
        uf_text_add_z(ret, facts->access == O_RDONLY   ? "read end of a pipe"
                           : facts->access == O_WRONLY ? "write end of a pipe"
                                                       : "pipe");
    else if (begins(facts->link, "/memfd:"))
        uf_text_printf(ret, "memfd %.*s", (int)path_len(facts->link) - 7, facts->link + 7);
    else
        uf_text_add_z(ret, facts->link[0] ? facts->link : "unknown");
}

void uf_descriptor_sort(const struct uf_descriptor_facts *facts, struct uf_text *ret)
{
    const char *words = anonymous_words(facts->link);
    if (facts->file_type == S_IFSOCK) {
        add_socket_sort(facts, ret);
    } else if (words) {
        uf_text_add_z(ret, words);
    } else if (facts->file_type == S_IFIFO && begins(facts->link, "pipe:")) {
        uf_text_add_z(ret, "pipe");
    } else if (begins(facts->link, "/memfd:")) {
        uf_text_add_z(ret, "memfd");
    } else if (facts->link[0] == '/') {
        uf_text_add_z(ret, facts->file_type == S_IFDIR ? "directory " : "file ");
        add_path_sort(ret, facts->link, path_len(facts->link));
        uf_text_add_z(ret, facts->deleted ? DELETED : "");
    } else {
        uf_text_add_z(ret, "descriptor");
    }
}
