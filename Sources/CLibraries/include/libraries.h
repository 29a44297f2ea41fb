// The part of GLib, GIO and libsecret that keyfob uses. `libraries.c` loads the libraries when one of these functions is first
// called. The names, types and numbers are those of the libraries' own headers, and do not change: a test compiles both
// together. So no header of theirs is needed to build keyfob.
#ifndef KEYFOB_LIBRARIES_H
#define KEYFOB_LIBRARIES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/types.h>

// Whether the libraries can be loaded. If not, calling one of their functions ends the process.
int keyfob_has_libraries(void);

// GLib and GIO.

typedef struct _GCancellable GCancellable;
typedef struct _GDBusConnection GDBusConnection;
typedef struct _GDBusProxy GDBusProxy;
typedef struct _GHashTable GHashTable;
typedef struct _GMainContext GMainContext;
typedef struct _GSource GSource;
typedef struct _GVariant GVariant;
typedef struct _GVariantType GVariantType;
typedef uint32_t GQuark;
typedef void (*GDestroyNotify)(void *data);
typedef unsigned (*GHashFunc)(const void *key);
typedef int (*GEqualFunc)(const void *a, const void *b);
typedef int (*GSourceFunc)(void *data);
typedef void (*GDBusSignalCallback)(
    GDBusConnection *connection, const char *sender_name, const char *object_path, const char *interface_name,
    const char *signal_name, GVariant *parameters, void *user_data);

#ifndef KEYFOB_COMPARES_HEADERS
typedef struct _GError {
    GQuark domain;
    int code;
    char *message;
} GError;
typedef enum { G_BUS_TYPE_SESSION = 2 } GBusType;
typedef enum { G_DBUS_CALL_FLAGS_NONE = 0 } GDBusCallFlags;
typedef enum { G_DBUS_SIGNAL_FLAGS_NONE = 0 } GDBusSignalFlags;
typedef enum {
    G_DBUS_ERROR_SERVICE_UNKNOWN = 2,
    G_DBUS_ERROR_NAME_HAS_NO_OWNER = 3,
    G_DBUS_ERROR_NO_REPLY = 4,
    G_DBUS_ERROR_TIMEOUT = 12,
    G_DBUS_ERROR_DISCONNECTED = 15,
    G_DBUS_ERROR_INVALID_ARGS = 16,
    G_DBUS_ERROR_UNKNOWN_METHOD = 19,
    G_DBUS_ERROR_TIMED_OUT = 20,
    G_DBUS_ERROR_SPAWN_EXEC_FAILED = 23,
    G_DBUS_ERROR_SPAWN_FORK_FAILED = 24,
    G_DBUS_ERROR_SPAWN_CHILD_EXITED = 25,
    G_DBUS_ERROR_SPAWN_CHILD_SIGNALED = 26,
    G_DBUS_ERROR_SPAWN_FAILED = 27,
    G_DBUS_ERROR_SPAWN_CONFIG_INVALID = 29,
    G_DBUS_ERROR_SPAWN_SERVICE_INVALID = 30,
    G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND = 31,
    G_DBUS_ERROR_SPAWN_FILE_INVALID = 33,
    G_DBUS_ERROR_UNKNOWN_OBJECT = 41,
} GDBusError;
typedef enum {
    G_IO_ERROR_NOT_FOUND = 1,
    G_IO_ERROR_NOT_DIRECTORY = 4,
    G_IO_ERROR_FILENAME_TOO_LONG = 9,
    G_IO_ERROR_INVALID_ARGUMENT = 13,
    G_IO_ERROR_PERMISSION_DENIED = 14,
    G_IO_ERROR_NOT_SUPPORTED = 15,
    G_IO_ERROR_CLOSED = 18,
    G_IO_ERROR_CANCELLED = 19,
    G_IO_ERROR_TIMED_OUT = 24,
    G_IO_ERROR_HOST_UNREACHABLE = 37,
    G_IO_ERROR_NETWORK_UNREACHABLE = 38,
    G_IO_ERROR_CONNECTION_REFUSED = 39,
} GIOErrorEnum;
typedef enum { G_LOG_LEVEL_WARNING = 1 << 4 } GLogLevelFlags;
#endif

typedef void (*GLogFunc)(const char *domain, GLogLevelFlags level, const char *message, void *user_data);

GDBusConnection *g_bus_get_sync(GBusType bus_type, GCancellable *cancellable, GError **error);
void g_cancellable_cancel(GCancellable *cancellable);
int g_cancellable_is_cancelled(GCancellable *cancellable);
GCancellable *g_cancellable_new(void);
GVariant *g_dbus_connection_call_sync(GDBusConnection *connection, const char *bus_name, const char *object_path,
    const char *interface_name, const char *method_name, GVariant *parameters, const GVariantType *reply_type,
    GDBusCallFlags flags, int timeout_msec, GCancellable *cancellable, GError **error);
void g_dbus_connection_set_exit_on_close(GDBusConnection *connection, int exit_on_close);
unsigned g_dbus_connection_signal_subscribe(GDBusConnection *connection, const char *sender,
    const char *interface_name, const char *member, const char *object_path, const char *arg0, GDBusSignalFlags flags,
    GDBusSignalCallback callback, void *user_data, GDestroyNotify user_data_free_func);
void g_dbus_connection_signal_unsubscribe(GDBusConnection *connection, unsigned subscription_id);
char *g_dbus_error_get_remote_error(const GError *error);
GQuark g_dbus_error_quark(void);
int g_dbus_error_strip_remote_error(GError *error);
const char *g_dbus_proxy_get_name(GDBusProxy *proxy);
void g_dbus_proxy_set_default_timeout(GDBusProxy *proxy, int timeout_msec);
void g_error_free(GError *error);
void g_free(void *memory);
int g_hash_table_insert(GHashTable *hash_table, void *key, void *value);
void *g_hash_table_lookup(GHashTable *hash_table, const void *key);
GHashTable *g_hash_table_new_full(GHashFunc hash_func, GEqualFunc key_equal_func, GDestroyNotify key_destroy_func,
    GDestroyNotify value_destroy_func);
void g_hash_table_unref(GHashTable *hash_table);
GQuark g_io_error_quark(void);
GLogFunc g_log_set_default_handler(GLogFunc log_func, void *user_data);
int g_main_context_iteration(GMainContext *context, int may_block);
GMainContext *g_main_context_new(void);
void g_main_context_pop_thread_default(GMainContext *context);
void g_main_context_push_thread_default(GMainContext *context);
void g_main_context_unref(GMainContext *context);
void g_object_unref(void *object);
unsigned g_source_attach(GSource *source, GMainContext *context);
void g_source_destroy(GSource *source);
void g_source_set_callback(GSource *source, GSourceFunc func, void *data, GDestroyNotify notify);
void g_source_unref(GSource *source);
int g_str_equal(const void *v1, const void *v2);
unsigned g_str_hash(const void *v);
char *g_strdup(const char *str);
void g_strfreev(char **str_array);
GSource *g_timeout_source_new(unsigned interval);
int g_variant_get_boolean(GVariant *value);
GVariant *g_variant_get_child_value(GVariant *value, size_t index);
const char *g_variant_get_string(GVariant *value, size_t *length);
const char *g_variant_get_type_string(GVariant *value);
uint32_t g_variant_get_uint32(GVariant *value);
uint64_t g_variant_get_uint64(GVariant *value);
GVariant *g_variant_get_variant(GVariant *value);
GVariant *g_variant_lookup_value(GVariant *dictionary, const char *key, const GVariantType *expected_type);
size_t g_variant_n_children(GVariant *value);
GVariant *g_variant_new_array(const GVariantType *child_type, GVariant *const *children, size_t n_children);
GVariant *g_variant_new_boolean(int value);
GVariant *g_variant_new_byte(uint8_t value);
GVariant *g_variant_new_dict_entry(GVariant *key, GVariant *value);
GVariant *g_variant_new_int32(int32_t value);
GVariant *g_variant_new_object_path(const char *object_path);
GVariant *g_variant_new_string(const char *string);
GVariant *g_variant_new_tuple(GVariant *const *children, size_t n_children);
GVariant *g_variant_new_uint32(uint32_t value);
GVariant *g_variant_new_variant(GVariant *value);
GVariant *g_variant_ref(GVariant *value);
GVariant *g_variant_take_ref(GVariant *value);
void g_variant_type_free(GVariantType *type);
GVariantType *g_variant_type_new(const char *type_string);
void g_variant_unref(GVariant *value);

// libsecret. The calls that take D-Bus paths instead of proxies are in a part that it calls unstable, and have not changed
// since version 0.18. Creating a proxy costs four messages and two round trips.

typedef struct _SecretService SecretService;
typedef struct _SecretValue SecretValue;

#ifndef KEYFOB_COMPARES_HEADERS
typedef struct _SecretSchema SecretSchema;
typedef enum { SECRET_SERVICE_NONE = 0 } SecretServiceFlags;
typedef enum { SECRET_ERROR_IS_LOCKED = 2, SECRET_ERROR_NO_SUCH_OBJECT = 3 } SecretError;
#endif

GQuark secret_error_get_quark(void);
void secret_service_disconnect(void);
GVariant *secret_service_encode_dbus_secret(SecretService *service, SecretValue *value);
int secret_service_ensure_session_sync(SecretService *service, GCancellable *cancellable, GError **error);
GHashTable *secret_service_get_secrets_for_dbus_paths_sync(SecretService *service, const char **item_paths,
    GCancellable *cancellable, GError **error);
SecretService *secret_service_get_sync(SecretServiceFlags flags, GCancellable *cancellable, GError **error);
char *secret_service_read_alias_dbus_path_sync(SecretService *service, const char *alias, GCancellable *cancellable,
    GError **error);
int secret_service_search_for_dbus_paths_sync(SecretService *service, const SecretSchema *schema,
    GHashTable *attributes, GCancellable *cancellable, char ***unlocked, char ***locked, GError **error);
const char *secret_value_get(SecretValue *value, size_t *length);
SecretValue *secret_value_new(const char *secret, ssize_t length, const char *content_type);
void secret_value_unref(void *value);

#endif
