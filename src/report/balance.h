/* balance.h - resident memory, shared out: for a person and for a program (docs/summary-json.md, "rss"). */
#ifndef UF_REPORT_BALANCE_H
#define UF_REPORT_BALANCE_H

#include "balance/balance.h"
#include "report/json.h"
#include "report/page.h"

/* The verdict; unless `quiet`, a table that adds up, arenas, files, and what would help. */
void uf_balance_text(struct uf_page *page, const struct uf_balance *balance, bool quiet);
/* An object under `key`. */
void uf_balance_json(struct uf_json *json, const char *key, const struct uf_balance *balance);

/* What would help, in order of how much; `name` stands in the JSON. */
struct uf_balance_advice {
    const char *name;
    char text[400]; /* clean (report/columns.h) */
};

#define UF_BALANCE_ADVICE_MOST 8
size_t uf_balance_advise(struct uf_balance_advice *ret, const struct uf_balance *balance);

#endif
