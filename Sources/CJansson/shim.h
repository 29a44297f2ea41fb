// jansson, which reads and writes JSON. It gets a `free` that overwrites memory, because the JSON of callers holds
// passwords and tokens.
#ifndef KEYFOB_JANSSON_H
#define KEYFOB_JANSSON_H

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

// Overwrites a block of malloc(3), including the bytes beyond the requested size.
static inline void keyfob_json_wipe(void *memory) { explicit_bzero(memory, malloc_usable_size(memory)); }

static inline void keyfob_json_free(void *memory) {
    if (memory == NULL) return;
    keyfob_json_wipe(memory);
    free(memory);
}

// From now on, jansson overwrites what it releases. To be called before its first allocation.
static inline void keyfob_json_wipe_released(void) { json_set_alloc_funcs(malloc, keyfob_json_free); }

#endif
