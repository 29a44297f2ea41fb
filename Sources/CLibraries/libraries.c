// Each function loads the libraries when it is first called: many runs need none of them, and would spend a third of their time
// on loading them, and a machine without a desktop need not have them.
//
// The functions are hidden, so that the libraries call one another's functions and not these.
#include "libraries.h"

#include <dlfcn.h>
#include <unistd.h>

// libsecret and everything that it needs; NULL if it is not installed. A second thread that comes here meanwhile gets the
// same library.
static void *libraries(void) {
    static void *loaded;
    void *found = __atomic_load_n(&loaded, __ATOMIC_ACQUIRE);
    if (found != NULL) return found;
    found = dlopen("libsecret-1.so.0", RTLD_LAZY | RTLD_LOCAL);
    __atomic_store_n(&loaded, found, __ATOMIC_RELEASE);
    return found;
}

int keyfob_has_libraries(void) { return libraries() != NULL; }

static void *find(const char *name) {
    void *library = libraries();
    void *function = library == NULL ? NULL : dlsym(library, name);
    if (function != NULL) return function;
    static const char complaint[] = "keyfob: libsecret-1.so.0 cannot be loaded\n";
    (void)!write(STDERR_FILENO, complaint, sizeof complaint - 1);
    _exit(69);
}

// A function with a result, and one without.
#define GET(result, name, parameters, arguments) FUNCTION(result, name, parameters, return, arguments)
#define DO(name, parameters, arguments) FUNCTION(void, name, parameters, , arguments)
#define FUNCTION(result, name, parameters, answer, arguments)                     \
    __asm__(".hidden " #name);                                                    \
    result(name) parameters {                                                     \
        static result(*loaded) parameters;                                        \
        result(*function) parameters = __atomic_load_n(&loaded, __ATOMIC_RELAXED); \
        if (function == NULL) {                                                   \
            function = (result(*) parameters)find(#name);                         \
            __atomic_store_n(&loaded, function, __ATOMIC_RELAXED);                \
        }                                                                         \
        answer function arguments;                                                \
    }

GET(GDBusConnection *, g_bus_get_sync, (GBusType bus_type, GCancellable *cancellable, GError **error), (bus_type,
    cancellable, error))
DO(g_cancellable_cancel, (GCancellable *cancellable), (cancellable))
GET(int, g_cancellable_is_cancelled, (GCancellable *cancellable), (cancellable))
GET(GCancellable *, g_cancellable_new, (void), ())
GET(GVariant *, g_dbus_connection_call_sync, (GDBusConnection *connection, const char *bus_name,
    const char *object_path, const char *interface_name, const char *method_name, GVariant *parameters,
    const GVariantType *reply_type, GDBusCallFlags flags, int timeout_msec, GCancellable *cancellable,
    GError **error), (connection, bus_name, object_path, interface_name, method_name, parameters, reply_type, flags,
    timeout_msec, cancellable, error))
DO(g_dbus_connection_set_exit_on_close, (GDBusConnection *connection, int exit_on_close), (connection, exit_on_close))
GET(unsigned, g_dbus_connection_signal_subscribe, (GDBusConnection *connection, const char *sender,
    const char *interface_name, const char *member, const char *object_path, const char *arg0, GDBusSignalFlags flags,
    GDBusSignalCallback callback, void *user_data, GDestroyNotify user_data_free_func), (connection, sender,
    interface_name, member, object_path, arg0, flags, callback, user_data, user_data_free_func))
DO(g_dbus_connection_signal_unsubscribe, (GDBusConnection *connection, unsigned subscription_id), (connection,
    subscription_id))
GET(char *, g_dbus_error_get_remote_error, (const GError *error), (error))
GET(GQuark, g_dbus_error_quark, (void), ())
GET(int, g_dbus_error_strip_remote_error, (GError *error), (error))
GET(const char *, g_dbus_proxy_get_name, (GDBusProxy *proxy), (proxy))
DO(g_dbus_proxy_set_default_timeout, (GDBusProxy *proxy, int timeout_msec), (proxy, timeout_msec))
DO(g_error_free, (GError *error), (error))
DO(g_free, (void *memory), (memory))
GET(int, g_hash_table_insert, (GHashTable *hash_table, void *key, void *value), (hash_table, key, value))
GET(void *, g_hash_table_lookup, (GHashTable *hash_table, const void *key), (hash_table, key))
GET(GHashTable *, g_hash_table_new_full, (GHashFunc hash_func, GEqualFunc key_equal_func,
    GDestroyNotify key_destroy_func, GDestroyNotify value_destroy_func), (hash_func, key_equal_func, key_destroy_func,
    value_destroy_func))
DO(g_hash_table_unref, (GHashTable *hash_table), (hash_table))
GET(GQuark, g_io_error_quark, (void), ())
GET(GLogFunc, g_log_set_default_handler, (GLogFunc log_func, void *user_data), (log_func, user_data))
GET(int, g_main_context_iteration, (GMainContext *context, int may_block), (context, may_block))
GET(GMainContext *, g_main_context_new, (void), ())
DO(g_main_context_pop_thread_default, (GMainContext *context), (context))
DO(g_main_context_push_thread_default, (GMainContext *context), (context))
DO(g_main_context_unref, (GMainContext *context), (context))
DO(g_object_unref, (void *object), (object))
GET(unsigned, g_source_attach, (GSource *source, GMainContext *context), (source, context))
DO(g_source_destroy, (GSource *source), (source))
DO(g_source_set_callback, (GSource *source, GSourceFunc func, void *data, GDestroyNotify notify), (source, func, data,
    notify))
DO(g_source_unref, (GSource *source), (source))
GET(int, g_str_equal, (const void *v1, const void *v2), (v1, v2))
GET(unsigned, g_str_hash, (const void *v), (v))
GET(char *, g_strdup, (const char *str), (str))
DO(g_strfreev, (char **str_array), (str_array))
GET(GSource *, g_timeout_source_new, (unsigned interval), (interval))
GET(int, g_variant_get_boolean, (GVariant *value), (value))
GET(GVariant *, g_variant_get_child_value, (GVariant *value, size_t index), (value, index))
GET(const char *, g_variant_get_string, (GVariant *value, size_t *length), (value, length))
GET(const char *, g_variant_get_type_string, (GVariant *value), (value))
GET(uint32_t, g_variant_get_uint32, (GVariant *value), (value))
GET(uint64_t, g_variant_get_uint64, (GVariant *value), (value))
GET(GVariant *, g_variant_get_variant, (GVariant *value), (value))
GET(GVariant *, g_variant_lookup_value, (GVariant *dictionary, const char *key, const GVariantType *expected_type),
    (dictionary, key, expected_type))
GET(size_t, g_variant_n_children, (GVariant *value), (value))
GET(GVariant *, g_variant_new_array, (const GVariantType *child_type, GVariant *const *children, size_t n_children),
    (child_type, children, n_children))
GET(GVariant *, g_variant_new_boolean, (int value), (value))
GET(GVariant *, g_variant_new_byte, (uint8_t value), (value))
GET(GVariant *, g_variant_new_dict_entry, (GVariant *key, GVariant *value), (key, value))
GET(GVariant *, g_variant_new_int32, (int32_t value), (value))
GET(GVariant *, g_variant_new_object_path, (const char *object_path), (object_path))
GET(GVariant *, g_variant_new_string, (const char *string), (string))
GET(GVariant *, g_variant_new_tuple, (GVariant *const *children, size_t n_children), (children, n_children))
GET(GVariant *, g_variant_new_uint32, (uint32_t value), (value))
GET(GVariant *, g_variant_new_variant, (GVariant *value), (value))
GET(GVariant *, g_variant_ref, (GVariant *value), (value))
GET(GVariant *, g_variant_take_ref, (GVariant *value), (value))
DO(g_variant_type_free, (GVariantType *type), (type))
GET(GVariantType *, g_variant_type_new, (const char *type_string), (type_string))
DO(g_variant_unref, (GVariant *value), (value))

GET(GQuark, secret_error_get_quark, (void), ())
DO(secret_service_disconnect, (void), ())
GET(GVariant *, secret_service_encode_dbus_secret, (SecretService *service, SecretValue *value), (service, value))
GET(int, secret_service_ensure_session_sync, (SecretService *service, GCancellable *cancellable, GError **error),
    (service, cancellable, error))
GET(GHashTable *, secret_service_get_secrets_for_dbus_paths_sync, (SecretService *service, const char **item_paths,
    GCancellable *cancellable, GError **error), (service, item_paths, cancellable, error))
GET(SecretService *, secret_service_get_sync, (SecretServiceFlags flags, GCancellable *cancellable, GError **error),
    (flags, cancellable, error))
GET(char *, secret_service_read_alias_dbus_path_sync, (SecretService *service, const char *alias,
    GCancellable *cancellable, GError **error), (service, alias, cancellable, error))
GET(int, secret_service_search_for_dbus_paths_sync, (SecretService *service, const SecretSchema *schema,
    GHashTable *attributes, GCancellable *cancellable, char ***unlocked, char ***locked, GError **error), (service,
    schema, attributes, cancellable, unlocked, locked, error))
GET(const char *, secret_value_get, (SecretValue *value, size_t *length), (value, length))
GET(SecretValue *, secret_value_new, (const char *secret, ssize_t length, const char *content_type), (secret, length,
    content_type))
DO(secret_value_unref, (void *value), (value))
