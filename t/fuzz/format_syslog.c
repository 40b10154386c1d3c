#include "t/fuzz/format_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	format_check(FORMAT_SYSLOG, data, len);
	return 0;
}
