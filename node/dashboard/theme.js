// Light or dark: as the system says, until the button says otherwise. No module, so that it runs
// before the first paint. Tells others by the event "weir-theme" on document.
(() => {
	const KEY = 'weir-theme';
	const dark = matchMedia('(prefers-color-scheme: dark)');
	const root = document.documentElement;

	// Storage may be forbidden; then the choice lasts as long as the page.
	const read = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
	const write = (value) => { try { localStorage.setItem(KEY, value); } catch { /* not kept */ } };

	function show(theme) {
		root.dataset.theme = theme;
		const button = document.getElementById('theme');
		if (button) {
			const other = theme === 'dark' ? 'light' : 'dark';
			button.textContent = theme === 'dark' ? '☀ Light' : '☾ Dark';
			button.setAttribute('aria-label', `Use the ${other} theme`);
		}
		document.dispatchEvent(new Event('weir-theme'));
	}

	const wanted = () => read() ?? (dark.matches ? 'dark' : 'light');
	show(wanted());
	dark.addEventListener('change', () => show(wanted()));
	document.addEventListener('DOMContentLoaded', () => {
		show(wanted());
		document.getElementById('theme').addEventListener('click', () => {
			const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
			write(next);
			show(next);
		});
	});
})();
