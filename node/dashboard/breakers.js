// Breakers in words: of all workers together, and of one that has trouble.

import { span, plural } from './format.js';

export function breakersText({ closed = 0, open = 0, half_open: half = 0, hanging = 0 } = {}) {
	const parts = [];
	if (open) parts.push(`▲ open on ${open}`);
	if (hanging) parts.push(`◌ hanging on ${hanging}`);
	if (half) parts.push(`◐ half-open on ${half}`);
	if (closed) parts.push(`● closed on ${closed}`);
	return parts.join('\n') || '– no worker';
}

export function troubleText({ worker, state, left_ms: left, failures }) {
	const says = [`${worker}: ${state.replace('_', '-')}`];
	if (state === 'open') says.push(`${span(left)} left`);
	if (failures) says.push(plural(failures, 'failure'));
	return says.join(', ');
}
