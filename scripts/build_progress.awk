# Of what ninja says ("[12/441] Building C object ..."): on a terminal one line that goes on, else one for each tenth.
BEGIN {
	FS = "[][/ ]"
	step = -1
}

/^\[[0-9]+\/[0-9]+\]/ && !/Re-checking/ {
	tenth = int(10 * $2 / $3)
	if (is_terminal)
		printf "\r  %d of %d steps", $2, $3
	else if (tenth > step)
		printf "  %d of %d steps\n", $2, $3
	step = tenth
	fflush()
}

END {
	if (is_terminal && step >= 0)
		print ""
}
