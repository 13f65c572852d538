/* The whole command line of a core: NT_PRPSINFO has 80 bytes of it, and gcore's the program's name alone. The kernel
 * lays it on the stack when it starts a program (Linux fs/binfmt_elf.c, create_elf_tables), from low to high: argc,
 * argv, NULL, envp, NULL, the auxiliary vector, 16 random bytes, then the strings. The vector is in a note, too, so
 * it can be found; a process may have written over all of it. */
#include "memory/core_private.h"

#include <string.h>

#define VECTOR_BYTES_MIN 64            /* four pairs that are as in the note: no accident */
#define VECTOR_SEARCH ((uint64_t)4096) /* it ends so far below the random bytes, at most */
#define WORDS_MAX 200000 /* arguments and variables: 6 MB of strings at most, as execve(2) says */

struct stack {
    const unsigned char *at; /* the byte at `start` */
    uint64_t start, end;     /* what was dumped of it, to a multiple of 8 */
};

static uint64_t word_at(const struct stack *stack, uint64_t address)
{
    uint64_t word;
    memcpy(&word, stack->at + (address - stack->start), sizeof word);
    return word;
}

/* Where the auxiliary vector begins; 0: it is not found. */
static uint64_t find_vector(const struct stack *stack, const struct uf_core *core)
{
    uint64_t size = core->auxiliary_bytes, last = core->random_at & ~(uint64_t)7;
    if (size < VECTOR_BYTES_MIN || last - stack->start < size)
        return 0;
    uint64_t lowest = last - stack->start > size + VECTOR_SEARCH ? last - size - VECTOR_SEARCH
                                                                 : stack->start;
    for (uint64_t at = last - size; at > lowest; at -= 8)
        if (memcmp(stack->at + (at - stack->start), core->auxiliary, size) == 0)
            return at;
    return 0;
}

/* The word behind the NULL that ends the list before the one that `end` is the end of; 0: there is none. */
static uint64_t list_before(const struct stack *stack, uint64_t end)
{
    for (uint64_t at = end, i = 0; at >= stack->start + 16 && i < WORDS_MAX; at -= 8, i++)
        if (word_at(stack, at - 8) == 0)
            return at;
    return 0;
}

/* Where the pointers to arguments begin: below them stands how many they are. `end`: their NULL. */
static uint64_t first_argument(const struct stack *stack, uint64_t end)
{
    for (uint64_t at = end, count = 0; at >= stack->start + 8 && count < WORDS_MAX;
         at -= 8, count++)
        if (count && word_at(stack, at - 8) == count)
            return at;
    return 0;
}

static void join(const struct stack *stack, uint64_t at, uint64_t end, char *ret)
{
    size_t len = 0;
    for (; at < end; at += 8) {
        uint64_t from = word_at(stack, at);
        if (from < stack->start || from >= stack->end)
            return; /* it was written over: what there is so far is true */
        size_t most = CORE_COMMAND_LINE_BYTES - len - 2;
        size_t there = stack->end - from < most ? stack->end - from : most;
        const unsigned char *text = stack->at + (from - stack->start);
        size_t size = strnlen((const char *)text, there);
        if (len)
            ret[len++] = ' ';
        memcpy(ret + len, text, size);
        len += size;
        ret[len] = '\0';
        if (len + 3 > CORE_COMMAND_LINE_BYTES)
            return;
    }
}

void uf_core_read_arguments(struct uf_core *core)
{
    const struct core_load *load = uf_core_load_at(core, core->random_at);
    char whole[CORE_COMMAND_LINE_BYTES] = "";
    if (!load || load->dumped_end <= core->random_at)
        return;
    struct stack stack = {load->at, load->start, load->dumped_end & ~(uint64_t)7};
    uint64_t vector =
        stack.start % 8 == 0 && core->random_at < stack.end ? find_vector(&stack, core) : 0;
    /* the NULL before the vector ends the variables, the one before these the arguments */
    uint64_t variables = vector ? list_before(&stack, vector - 8) : 0;
    uint64_t arguments = variables ? first_argument(&stack, variables - 8) : 0;
    if (arguments)
        join(&stack, arguments, variables - 8, whole);
    if (strlen(whole) > strlen(core->command_line))
        memcpy(core->command_line, whole, sizeof whole);
}
