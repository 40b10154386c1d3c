/* The command completion: scripts for bash, zsh and fish, written from the tables of commands and options. */
#include <stdio.h>
#include <string.h>

#include "registry/ctl/ctl.h"

/* In the script, `words` are those on the line, cut at blanks alone: bash's own COMP_WORDS also
 * cuts at ':' and '=', and so every URL. */
#define HEAD                                                                                                      \
	"# bash completion for weirctl; written by: weirctl completion bash\n"                                    \
	"_weirctl() {\n"                                                                                          \
	"\tlocal line=${COMP_LINE:0:COMP_POINT} cur=${COMP_WORDS[COMP_CWORD]} given=() words=() command= n=0 i\n" \
	"\tlocal options= values= takes_id=\n"                                                                    \
	"\tlocal groups='%s'\n"                                                                                   \
	"\tread -ra words <<<\"$line\"\n"                                                                         \
	"\t[[ $line == *[[:space:]] ]] && words+=('')\n"                                                          \
	"\tlocal last=$((${#words[@]} - 1))\n"                                                                    \
	"\tfor ((i = 1; i < last; i++)); do\n"                                                                    \
	"\t\tcase ${words[i]} in\n"                                                                               \
	"\t\t--redis | --pool) given+=(\"${words[i]}\" \"${words[i + 1]}\"); ((i++)) || : ;;\n"                   \
	"\t\t--redis=* | --pool=*) given+=(\"${words[i]}\") ;;\n"

static const char middle[] =
	"\t\t-*) ;;\n"
	"\t\t*)\n"
	"\t\t\tif [[ ! $command || \" $groups \" == *\" $command \"* ]]; then\n"
	"\t\t\t\tcommand+=${command:+ }${words[i]}\n"
	"\t\t\telse\n"
	"\t\t\t\t((n++)) || :\n"
	"\t\t\tfi ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tcase $command in\n";

static const char tail[] =
	"\tesac\n"
	"\tif ((i > last)); then\n"
	"\t\tCOMPREPLY=() # the value of an option\n"
	"\t\t[[ ${words[last - 1]} != --config ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\telif [[ ${words[last]} == -* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$options --config --help\" -- \"$cur\")\n"
	"\telse\n"
	"\t\tif [[ $takes_id && $n -eq 0 ]]; then\n"
	"\t\t\tvalues=$(\"${words[0]}\" \"${given[@]}\" --timeout 500ms completion ids 2>/dev/null)\n"
	"\t\tfi\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _weirctl weirctl\n";

/* The part of a name that is written first: "dead" of "dead list". */
static size_t word_len(const char *name)
{
	return strcspn(name, " ");
}

/* Names of commands, those of a group without it; group NULL: the first words of all. */
static void write_names(const char *group)
{
	const struct ctl_command *command;
	const char *name;

	for (size_t i = 0; (command = ctl_command_at(i)); i++) {
		size_t len = word_len(command->name);

		if (!group && !command->name[len])
			printf(" %s", command->name);
		if (group && strlen(group) == len && strncmp(command->name, group, len) == 0 &&
		    command->name[len])
			printf(" %s", command->name + len + 1);
	}
	for (size_t i = 0; !group && (name = ctl_command_group_at(i)); i++)
		printf(" %s", name);
}

static void write_options(const struct ctl_command *command)
{
	const struct conf_option *option;

	for (size_t i = 0; (option = ctl_options_at(command, i)); i++)
		printf("%s--%s", i ? " " : "", option->name);
}

/* Options that are followed by a value, so that it is not taken for a command. */
static void write_valued(void)
{
	const struct ctl_command all = { .takes = ~0u };
	const struct conf_option *option;

	printf("\t\t--config");
	for (size_t i = 0; (option = ctl_options_at(&all, i)); i++)
		if (option->type != CONF_BOOL && strcmp(option->name, "redis") != 0 &&
		    strcmp(option->name, "pool") != 0)
			printf(" | --%s", option->name);
	printf(") ((i++)) || : ;;\n");
}

/* "bash|zsh|ids" */
static void write_alternatives(const char *arguments)
{
	printf("\t\tvalues='");
	for (; *arguments; arguments++)
		putchar(*arguments == '|' ? ' ' : *arguments);
	printf("'\n");
}

static void write_command(const struct ctl_command *command)
{
	const char *arguments = command->arguments;

	printf("\t'%s')\n\t\toptions='", command->name);
	write_options(command);
	printf("'\n");
	if (strncmp(arguments, "ID", 2) == 0)
		printf("\t\ttakes_id=1\n");
	else if (strchr(arguments, '|') && arguments[0] >= 'a' && arguments[0] <= 'z')
		write_alternatives(arguments);
	printf("\t\t;;\n");
}

static void write_group(const char *group)
{
	const struct ctl_command *none = ctl_command_none(group);

	printf("\t'%s')\n\t\toptions='", group);
	write_options(none);
	printf("'\n\t\tvalues='");
	if (group[0])
		write_names(group);
	else
		write_names(NULL);
	printf("'\n\t\t;;\n");
}

static void write_head(void)
{
	struct buf groups CLEANUP(buf_deinit) = { 0 };
	const char *group;

	for (size_t i = 0; (group = ctl_command_group_at(i)); i++)
		buf_printf(&groups, "%s%s", i ? " " : "", group);
	printf(HEAD, buf_str(&groups));
}

static void write_cases(void)
{
	const struct ctl_command *command;
	const char *group;

	write_group("");
	for (size_t i = 0; (group = ctl_command_group_at(i)); i++)
		write_group(group);
	for (size_t i = 0; (command = ctl_command_at(i)); i++)
		write_command(command);
}

static enum ctl_exit write_bash(void)
{
	write_head();
	write_valued();
	printf("%s", middle);
	write_cases();
	printf("%s", tail);
	return CTL_OK;
}

static const char zsh_head[] = "#compdef weirctl\n"
			       "# zsh completion for weirctl; written by: weirctl completion zsh\n"
			       "_weirctl() {\n"
			       "\tlocal command= word skip= options= values= takes_id=\n"
			       "\tfor word in ${words[2,CURRENT-1]}; do\n"
			       "\t\tif [[ -n $skip ]]; then skip=; continue; fi\n"
			       "\t\tcase $word in\n"
			       "\t\t--config";

static const char zsh_tail[] =
	"\tesac\n"
	"\tif [[ $words[CURRENT] == -* ]]; then\n"
	"\t\tcompadd -- ${=options} --config --help\n"
	"\telse\n"
	"\t\t[[ -z $takes_id ]] || values=$(weirctl --timeout 500ms completion ids 2>/dev/null)\n"
	"\t\tcompadd -- ${=values}\n"
	"\tfi\n"
	"}\n"
	"compdef _weirctl weirctl\n";

/* A word is a command, or the second one of a group. */
static enum ctl_exit write_zsh(void)
{
	const struct ctl_command all = { .takes = ~0u };
	const struct conf_option *option;
	const char *group;

	printf("%s", zsh_head);
	for (size_t i = 0; (option = ctl_options_at(&all, i)); i++)
		if (option->type != CONF_BOOL)
			printf("|--%s", option->name);
	printf(") skip=1 ;;\n\t\t-*) ;;\n\t\t*) [[ -z $command || ' ");
	for (size_t i = 0; (group = ctl_command_group_at(i)); i++)
		printf("%s ", group);
	printf("' == *\" $command \"* ]] && command+=${command:+ }$word ;;\n\t\tesac\n\tdone\n"
	       "\tcase $command in\n");
	write_cases();
	printf("%s", zsh_tail);
	return CTL_OK;
}

/* In single quotes of fish. */
static void write_fish_text(const char *text)
{
	for (; *text; text++)
		printf(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void write_fish_options(const struct ctl_command *command, const char *first,
			       const char *second)
{
	const struct conf_option *option;

	for (size_t i = 0; (option = ctl_options_at(command, i)); i++) {
		printf("complete -c weirctl -n '__fish_seen_subcommand_from %s", first);
		if (*second)
			printf("; and __fish_seen_subcommand_from %s", second);
		printf("' -l %s%s -d '", option->name, option->type == CONF_BOOL ? "" : " -x");
		write_fish_text(option->help);
		printf("'\n");
	}
}

/* A command of one word, or of a group. */
static void write_fish_command(const struct ctl_command *command)
{
	size_t len = word_len(command->name);
	const char *second = command->name[len] ? command->name + len + 1 : "";
	char first[32];

	snprintf(first, sizeof(first), "%.*s", (int)len, command->name);
	if (*second)
		printf("complete -c weirctl -n '__fish_seen_subcommand_from %s' -a %s -d '", first,
		       second);
	else
		printf("complete -c weirctl -n __fish_use_subcommand -a %s -d '", first);
	write_fish_text(command->summary);
	printf("'\n");
	write_fish_options(command, first, second);
	if (strncmp(command->arguments, "ID", 2) == 0)
		printf("complete -c weirctl -n '__fish_seen_subcommand_from %s' -a '(weirctl "
		       "--timeout 500ms completion ids 2>/dev/null)'\n",
		       first);
}

static enum ctl_exit write_fish(void)
{
	const struct ctl_command *command;
	const char *group;

	printf("# fish completion for weirctl; written by: weirctl completion fish\n"
	       "complete -c weirctl -f\n");
	for (size_t i = 0; (group = ctl_command_group_at(i)); i++)
		printf("complete -c weirctl -n __fish_use_subcommand -a %s\n", group);
	for (size_t i = 0; (command = ctl_command_at(i)); i++)
		write_fish_command(command);
	return CTL_OK;
}

static enum ctl_exit write_ids(struct ctl *ctl)
{
	struct roster *roster CLEANUP(roster_unrefp) = NULL;
	int r = membership_roster(ctl->client, &roster);

	if (r != 0)
		return ctl_explain(ctl, r, NULL);
	for (unsigned i = 0; i < roster->n_analyzers; i++)
		puts(roster->analyzers[i].id);
	return CTL_OK;
}

enum ctl_exit ctl_completion(struct ctl *ctl, const struct ctl_command *command, char **arguments)
{
	(void)command;
	if (strcmp(arguments[0], "bash") == 0)
		return write_bash();
	if (strcmp(arguments[0], "zsh") == 0)
		return write_zsh();
	if (strcmp(arguments[0], "fish") == 0)
		return write_fish();
	if (strcmp(arguments[0], "ids") == 0)
		return write_ids(ctl);
	return ctl_usage("\"%s\" is no shell: expected bash, zsh, fish or ids", arguments[0]);
}
