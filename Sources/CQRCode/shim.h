// libqrencode, looked for when a QR code is to be shown and not before: hardly any run shows one, every run would pay for
// loading it, and where it is not installed a sign-in at another device works without the picture.
#ifndef KEYFOB_QR_CODE_H
#define KEYFOB_QR_CODE_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// qrencode.h: `QRcode`, unchanged since version 2 of the library. `data` holds width * width bytes; bit 0 of each says
// whether the module is black.
typedef struct {
    int version;
    int width;
    unsigned char *data;
} keyfob_qr_code;

// The longest side of a QR code (version 40), in modules.
enum { keyfob_qr_longest_side = 177 };

// Writes the modules of the smallest code that holds `text` (8-bit mode, error correction level L) into `modules`, row by
// row, 1 for black, and returns the side in modules; 0 where there is no libqrencode, or no code is large enough. `modules`
// has room for keyfob_qr_longest_side * keyfob_qr_longest_side bytes.
static inline int keyfob_qr_encode(const char *text, uint8_t *modules) {
    void *library = dlopen("libqrencode.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return 0;
    keyfob_qr_code *(*encode)(const char *, int, int) =
        (keyfob_qr_code * (*)(const char *, int, int)) dlsym(library, "QRcode_encodeString8bit");
    void (*release)(keyfob_qr_code *) = (void (*)(keyfob_qr_code *))dlsym(library, "QRcode_free");
    if (encode == NULL || release == NULL) return 0;
    keyfob_qr_code *code = encode(text, 0, 0);
    if (code == NULL) return 0;
    int width = code->width;
    if (width < 0 || width > keyfob_qr_longest_side) width = 0;
    for (size_t i = 0; i < (size_t)width * (size_t)width; i++) modules[i] = code->data[i] & 1;
    release(code);
    return width;
}

#endif
