// Takes the pictures of the dashboards: a crawl runs, first as it is, then with a slow last stage, then as it is again; a
// Prometheus scrapes it; Grafana's components draw the answers to the panels' own queries. Writes docs/pictures/*.png.
//
//   cargo build -p examples -p queuectl && cd ci/grafana && npm ci && npm run pictures
//
// It needs `prometheus` and `chromium` on the PATH. `npm run pictures -- FILE` draws once more what an earlier run has
// left in FILE.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { record } from './record.mjs';

const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
const target = new URL('../../docs/pictures/', import.meta.url).pathname;

/** Which panels are on a picture, line by line, by their titles. */
const pictures = {
  overview: {
    page: 'overview',
    queue: '.+',
    width: 1400,
    lines: [
      [96, 'stat', 'Firing alerts', 'Worst utilization', 'Oldest item', 'Drops a second', 'Stalled queues', 'Delivered a second'],
      [250, 'timeseries', 'Utilization', 'Backpressure'],
      [220, 'timeseries', 'In', 'Out', 'Mean time in the queue'],
      [220, 'timeseries', 'Busy', 'Blocked', 'Starved'],
      [190, 'table', 'Queues'],
    ],
    headings: { 1: 'Saturation', 2: 'Flow and latency', 3: 'Pipeline stages' },
  },
  queue: {
    page: 'queue',
    queue: 'crawl.store',
    width: 1400,
    lines: [
      [96, 'stat', 'Firing alerts', 'Utilization', 'Depth', 'Capacity', 'Oldest item', 'Queues of this name'],
      [220, 'state-timeline', 'Alerts'],
      [260, 'timeseries', 'Depth', 'Utilization'],
      [230, 'timeseries', 'In and out', 'Mean time in the queue', 'Time in the queue, by share'],
      [230, 'timeseries', 'Held up', 'Done', 'Workers'],
      [250, 'heatmap', 'Times in the queue', 'Times of processing'],
    ],
    headings: { 1: 'crawl.store' },
  },
};

function lines(answers, { page, lines, headings }) {
  return lines.map(([height, type, ...titles], number) => ({
    height,
    heading: headings[number],
    panels: titles.map((title) => {
      const found = answers[page].find(({ panel }) => panel.title === title && panel.type === type);
      if (!found) throw new Error(`no ${type} ${title} on the page ${page}`);
      return found;
    }),
  }));
}

async function bundle() {
  const file = join(folder, 'page.js');
  await build({
    entryPoints: ['page.tsx'],
    outfile: file,
    bundle: true,
    minify: true,
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.woff': 'dataurl', '.woff2': 'dataurl', '.svg': 'dataurl', '.ttf': 'empty' },
    logLevel: 'error',
  });
  return file;
}

function shoot(name, mode, picture, script) {
  const html = join(folder, `${name}-${mode}.html`);
  const data = JSON.stringify(picture).replaceAll('<', '\\u003c');
  writeFileSync(
    html,
    `<!doctype html><meta charset=utf-8><link rel=stylesheet href="${script.replace(/js$/, 'css')}">
     <style>html,body{margin:0;overflow:hidden}</style><body data-mode=${mode}><div id=root></div>
     <script type="application/json" id=picture>${data}</script><script src="${script}"></script>`
  );
  const heading = 40;
  const height = picture.lines.reduce((sum, line) => sum + line.height + 8 + (line.heading ? heading : 0), 24);
  execFileSync('chromium', [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
    '--hide-scrollbars', '--allow-file-access-from-files', `--user-data-dir=${join(folder, 'profile')}`,
    `--window-size=${picture.width},${height}`, '--virtual-time-budget=10000',
    `--screenshot=${join(target, `${name}-${mode}.png`)}`, `file://${html}`,
  ], { stdio: 'ignore' });
}

const [earlier] = process.argv.slice(2);
const taken = earlier ? JSON.parse(readFileSync(earlier, 'utf8')) : await record(pictures, folder);
if (!earlier) {
  const kept = join(tmpdir(), 'pictures.json');
  writeFileSync(kept, JSON.stringify(taken));
  console.log(`the answers are in ${kept}`);
}
if (!existsSync(target)) mkdirSync(target);
const script = await bundle();
for (const [name, spec] of Object.entries(pictures)) {
  const picture = { width: spec.width, range: taken.range, step: taken.step, lines: lines(taken.answers, spec) };
  for (const mode of ['light', 'dark']) shoot(name, mode, picture, script);
}
rmSync(folder, { recursive: true, force: true });
