# shellcheck shell=bash disable=SC2154
# Processes that live as long as the script that started them. Their logs are in $folder, which the script
# makes; $lock is a file descriptor that they shall not inherit.

declare -A pid_of=() # name -> pid, of those that were not stopped
started=()           # names, in order of their start
tick=''              # pid of the sleep of rest_a_second

# start NAME COMMAND...: in a session of its own, so that Ctrl-C reaches the script alone, which stops
# them in order; should the script be killed, the kernel ends them. Reads $input, if that is set.
start() {
	local name=$1
	shift
	setsid setpriv --pdeathsig TERM "$@" <"${input:-/dev/null}" >"$folder/$name.log" 2>&1 {lock}>&- &
	pid_of[$name]=$!
	started+=("$name")
}

is_running() {
	[[ -n ${pid_of[$1]:-} ]] && kill -0 "${pid_of[$1]}" 2>/dev/null
}

# died NAME: by itself, which ends the script.
died() {
	{
		say "" "$1 has ended by itself; the end of its log:"
		tail -n 15 "$folder/$1.log"
	} >&2
	exit 1
}

# check_running [NAME...]: that all run which were started; those named may end: then this fails.
check_running() {
	local name status=0
	for name in "${started[@]}"; do
		is_running "$name" && continue
		[[ " $* " == *" $name "* ]] || died "$name"
		status=1
	done
	return "$status"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1)) what=$2
	shift 2
	until "$@"; do
		check_running
		((SECONDS <= end)) || die "gave up waiting: $what"
		sleep 0.02
	done
}

# rest_a_second [NAME...]: less if something ends meanwhile. Fails once one of those named has ended.
rest_a_second() {
	sleep 1 &
	tick=$!
	wait -n "$tick" "${pid_of[@]}" 2>/dev/null
	check_running "$@" && return
	kill "$tick" 2>/dev/null
	return 1
}

# stop NAME...: all at once, those that do not end within 10 s by force.
stop() {
	local name tries
	for name in "$@"; do
		kill -TERM "${pid_of[$name]}" 2>/dev/null
	done
	for name in "$@"; do
		for ((tries = 0; tries < 200; tries++)); do
			is_running "$name" || break
			sleep 0.05
		done
		kill -KILL "${pid_of[$name]}" 2>/dev/null && say "$name did not end: killed" >&2
		wait "${pid_of[$name]}" 2>/dev/null
		unset "pid_of[$name]"
	done
}

# retire NAME SIGNAL: it ends, and is no longer watched. It may be started again.
retire() {
	local name kept=()
	kill "-$2" "${pid_of[$1]}" 2>/dev/null
	wait "${pid_of[$1]}" 2>/dev/null
	unset "pid_of[$1]"
	for name in "${started[@]}"; do
		[[ $name == "$1" ]] || kept+=("$name")
	done
	started=("${kept[@]}")
}

# stop_all PATTERN...: those whose names match the first, then the second, and so on.
stop_all() {
	local pattern name group
	[[ -z $tick ]] || kill "$tick" 2>/dev/null
	for pattern in "$@"; do
		group=()
		for name in "${started[@]}"; do
			# shellcheck disable=SC2053 # a pattern
			[[ $name != $pattern || -z ${pid_of[$name]:-} ]] || group+=("$name")
		done
		stop "${group[@]}"
	done
}
