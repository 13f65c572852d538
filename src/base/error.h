/* error.h - the error value that every function of the engine fills in.
 *
 * The caller owns a fixed-size `struct uf_error` (usually on its stack) and
 * passes it last; functions return its code. Nothing here allocates, so an
 * error can be reported from inside an allocator hook and when memory is out.
 * `err` may be NULL everywhere: then only the code is returned.
 */
#ifndef UF_BASE_ERROR_H
#define UF_BASE_ERROR_H

#include <stdint.h>

enum uf_code {
    UF_OK = 0,
    UF_ENOMEM, /* memory is out; the object being built is unchanged or empty, as its header says */
    UF_EINVAL, /* the caller's argument is wrong; nothing was done */
    UF_EIO,    /* a system call failed; os_errno says how */
    UF_EFAULT, /* an address of the target cannot be read; address says which */
    UF_ECORRUPT,     /* input contradicts itself (a list that does not close, a count below zero) */
    UF_EUNSUPPORTED, /* a version, build or format that unfreed does not know */
    UF_ELIMIT,    /* a bound of the engine was reached (more than 2^32-2 objects or references) */
    UF_EINTERNAL, /* a fault of unfreed's own */
    UF_ETARGET,   /* a process or core cannot be read, for a reason that only its user can change:
                   * the message ends with what to do, in brackets */
};

struct uf_error {
    enum uf_code code;
    int os_errno;      /* 0 where no system call failed */
    uint64_t address;  /* 0 where no address is meant */
    char message[240]; /* one line, no full stop, never empty when code is not UF_OK */
};

/* Sets all fields (os_errno and address to 0) and returns `code`. */
enum uf_code uf_error_set(struct uf_error *err, enum uf_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the errno of a failed system call; appends its text to the message. */
enum uf_code uf_error_os(struct uf_error *err, int os_errno, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the address that could not be read or made no sense. */
enum uf_code uf_error_at(struct uf_error *err, enum uf_code code, uint64_t address,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "out of memory", in one place. */
enum uf_code uf_error_nomem(struct uf_error *err);

void uf_error_clear(struct uf_error *err);

#endif
