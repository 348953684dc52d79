// usage: node render.js DASH.json PROM_URL OUT.png [range=600] [theme=dark|light] [width=1400] [var-x=y ...]
// draws a Grafana dashboard JSON with Grafana's own npm components (@grafana/ui, @grafana/data), data from a real Prometheus
const http = require('http'),
  fs = require('fs'),
  path = require('path');
const { chromium } = require('playwright-core');
const [dash, prom, out, ...rest] = process.argv.slice(2);
const a = Object.fromEntries(rest.map((x) => x.split(/=(.*)/s)));
const s = http
  .createServer((q, r) => {
    const u = new URL(q.url, 'http://x');
    if (u.pathname.startsWith('/api/v1/'))
      return http
        .get(prom + q.url, (p) => {
          r.writeHead(p.statusCode, { 'content-type': 'application/json' });
          p.pipe(r);
        })
        .on('error', (e) => {
          r.writeHead(502);
          r.end(String(e));
        });
    const send = (b, t) => {
      r.writeHead(200, { 'content-type': t });
      r.end(b);
    };
    if (u.pathname === '/dash.json') return send(fs.readFileSync(dash), 'application/json');
    if (u.pathname === '/app.js' || u.pathname === '/app.css')
      return send(
        fs.readFileSync(path.join(__dirname, 'dist', u.pathname)),
        u.pathname.endsWith('js') ? 'text/javascript' : 'text/css',
      );
    if (u.pathname === '/')
      return send(
        '<!doctype html><meta charset=utf-8><link rel=stylesheet href=/app.css><div id=root></div><script type=module src=/app.js></script>',
        'text/html',
      );
    const m = /\/img\/icons\/(.*\.svg)$/.exec(u.pathname),
      f = m && path.join(__dirname, 'node_modules/@grafana/ui/dist/public/img/icons', m[1]);
    if (f && fs.existsSync(f)) return send(fs.readFileSync(f), 'image/svg+xml');
    r.writeHead(404);
    r.end();
  })
  .listen(0, '127.0.0.1', async () => {
    const b = await chromium.launch({
      executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    const p = await b.newPage({ viewport: { width: +(a.width || 1400), height: +(a.height || 3000) } });
    const bad = [];
    p.on('pageerror', (e) => bad.push('pageerror ' + String(e.stack).slice(0, 600)));
    p.on('console', (m) => m.type() === 'error' && !/404/.test(m.text()) && bad.push('console ' + m.text().slice(0, 300)));
    const q = new URLSearchParams({
      range: a.range || '600',
      theme: a.theme || 'dark',
      ...(a.now ? { now: a.now } : {}),
      ...(a.scrape ? { scrape: a.scrape } : {}),
      ...Object.fromEntries(Object.entries(a).filter(([k]) => k.startsWith('var-'))),
    });
    await p.goto(`http://127.0.0.1:${s.address().port}/?${q}`);
    await p.waitForFunction(() => window.__left === 0, null, { timeout: 60000 }).catch((e) => bad.push(String(e)));
    await p.waitForTimeout(1500);
    const hh = await p.evaluate(() =>
      Math.ceil(
        Math.max(
          ...[...document.querySelectorAll('#root > div > div, #root div')]
            .map((e) => e.getBoundingClientRect().bottom)
            .filter((x) => x < 2990),
        ),
      ),
    );
    await p.setViewportSize({ width: +(a.width || 1400), height: hh });
    await p.waitForTimeout(500);
    await p.screenshot({ path: out, fullPage: true, clip: undefined });
    const errs = [...new Set([...(await p.evaluate(() => window.__errors || [])), ...bad])];
    const nodata = await p.evaluate(() => document.querySelectorAll('.nodata').length);
    errs.forEach((e) => console.log('ERROR', e));
    console.log(`${out}: ${errs.length} errors, ${nodata} panels without data`);
    await b.close();
    s.close();
    process.exit(errs.length ? 1 : 0);
  });
