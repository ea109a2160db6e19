/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames through passt(1), which translates them to sockets of the host, without privileges.
 *
 * It is started with one end of a socket pair, and goes into the background once it is ready, so
 * its start is known to have succeeded. It ends when our end is closed, by whatever end of ours.
 */
#ifndef VMM_DEVICES_NET_PASST_H
#define VMM_DEVICES_NET_PASST_H

#include "devices/net_backend.h"
#include "error.h"

#define NET_PASST_PROGRAM "passt"

/**
 * net_passt_start() - start passt and connect to it
 * @args: more arguments for it, separated by spaces; NULL for none
 * @out:  the backend; free it with its destroy op
 * @err:  one line; of passt's own messages, the first that says what is wrong
 *
 * Context: any thread; waits until passt is ready or has given up.
 * Return: 0; -ENOENT if there is no such program; -EINVAL if it refused; -ETIMEDOUT; -ENOMEM;
 * -E2BIG for more than 60 words; -errno of socketpair(), pipe2() or posix_spawnp().
 */
int net_passt_start(const char *args, struct net_backend **out, struct vmm_error *err);

#endif /* VMM_DEVICES_NET_PASST_H */
