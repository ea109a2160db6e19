/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DOC: what is exported
 */
#ifndef TORPOR_VISIBILITY_H
#define TORPOR_VISIBILITY_H

#if defined(__GNUC__)
#define TORPOR_API __attribute__((visibility("default")))
#define TORPOR_MUST_CHECK __attribute__((warn_unused_result))
#else
#define TORPOR_API
#define TORPOR_MUST_CHECK
#endif

#endif /* TORPOR_VISIBILITY_H */
