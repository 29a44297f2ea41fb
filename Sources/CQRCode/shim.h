// libqrencode, loaded only when a QR code is to be shown. Hardly any run shows one, but every run would pay for loading
// it. If it is not installed, a sign-in on another device works without the picture.
#ifndef KEYFOB_QR_CODE_H
#define KEYFOB_QR_CODE_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// qrencode.h: `QRcode`, unchanged since version 2 of the library. `data` holds width * width bytes; bit 0 of each is 1
// for a black module.
typedef struct {
    int version;
    int width;
    unsigned char *data;
} keyfob_qr_code;

// The maximum width of a QR code (version 40), in modules.
enum { keyfob_qr_longest_side = 177 };

// Encodes `text` in the smallest QR code that holds it (8-bit mode, error correction level L). Writes its modules row
// by row into `modules`, 1 for black, and returns its width in modules. Returns 0 if libqrencode is missing or no code
// is large enough. `modules` must have keyfob_qr_longest_side * keyfob_qr_longest_side bytes.
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
