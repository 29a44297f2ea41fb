// What libsecret calls unstable has not changed since its 0.18: the calls that take D-Bus paths instead of proxies, each
// of which costs four messages and two round trips to make.
#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>
#include <sys/eventfd.h>
