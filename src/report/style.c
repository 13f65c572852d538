#include "report/style.h"

#include <string.h>

void uf_style_apply(struct uf_text *ret, const char *text, bool color)
{
    static const char *const codes[] = {"",           "\033[0m", "\033[1;31m", "\033[1;33m",
                                        "\033[1;32m", "\033[1m", "\033[2m"};
    size_t count = sizeof codes / sizeof codes[0], spaces = 0;

    for (const char *at = text ? text : ""; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == ' ') {
            spaces++;
        } else if (byte == '\n') {
            spaces = 0;
            uf_text_add(ret, at, 1);
        } else if (byte < count) { /* a code may stand before spaces as well as behind them */
            uf_text_add_z(ret, color ? codes[byte] : "");
        } else {
            uf_text_printf(ret, "%*s", (int)spaces, "");
            uf_text_add(ret, at, 1);
            spaces = 0;
        }
    }
}
