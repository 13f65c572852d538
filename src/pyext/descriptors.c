#include "pyext/descriptors.h"

#include "analysis/descriptor_words.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TCP_STATE_CLOSE_WAIT 8  /* enum in the kernel's include/net/tcp_states.h */
#define EPHEMERAL_USUALLY 32768 /* ip(7), ip_local_port_range */

struct directory_entry { /* struct linux_dirent64, getdents64(2) */
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

int uf_descriptors_each(void (*each)(void *context, int fd), void *context)
{
    /* opendir() would malloc */
    int list = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (list < 0)
        return -1;
    _Alignas(8) char buffer[4096];
    for (;;) {
        long len = syscall(SYS_getdents64, list, buffer, sizeof buffer);
        if (len <= 0)
            break;
        for (long at = 0; at < len;) {
            const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);
            at += entry->length;
            if (entry->name[0] < '0' || entry->name[0] > '9')
                continue;
            int fd = atoi(entry->name);
            if (fd != list)
                each(context, fd);
        }
    }
    close(list);
    return 0;
}

struct lister {
    uf_descriptors *ret;
    int failed;
};

static void enter(void *context, int fd)
{
    struct lister *lister = context;
    struct stat status;
    struct uf_descriptor descriptor = {.fd = fd};
    if (fstat(fd, &status) == 0) {
        descriptor.device = status.st_dev;
        descriptor.inode = status.st_ino;
    }
    if (uf_vec_push(lister->ret, descriptor))
        lister->failed = -1;
}

int uf_descriptors_list(uf_descriptors *ret)
{
    struct lister lister = {.ret = ret};
    ret->len = 0;
    return uf_descriptors_each(enter, &lister) ? -1 : lister.failed;
}

static void read_socket(int fd, struct uf_descriptor_facts *facts)
{
    struct tcp_info info;
    int value = 0;
    socklen_t len = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == 0)
        facts->socket_type = value;
    len = sizeof value;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0)
        facts->listening = value != 0;
    facts->local_len = sizeof facts->local;
    if (getsockname(fd, (struct sockaddr *)&facts->local, &facts->local_len) != 0)
        facts->local_len = 0;
    facts->peer_len = sizeof facts->peer;
    if (getpeername(fd, (struct sockaddr *)&facts->peer, &facts->peer_len) != 0)
        facts->peer_len = 0;
    len = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0)
        facts->closed_by_peer = info.tcpi_state == TCP_STATE_CLOSE_WAIT;
}

void uf_descriptor_describe(int fd, struct uf_text *target, struct uf_text *sort)
{
    char name[64], link[4096];
    struct stat status;
    struct uf_descriptor_facts facts = {
        .link = link, .access = -1, .ephemeral_from = EPHEMERAL_USUALLY};
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, link, sizeof link - 1);
    if (len < 0 || fstat(fd, &status) != 0)
        return;
    link[len] = '\0';
    facts.file_type = status.st_mode & S_IFMT;
    facts.deleted = facts.file_type == S_IFREG && status.st_nlink == 0;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        facts.access = flags & O_ACCMODE;
    if (facts.file_type == S_IFSOCK)
        read_socket(fd, &facts);
    if (target)
        uf_descriptor_target(&facts, target);
    if (sort)
        uf_descriptor_sort(&facts, sort);
}
