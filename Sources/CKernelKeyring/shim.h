// add_key(2) and the keyctl(2) calls that keyfob needs, as inline functions. glibc has no wrappers, libkeyutils is not
// installed everywhere, and syscall(2) is variadic, which Swift does not import. Each function returns the kernel's
// result: -1 and errno on failure.
#ifndef KEYFOB_KERNEL_KEYRING_H
#define KEYFOB_KERNEL_KEYRING_H

#include <errno.h>
#include <linux/keyctl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

typedef int32_t keyfob_key;

// linux/keyctl.h lacks these constants before Linux 5.3.
enum { keyfob_move = 30, keyfob_move_exclusively = 1 };

// The longest result of KEYCTL_DESCRIBE: "type;uid;gid;perm;", then a description of at most 4095 bytes with its NUL.
enum { keyfob_longest_description = 4095, keyfob_description_buffer = 4096 + 128 };

static inline keyfob_key keyfob_add_key(
    const char *type, const char *description, const void *payload, size_t length, keyfob_key keyring) {
    return (keyfob_key)syscall(SYS_add_key, type, description, payload, length, keyring);
}

static inline keyfob_key keyfob_search(keyfob_key keyring, const char *type, const char *description) {
    return (keyfob_key)syscall(SYS_keyctl, KEYCTL_SEARCH, keyring, type, description, 0);
}

// Returns the length of the payload. `buffer` holds the payload only if the length is at most `capacity`.
static inline long keyfob_read(keyfob_key key, void *buffer, size_t capacity) {
    return syscall(SYS_keyctl, KEYCTL_READ, key, buffer, capacity);
}

// Replaces the payload in place. The key gets no new serial number, and no timeout.
static inline int keyfob_update(keyfob_key key, const void *payload, size_t length) {
    return (int)syscall(SYS_keyctl, KEYCTL_UPDATE, key, payload, length);
}

static inline int keyfob_set_timeout(keyfob_key key, uint32_t seconds) {
    return (int)syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds);
}

static inline int keyfob_set_permissions(keyfob_key key, uint32_t permissions) {
    return (int)syscall(SYS_keyctl, KEYCTL_SETPERM, key, permissions);
}

// Replaces a key of the same type and description in the keyring.
static inline int keyfob_link(keyfob_key key, keyfob_key keyring) {
    return (int)syscall(SYS_keyctl, KEYCTL_LINK, key, keyring);
}

static inline int keyfob_unlink(keyfob_key key, keyfob_key keyring) {
    return (int)syscall(SYS_keyctl, KEYCTL_UNLINK, key, keyring);
}

// Fails with EEXIST if `to` already holds a key of the same type and description. Needs Linux 5.3; fails with
// EOPNOTSUPP before.
static inline int keyfob_move_into_new_place(keyfob_key key, keyfob_key from, keyfob_key to) {
    return (int)syscall(SYS_keyctl, keyfob_move, key, from, to, keyfob_move_exclusively);
}

// Returns the serial number of the persistent keyring of `user`, links it to the keyring `to`, and sets its lifetime
// anew (persistent-keyring(7)).
static inline keyfob_key keyfob_get_persistent(uid_t user, keyfob_key to) {
    return (keyfob_key)syscall(SYS_keyctl, KEYCTL_GET_PERSISTENT, user, to);
}

// For tests: joins a new session keyring that is not linked to the user keyring, as in services and `keyctl session -`.
static inline keyfob_key keyfob_join_new_session(void) {
    return (keyfob_key)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

// For tests: gives the key to another user. Needs CAP_SYS_ADMIN.
static inline int keyfob_give_away(keyfob_key key, uid_t owner) {
    return (int)syscall(SYS_keyctl, KEYCTL_CHOWN, key, owner, (gid_t)-1);
}

static inline long keyfob_describe(keyfob_key key, char *buffer, size_t capacity) {
    return syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, buffer, capacity);
}

// Returns the user id that owns the key, or -1. It is in C because the kernel writes a description only as a whole, and
// in C a stack array of the maximum length costs nothing.
static inline int64_t keyfob_owner(keyfob_key key) {
    char description[keyfob_description_buffer];
    long length = keyfob_describe(key, description, sizeof description);
    if (length <= 0 || (size_t)length > sizeof description) return -1;
    description[sizeof description - 1] = 0;
    const char *uid = strchr(description, ';');
    return uid ? (int64_t)strtoul(uid + 1, NULL, 10) : -1;
}

#endif
