/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steps of a transition: what changes something that outlives the process.
 *
 * In vmm/host each system call and SQL statement that does so is written
 *
 *	ret = STEP("hibernate: sync disk", fsync(fd));
 *
 * Built for it (-Dfault_points=true), a process kills itself before or after the step that
 * TORPOR_FAULT names, as "hibernate: sync disk/before" or "…/after" (step.c), and lists all of them
 * for `torpor --fault-points`. Else a step is the call and nothing more.
 */
#ifndef VMM_HOST_STEP_H
#define VMM_HOST_STEP_H

#ifdef TORPOR_FAULT_POINTS

/* Both return @result. */
long long step_before(const char *point);
long long step_after(const char *point, long long result);

/* Prints all points, a line each; one that is in the source twice is listed twice. */
void step_list(void);

/* The array is what the list is made of. */
#define STEP(point, call)                                                                          \
	__extension__({                                                                            \
		static const char step_point[]                                                     \
			__attribute__((section("torpor_steps"), used, aligned(1))) = point;        \
		(void)step_before(step_point);                                                     \
		__typeof__(call) step_result = (call);                                             \
		(void)step_after(step_point, (long long)step_result);                              \
		step_result;                                                                       \
	})

#else
#define STEP(point, call) (call)
#endif

#endif /* VMM_HOST_STEP_H */
