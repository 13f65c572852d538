#include "output.h"

#include "unfreed.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* 0, or the errno of the write that failed. Serves descriptors that a neighbour made non-blocking. */
static int write_all(int fd, const char *bytes, size_t len)
{
    signal(SIGPIPE, SIG_IGN); /* EPIPE instead; nothing is started after the first output */
    while (len) {
        ssize_t done = write(fd, bytes, len);
        if (done < 0 && errno == EAGAIN) {
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            poll(&writable, 1, 1000);
            continue;
        }
        if (done < 0 && errno != EINTR)
            return errno;
        if (done > 0) {
            bytes += done;
            len -= (size_t)done;
        }
    }
    return 0;
}

int uf_complain(int exit_code, const char *format, ...)
{
    char line[4096] = "unfreed: ";
    size_t start = strlen(line), room = sizeof line - start - 1;
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(line + start, room, format, args);
    va_end(args);
    size_t len = start + (wanted < 0 ? 0 : (size_t)wanted < room ? (size_t)wanted : room - 1);
    for (size_t i = start; i < len; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 127)
            line[i] = '?'; /* names come from outside: no second line, no escape sequences */
    line[len++] = '\n';
    (void)write_all(STDERR_FILENO, line, len); /* nobody is left to be told */
    return exit_code;
}

int uf_output_write(const char *bytes, size_t len, int exit_code)
{
    int why = write_all(STDOUT_FILENO, bytes, len);
    if (!why || why == EPIPE)
        return exit_code;
    if (why == EBADF)
        return uf_complain(UF_EXIT_INPUT, "the report cannot be written: standard output is closed "
                                          "(send it to a file or a pipe)");
    return uf_complain(UF_EXIT_INPUT,
                       "the report cannot be written: %s (send standard output elsewhere)",
                       strerror(why));
}
