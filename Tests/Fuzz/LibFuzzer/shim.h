// The entry of libFuzzer's library form: the toolchain has the library (libclang_rt.fuzzer_no_main), but no header.
#ifndef KEYFOB_LIBFUZZER_H
#define KEYFOB_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// Runs `check` on inputs until a limit in `argv` is reached, and returns an exit status. `check` returns 0, or -1 for
// an input that libFuzzer must not add to the corpus.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*check)(const uint8_t *data, size_t size));

#endif
