#ifndef WEIR_T_NEAR_H
#define WEIR_T_NEAR_H
/* Include after cmocka.h. */
#include <math.h>

#define assert_near(value, expected, tolerance)                                                    \
	do {                                                                                       \
		double value_ = (value), expected_ = (expected), tolerance_ = (tolerance);         \
		if (!(fabs(value_ - expected_) <= tolerance_))                                     \
			fail_msg("%s is %.12g, not %.12g (within %g)", #value, value_, expected_,  \
				 tolerance_);                                                      \
	} while (0)

#endif
