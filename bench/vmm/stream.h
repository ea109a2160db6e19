/* SPDX-License-Identifier: BSD-3-Clause */
/* What both ends of the network know. */
#ifndef BENCH_VMM_STREAM_H
#define BENCH_VMM_STREAM_H

#define STREAM_HOST "10.77.0.1"
#define STREAM_GUEST "10.77.0.2"
#define STREAM_SENDS_PORT 5001
#define STREAM_TAKES_PORT 5002
#define STREAM_CHUNK_BYTES 65536

#endif /* BENCH_VMM_STREAM_H */
