// A question to the kernel about one TCP socket (sock_diag(7)), as inline functions: a message of netlink is a header and
// a body in one piece of memory, and the sizes of both are macros, which Swift does not import.
#ifndef KEYFOB_SOCKET_DIAGNOSIS_H
#define KEYFOB_SOCKET_DIAGNOSIS_H

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// The kernel answers before send(2) returns, so after a second no answer will come.
enum { keyfob_diagnosis_patience_seconds = 1, keyfob_diagnosis_sequence = 1 };

// Sends the question. Returns 0 or an errno.
static inline int keyfob_diagnosis_send(int netlink, const struct inet_diag_req_v2 *request) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 request;
    } question;
    memset(&question, 0, sizeof question);
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    // Without NLM_F_DUMP: the kernel looks up this one socket and does not walk through all of them.
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.header.nlmsg_seq = keyfob_diagnosis_sequence;
    question.request = *request;
    struct sockaddr_nl kernel;
    memset(&kernel, 0, sizeof kernel);
    kernel.nl_family = AF_NETLINK;
    ssize_t sent = sendto(netlink, &question, sizeof question, 0, (const struct sockaddr *)&kernel, sizeof kernel);
    if (sent < 0) return errno;
    return sent == (ssize_t)sizeof question ? 0 : EPROTO;
}

// Reads the answer. Returns 0, the errno in the answer, the errno of recvfrom(2), or EPROTO for an invalid answer.
static inline int keyfob_diagnosis_receive(int netlink, struct inet_diag_msg *answer) {
    union {
        struct nlmsghdr header;
        char bytes[8192];
    } message;
    struct sockaddr_nl sender;
    socklen_t sender_size = sizeof sender;
    ssize_t size;
    do {
        size = recvfrom(
            netlink, &message, sizeof message, MSG_TRUNC, (struct sockaddr *)&sender, &sender_size);
    } while (size < 0 && errno == EINTR);
    if (size < 0) return errno;
    // Only the kernel has the port 0.
    if (sender_size != sizeof sender || sender.nl_family != AF_NETLINK || sender.nl_pid != 0) return EPROTO;
    if ((size_t)size > sizeof message || !NLMSG_OK(&message.header, (size_t)size)) return EPROTO;
    if (message.header.nlmsg_seq != keyfob_diagnosis_sequence) return EPROTO;
    if (message.header.nlmsg_type == NLMSG_ERROR) {
        struct nlmsgerr refusal;
        if (message.header.nlmsg_len < NLMSG_LENGTH(sizeof refusal)) return EPROTO;
        memcpy(&refusal, NLMSG_DATA(&message.header), sizeof refusal);
        return refusal.error < 0 ? -refusal.error : EPROTO;
    }
    if (message.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return EPROTO;
    if (message.header.nlmsg_len < NLMSG_LENGTH(sizeof *answer)) return EPROTO;
    memcpy(answer, NLMSG_DATA(&message.header), sizeof *answer);
    return 0;
}

// Asks for the socket that `request` names. Returns 0 and stores the `answer`, or returns an errno. ENOENT means that
// there is no such socket, or that the kernel lacks the module for it.
static inline int keyfob_diagnose(const struct inet_diag_req_v2 *request, struct inet_diag_msg *answer) {
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return errno;
    struct timeval patience = {.tv_sec = keyfob_diagnosis_patience_seconds, .tv_usec = 0};
    int result = setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 ? 0 : errno;
    if (result == 0) result = keyfob_diagnosis_send(netlink, request);
    if (result == 0) result = keyfob_diagnosis_receive(netlink, answer);
    close(netlink);
    return result;
}

#endif
