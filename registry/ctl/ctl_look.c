#include "registry/ctl/ctl_look.h"

int ctl_look(struct ctl *ctl, struct ctl_look *look, char why[CTL_WHY_SIZE])
{
	int r;

	*look = (struct ctl_look){ 0 };
	why[0] = '\0';
	r = ctl->options.admin ? ctl_look_at_node(ctl, look, why)
			       : ctl_look_at_redis(ctl, look, why);
	if (r != 0)
		ctl_look_deinit(look);
	return r;
}

enum ctl_exit ctl_look_or_tell(struct ctl *ctl, struct ctl_look *look)
{
	char why[CTL_WHY_SIZE];
	int r = ctl_look(ctl, look, why);

	return r == CTL_LOOK_E_NODE ? ctl_fail("%s", why) : ctl_explain(ctl, r, NULL);
}

void ctl_look_deinit(struct ctl_look *look)
{
	roster_unref(look->roster);
	cJSON_Delete(look->overview);
	*look = (struct ctl_look){ 0 };
}
