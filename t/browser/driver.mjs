// A browser for tests in Perl (t/lib/Weir/Browser.pm): one JSON request a line on stdin, one answer a line on stdout.
//
//   {"page": 1, "do": "click", "with": ["#theme"]}      any method of Playwright's Page, or one of those below
//   {"value": ...}  or  {"error": "..."}
//
// Arguments: WIDTH HEIGHT light|dark are the first page's; page 1 and so on are made by "newPage".
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.env.WEIR_BROWSER_TOOLS}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({
	executablePath: process.env.WEIR_CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
		'--disable-component-update', '--disable-sync'],
});

const pages = [];

// What went wrong in a page, besides what is asked: none of it may.
function listen(own) {
	const { page, log } = own;
	page.on('console', (message) => log(message.type(), `${message.text()} ${message.location().url ?? ''}`));
	page.on('pageerror', (error) => log('error', `uncaught: ${error.stack ?? error}`));
	page.on('request', (request) => {
		const url = new URL(request.url());
		own.asked.push(`${request.method()} ${url.pathname}`);
		if (own.origin && url.origin !== own.origin && !['data:', 'blob:'].includes(url.protocol)) log('error', `went elsewhere: ${url}`);
	});
}

const ours = {
	async newPage(_, width, height, theme) {
		// nothing fades: what is looked at in the middle of that has neither the colours before nor those after it
		const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', locale: 'en-GB', timezoneId: 'UTC' });
		const own = { page: await context.newPage(), said: [], asked: [], origin: null };
		own.log = (type, text) => own.said.push({ type, text });
		own.page.setDefaultTimeout(60000);
		await context.addInitScript(() => {
			addEventListener('securitypolicyviolation', (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI}`));
			globalThis.longTasks = [];
			new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((e) => e.duration)))
				.observe({ type: 'longtask', buffered: true });
		});
		listen(own);
		return pages.push(own);
	},
	async open({ page, ...own }, url) {
		pages.find((p) => p.page === page).origin = new URL(url).origin;
		await page.goto(url);
	},
	keyboardPress: ({ page }, key) => page.keyboard.press(key),
	said: (own) => own.said,
	asked: (own) => own.asked,
	/** Answers in place of the node, for all requests of that kind; null: no more. */
	async answer({ page }, url, accept, status) {
		await page.route(url, (route) => ((route.request().headers().accept ?? '').includes(accept)
			? route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify({ status, detail: 'Refused by the test.' }) })
			: route.fallback()));
	},
	/** Violations of level serious and critical, by axe's rules for WCAG 2.2 A and AA and best practices. */
	async axe({ page }) {
		// evaluated by the debugger, which no content security policy forbids
		const results = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
		return results.violations.filter((v) => ['serious', 'critical'].includes(v.impact))
			.map((v) => `${v.impact} ${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`);
	},
	close: () => browser.close(),
};

async function answerTo({ page, do: what, with: args }) {
	const own = pages[page - 1];
	const value = Object.hasOwn(ours, what) ? await ours[what](own, ...args) : await own.page[what](...args);
	return value === undefined || value === own?.page || typeof value?.url === 'function' ? null : value;
}

for await (const line of createInterface({ input: process.stdin })) {
	const reply = await answerTo(JSON.parse(line)).then((value) => ({ value }), (error) => ({ error: String(error.message ?? error) }));
	process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await browser.close();
