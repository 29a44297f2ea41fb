// GIO for D-Bus; libsecret depends on it anyway.
#include <gio/gio.h>
