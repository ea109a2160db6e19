/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A network backend that is connected to nothing, for a device that is only looked at.
 */
#ifndef VMM_DEVICES_NET_NONE_H
#define VMM_DEVICES_NET_NONE_H

#include "devices/net_backend.h"

/**
 * net_none_make() - make one
 * @offers: as in struct net_backend
 * @out:    the backend; free it with its destroy op
 *
 * Return: 0 or -ENOMEM.
 */
int net_none_make(uint64_t offers, struct net_backend **out);

#endif /* VMM_DEVICES_NET_NONE_H */
