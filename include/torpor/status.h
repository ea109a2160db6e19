/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: status of this library
 *
 * What a function of the library, or an op of the embedder, says of itself. Never shown to a
 * guest as it is: what a guest sees are the return codes of <torpor/abi.h>.
 */
#ifndef TORPOR_STATUS_H
#define TORPOR_STATUS_H

#include <torpor/visibility.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum torpor_status - outcome of a call of the library or of an op
 * @TORPOR_OK:            done
 * @TORPOR_E_INVAL:       an argument or a field of the configuration is out of its range
 * @TORPOR_E_STATE:       the object is not in the state that this step starts from
 * @TORPOR_E_SUSPENDED:   refused because the machine is suspended or waking
 * @TORPOR_E_BUSY:        a CPU is in the middle of a step; try again
 * @TORPOR_E_SPACE:       the buffer given is too small
 * @TORPOR_E_TRUNCATED:   saved state: ends too early
 * @TORPOR_E_CORRUPT:     saved state: altered, or never was one
 * @TORPOR_E_NEWER:       saved state: in a format newer than this library's
 * @TORPOR_E_VERSION:     saved state: of another PSCI version
 * @TORPOR_E_CPUS:        saved state: of another set of MPIDRs
 * @TORPOR_E_TREE:        saved state: of another power tree, boot CPU, list of states or functions
 * @TORPOR_E_REFUSED:     an op's answer: not allowed by the embedder's policy
 * @TORPOR_E_FAILED:      an op's answer: allowed, but it did not work
 */
enum torpor_status {
	TORPOR_OK = 0,
	TORPOR_E_INVAL = -1,
	TORPOR_E_STATE = -2,
	TORPOR_E_SUSPENDED = -3,
	TORPOR_E_BUSY = -4,
	TORPOR_E_SPACE = -5,
	TORPOR_E_TRUNCATED = -6,
	TORPOR_E_CORRUPT = -7,
	TORPOR_E_NEWER = -8,
	TORPOR_E_VERSION = -9,
	TORPOR_E_CPUS = -10,
	TORPOR_E_TREE = -11,
	TORPOR_E_REFUSED = -12,
	TORPOR_E_FAILED = -13,
};

/**
 * torpor_strerror() - name of a status, for messages
 * @status: any value
 *
 * Context: any thread.
 * Return: a short static English text, never NULL.
 */
TORPOR_API const char *torpor_strerror(enum torpor_status status);

#ifdef __cplusplus
}
#endif

#endif /* TORPOR_STATUS_H */
