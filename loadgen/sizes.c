#include "loadgen/sizes.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* A number of messages, and what comes behind it. */
static int sizes_parse_number(const char **textp, uint32_t *valuep)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)**textp))
		return SIZES_E_SYNTAX;
	errno = 0;
	value = strtoul(*textp, &end, 10);
	if (errno || value < 1 || value > SIZES_MAX_MESSAGES)
		return SIZES_E_SYNTAX;
	*valuep = (uint32_t)value;
	*textp = end;
	return 0;
}

static int sizes_parse_pareto(struct sizes *s, const char *text)
{
	char *end;

	s->lo = 1;
	s->alpha = strtod(text, &end);
	if (end == text || *end != ':' || !isfinite(s->alpha) || s->alpha <= 0)
		return SIZES_E_SYNTAX;
	text = end + 1;
	if (sizes_parse_number(&text, &s->hi) || *text)
		return SIZES_E_SYNTAX;
	return 0;
}

int sizes_parse(struct sizes *s, const char *text)
{
	static const char pareto[] = "pareto:";

	*s = (struct sizes){ 0 };
	if (!strncmp(text, pareto, sizeof(pareto) - 1))
		return sizes_parse_pareto(s, text + sizeof(pareto) - 1);
	if (sizes_parse_number(&text, &s->lo))
		return SIZES_E_SYNTAX;
	s->hi = s->lo;
	if (*text == '-') {
		text++;
		if (sizes_parse_number(&text, &s->hi))
			return SIZES_E_SYNTAX;
	}
	return *text || s->hi < s->lo ? SIZES_E_SYNTAX : 0;
}

uint32_t sizes_draw(const struct sizes *s, struct rng *rng)
{
	double n;

	if (s->alpha <= 0)
		return (uint32_t)rng_range(rng, s->lo, s->hi);
	n = pow(1 - rng_unit(rng), -1 / s->alpha);
	return n < s->hi ? (uint32_t)n : s->hi;
}
