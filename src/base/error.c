#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum uf_code fill(struct uf_error *err, enum uf_code code, int os_errno, uint64_t address,
                         const char *format, va_list arguments)
{
    if (!err)
        return code;
    err->code = code;
    err->os_errno = os_errno;
    err->address = address;
    err->message[0] = '\0';
    vsnprintf(err->message, sizeof err->message, format, arguments);
    if (!err->message[0] && code != UF_OK)
        snprintf(err->message, sizeof err->message, "error %d", (int)code);
    return code;
}

enum uf_code uf_error_set(struct uf_error *err, enum uf_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, 0, 0, format, arguments);
    va_end(arguments);
    return code;
}

enum uf_code uf_error_os(struct uf_error *err, int os_errno, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, UF_EIO, os_errno, 0, format, arguments);
    va_end(arguments);
    if (err) {
        /* Not strerror(): it may allocate (glibc 2.32 string/strerror_l.c). */
        const char *why = strerrordesc_np(os_errno);
        size_t len = strlen(err->message);
        if (why)
            snprintf(err->message + len, sizeof err->message - len, ": %s", why);
        else
            snprintf(err->message + len, sizeof err->message - len, ": errno %d", os_errno);
    }
    return UF_EIO;
}

enum uf_code uf_error_at(struct uf_error *err, enum uf_code code, uint64_t address,
                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, code, 0, address, format, arguments);
    va_end(arguments);
    return code;
}

enum uf_code uf_error_nomem(struct uf_error *err)
{
    return uf_error_set(err, UF_ENOMEM, "out of memory");
}

void uf_error_clear(struct uf_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}
