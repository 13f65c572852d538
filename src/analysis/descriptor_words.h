/* descriptor_words.h - what an open descriptor is, in words: this one, and its sort.
 *
 * The sort is what many of them have in common, and part of a finding's id:
 * without numbers that differ from run to run ("socket to 127.0.0.1:*").
 * Pure: facts in, texts out. Reading the facts is pyext/descriptors.c.
 */
#ifndef UF_ANALYSIS_DESCRIPTOR_WORDS_H
#define UF_ANALYSIS_DESCRIPTOR_WORDS_H

#include "base/text.h"

#include <stdbool.h>
#include <sys/socket.h>

/* What the system says of one descriptor. */
struct uf_descriptor_facts {
    const char *link;   /* of /proc/self/fd/N: "/tmp/x (deleted)", "socket:[4711]" */
    unsigned file_type; /* st_mode & S_IFMT; 0 = unknown */
    int access;         /* O_RDONLY, O_WRONLY, O_RDWR; -1 = unknown */
    bool deleted;       /* a file without a name: no links */

    /* sockets; a length of 0 = no such address */
    int socket_type; /* SOCK_STREAM, ...; 0 = unknown */
    bool listening;
    bool closed_by_peer; /* TCP: the peer has closed, this side has not (CLOSE_WAIT) */
    struct sockaddr_storage local, peer;
    socklen_t local_len, peer_len;
    int ephemeral_from; /* ports from here on are given out by the system: * in a sort */
};

/* "TCP socket 127.0.0.1:40112 connected to 127.0.0.1:8080", "/tmp/x (deleted)", "read end of a pipe" */
void uf_descriptor_target(const struct uf_descriptor_facts *facts, struct uf_text *ret);
/* "socket to 127.0.0.1:8080", "file /tmp/x", "pipe" */
void uf_descriptor_sort(const struct uf_descriptor_facts *facts, struct uf_text *ret);

#endif
