// Decompression by zlib, as one inline function: a stream of zlib is a structure that keeps the addresses of both texts, and
// its initialiser is a macro, which Swift does not import.
#ifndef KEYFOB_ZLIB_H
#define KEYFOB_ZLIB_H

#define ZLIB_CONST
#include <stddef.h>
#include <string.h>
#include <zlib.h>

// The window of zlib.h for each format: 32 more than the largest window detects the header of gzip or zlib, and a negative
// one expects none.
enum { keyfob_inflate_detected = 15 + 32, keyfob_inflate_raw = -15 };

// Decompresses the stream at the beginning of `input`, and the members of gzip directly behind it (RFC 1952 section 2.2).
// Whatever follows is ignored. Stores what comes before an error, too, and its size in `written`, which is the size of
// `output` before. Returns whether each stream is complete and has the right checksum.
static inline int keyfob_inflate(
    const unsigned char *input, size_t input_size, unsigned char *output, size_t *written, int window) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    stream.next_in = input;
    stream.avail_in = (uInt)input_size;
    stream.next_out = output;
    stream.avail_out = (uInt)*written;
    *written = 0;
    if (inflateInit2(&stream, window) != Z_OK) return 0;
    int result;
    do {
        result = inflate(&stream, Z_FINISH);
    } while (result == Z_STREAM_END && stream.avail_in > 1 && stream.next_in[0] == 0x1F && stream.next_in[1] == 0x8B
             && inflateReset(&stream) == Z_OK);
    *written = (size_t)(stream.next_out - output);
    inflateEnd(&stream);
    return result == Z_STREAM_END;
}

#endif
