// Writes rows that are in sight at once, and all others in short slices, so that hundreds of them never
// keep a click waiting. Every row is written for every update unless the next one overtakes it.

const SLICE_MS = 8;
const MARGIN = '400px'; // rows so near to the window count as seen

export class LateRows {
	/** done(ms): all rows are written; what that took of the main thread. */
	constructor(done) {
		this.done = done;
		this.rows = new Map();    // node -> row
		this.seen = new Set();
		this.waiting = new Set();
		this.timer = null;
		this.spent = 0;
		this.observer = new IntersectionObserver((entries) => this.onSight(entries), { rootMargin: MARGIN });
	}

	watch(row) {
		this.rows.set(row.node, row);
		this.observer.observe(row.node);
	}

	forget(row) {
		this.rows.delete(row.node);
		this.seen.delete(row);
		this.waiting.delete(row);
		this.observer.unobserve(row.node);
	}

	/** Between begin and end each row that is to be written is wanted once. */
	begin(many) {
		this.many = many;
		this.began = performance.now();
		this.spent = 0;
		clearTimeout(this.timer);
	}

	want(row) {
		if (!this.many || this.seen.has(row)) row.write();
		else this.waiting.add(row);
	}

	end() {
		this.spent += performance.now() - this.began;
		this.next();
	}

	next() {
		if (this.waiting.size) this.timer = setTimeout(() => this.slice());
		else this.done(this.spent);
	}

	slice() {
		const began = performance.now();
		for (const row of this.waiting) {
			this.waiting.delete(row);
			row.write();
			if (performance.now() - began > SLICE_MS) break;
		}
		this.spent += performance.now() - began;
		this.next();
	}

	onSight(entries) {
		for (const { target, isIntersecting } of entries) {
			const row = this.rows.get(target);
			if (!row) continue;
			if (!isIntersecting) this.seen.delete(row);
			else this.seen.add(row);
			if (isIntersecting && this.waiting.delete(row)) row.write();
		}
	}
}
