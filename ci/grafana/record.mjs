// Runs the example under a real Prometheus, and asks what the panels ask.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = new URL('../..', import.meta.url).pathname;
const bin = join(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug');
const [crawl, prometheus] = ['127.0.0.1:9474', '127.0.0.1:9475'];

/** Seconds from one point to the next. */
const STEP = 1;

/** What happens, in seconds. */
const story = [
  [75, []],
  [110, ['--slow-store', '20ms']],
  [50, []],
];

/** The answers of every page's panels, and the range they are of. */
export async function record(pictures, folder) {
  const config = join(folder, 'queues.yaml');
  writeFileSync(config, hurried(readFileSync(join(root, 'docs/deploy/queues.yaml'), 'utf8')));
  const scrapes = join(folder, 'prometheus.yml');
  writeFileSync(
    scrapes,
    `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs: [{ job_name: crawl, static_configs: [{ targets: ["${crawl}"] }] }]\n`
  );
  const server = spawn(
    'prometheus',
    [`--config.file=${scrapes}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${prometheus}`],
    { stdio: 'ignore' }
  );
  try {
    const started = Date.now() / 1000;
    for (const [seconds, slow] of story) await run(config, folder, seconds, slow);
    const range = { from: started + 20, to: Date.now() / 1000 - 3 };
    // The numbers of now are those of the worst moment: that is what a person would be looking at.
    const at = started + story[0][0] + story[1][0] - 5;
    await complete(range);
    const answers = {};
    for (const { page, queue } of Object.values(pictures)) {
      const dashboard = JSON.parse(execFileSync(join(bin, 'queuectl'), ['dashboard', config, '--page', page]));
      answers[page] = await Promise.all(
        dashboard.panels.filter((panel) => panel.type !== 'row').map((panel) => asked(panel, queue, range, at))
      );
    }
    return { range, step: STEP, answers };
  } finally {
    server.kill();
  }
}

/** A machine that stood still in between makes a picture of itself. */
async function complete({ from, to }) {
  const seconds = Math.floor(to - from);
  const [there] = await ask('query', { query: `count_over_time(up[${seconds}s])`, time: to });
  const share = there.value[1] / seconds;
  if (share < 0.97) throw new Error(`only ${Math.round(100 * share)}% of the scrapes are there: something else kept the machine busy; try again`);
}

/** The same alerts, within the seconds that a picture takes. */
function hurried(yaml) {
  return yaml
    .replace('interval: 10s', 'interval: 3s')
    .replace('scrape_interval: 5s', 'scrape_interval: 3s')
    .replace('above: 30s\n    for: 1m', 'above: 2s\n    for: 5s')
    .replaceAll('for: 1m', 'for: 10s')
    .replace('keep_firing_for: 2m', 'keep_firing_for: 10s');
}

async function run(config, folder, seconds, slow) {
  mkdirSync(join(folder, 'crawl'), { recursive: true });
  const child = spawn(
    join(bin, 'crawl'),
    ['--forever', '--listen', crawl, '--config', config, '--database', join(folder, 'crawl', 'crawl.sqlite'), ...slow],
    { cwd: root, stdio: 'ignore' }
  );
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await sleep(seconds * 1000);
  child.kill('SIGINT');
  await sleep(300);
  child.kill('SIGINT');
  await ended;
}

async function asked(panel, queue, { from, to }, at) {
  const names = { $job: '.+', $instance: '.+', $queue: queue, $__rate_interval: '12s' };
  const answers = panel.targets.map(async (query) => {
    const expr = Object.entries(names).reduce((expr, [name, value]) => expr.replaceAll(name, value), query.expr);
    const ranged = { query: expr, start: from, end: to, step: STEP };
    const [path, parameters] = query.instant ? ['query', { query: expr, time: at }] : ['query_range', ranged];
    return { query, result: await ask(path, parameters) };
  });
  return { panel, answers: await Promise.all(answers) };
}

async function ask(path, parameters) {
  const response = await fetch(`http://${prometheus}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const { status, data, error } = await response.json();
  if (status !== 'success') throw new Error(`${parameters.query}: ${error}`);
  return data.result;
}
