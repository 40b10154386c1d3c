// Events on a chart: a line where each happened, and its sentence where the pointer is.

import { isTrouble } from './events.js';

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const SHAPE_PX = 4;

function drawMark(context, x, { top, bottom }, colour) {
	context.strokeStyle = context.fillStyle = colour;
	context.lineWidth = 1;
	context.setLineDash([2, 3]);
	context.beginPath();
	context.moveTo(x, top);
	context.lineTo(x, bottom);
	context.stroke();
	context.beginPath();
	context.moveTo(x - SHAPE_PX, top);
	context.lineTo(x + SHAPE_PX, top);
	context.lineTo(x, top + 1.6 * SHAPE_PX);
	context.fill();
}

/** A plugin of the chart library; events() -> those to be marked. */
export function eventMarks(events) {
	return {
		id: 'events',
		afterDatasetsDraw(chart) {
			const { ctx, chartArea, scales: { x } } = chart;
			const [bad, quiet] = [css('--bad'), css('--quiet')];
			ctx.save();
			for (const event of events())
				if (event.time_ms >= x.min && event.time_ms <= x.max)
					drawMark(ctx, x.getPixelForValue(event.time_ms), chartArea, isTrouble(event) ? bad : quiet);
			ctx.restore();
		},
	};
}

/** Those nearer to a point than to its neighbours. */
export function eventsNear(events, at, points) {
	const step = points.length > 1 ? (points.at(-1).at - points[0].at) / (points.length - 1) : 0;
	return events.filter((event) => Math.abs(event.time_ms - at) <= step / 2);
}
