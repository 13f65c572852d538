/* Prints a sample report: print_report NAME json|WIDTH [color] [quiet]. Without arguments: the names. */
#include "report/report.h"
#include "sample_results.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct uf_report_style style = {0};
    struct uf_check_result result;
    struct uf_text text = {0};

    for (int i = 3; i < argc; i++) {
        style.color = style.color || strcmp(argv[i], "color") == 0;
        style.quiet = style.quiet || strcmp(argv[i], "quiet") == 0;
    }
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        if (argc < 3) {
            puts(samples[i].name);
            continue;
        }
        if (strcmp(samples[i].name, argv[1]) != 0)
            continue;
        samples[i].fill(&result);
        style.width = (uint16_t)atoi(argv[2]);
        if (strcmp(argv[2], "json") == 0)
            uf_report_json(&text, &result);
        else
            uf_report_text(&text, &result, &style);
        uf_check_result_release(&result);
        fwrite(text.at ? text.at : "", 1, text.len, stdout);
        uf_text_release(&text);
    }
    return 0;
}
