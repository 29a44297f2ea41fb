// libsecret calls this part of its API unstable, but it has not changed since version 0.18: the calls that take D-Bus
// paths instead of proxies. Creating a proxy costs four messages and two round trips.
#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <sys/eventfd.h>
