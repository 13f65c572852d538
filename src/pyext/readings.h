/* readings.h - figures of the process itself: memory, descriptors, threads, time.
 *
 * No malloc and no Python: a reading leaves nothing behind. A figure that
 * cannot be read is UF_UNKNOWN.
 */
#ifndef UF_PYEXT_READINGS_H
#define UF_PYEXT_READINGS_H

double uf_now_seconds(void); /* CLOCK_MONOTONIC */

/* Resident bytes, without what the engine itself has mapped. */
double uf_read_rss_bytes(void);
/* Open descriptors. */
double uf_read_descriptors(void);
/* Threads that the system lists, the main one included. */
double uf_read_threads(void);
/* Bytes in use of glibc's malloc, all arenas (mallinfo2: uordblks + hblkhd). UF_UNKNOWN under another
 * allocator. Walks the free chunks: 26 ms with two million of them. */
double uf_read_malloc_bytes(void);
/* Memory that the system could give now (MemAvailable). */
double uf_read_available_bytes(void);

#endif
