/* processes.h - of a report about several processes: which of them it is about, and which it is not. */
#ifndef UF_REPORT_PROCESSES_H
#define UF_REPORT_PROCESSES_H

#include "report/json.h"
#include "report/page.h"

enum uf_absence { UF_PROCESS_CAME, UF_PROCESS_WENT, UF_PROCESS_UNREAD };

/* Seen only once of twice, or not to be read. */
struct uf_absent {
    int pid;
    enum uf_absence how;
    char *why; /* UF_PROCESS_UNREAD: what was found; the caller's */
};

/* "4711", "4711 (master)": the process that was named, and its children with it. */
void uf_process_name(struct uf_text *ret, int pid, bool master);
/* A row for each. */
void uf_absent_rows(struct uf_page *page, const struct uf_absent *absent, size_t count);
/* The member `key`: an array of those that are absent in this way; of UF_PROCESS_UNREAD {pid, why}. */
void uf_absent_json(struct uf_json *json, const char *key, const struct uf_absent *absent,
                    size_t count, enum uf_absence how);

#endif
