// GIO's D-Bus, which libsecret brings along.
#include <gio/gio.h>
