/* room.h - how much memory this process may still take without harm to others on the machine.
 *
 * What the system has available (/proc/meminfo), or less where a control group
 * that this process is in has a limit: in a container that it shares with its
 * target, going over it would have the kernel kill one of the two.
 */
#ifndef UF_MEMORY_ROOM_H
#define UF_MEMORY_ROOM_H

#include <stdint.h>

/* UINT64_MAX: not known. */
uint64_t uf_room_bytes(void);

#endif
