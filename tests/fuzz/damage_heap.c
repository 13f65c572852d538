/* damage_heap - fuzz_heap without a fuzzer, as an ordinary test: each image as it is, then what chance brings.
 *
 *     UNFREED_HEAP_IMAGES=... damage_heap COUNT SEED
 */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IMAGES 16
#define DAMAGES 24

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 0;
    random_seed(argc > 2 ? strtoull(argv[2], NULL, 0) : 1);
    uint8_t input[1 + DAMAGES * 8];
    for (uint8_t image = 0; image < IMAGES; image++) {
        input[0] = image | 0x80;
        LLVMFuzzerTestOneInput(input, 1);
    }
    for (int i = 0; i < count; i++) {
        size_t size = 1 + (1 + random_below(DAMAGES)) * 8;
        for (size_t at = 0; at < size; at++)
            input[at] = (uint8_t)random_below(256);
        input[0] &= i % 16 ? 0x7f : 0xff; /* writing a file takes longest */
        LLVMFuzzerTestOneInput(input, size);
    }
    printf("%d damaged heaps\n", count);
    return 0;
}
