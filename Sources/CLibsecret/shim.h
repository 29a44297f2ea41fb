#include <libsecret/secret.h>
#include <sys/eventfd.h>
