// The two kinds of panel whose components no package has: Grafana draws them in its application, on `UPlotChart`, which is in
// `@grafana/ui`. Here they are drawn on the same chart, with its axes and legend; what fills them is ours.
import { formattedValueToString, getValueFormat, type DataFrame, type GrafanaTheme2 } from '@grafana/data';
import { AxisPlacement, LegendDisplayMode, ScaleDirection, ScaleOrientation } from '@grafana/schema';
import { UPlotChart, UPlotConfigBuilder, VizLayout, VizLegend } from '@grafana/ui';
import { interpolateOranges } from 'd3-scale-chromatic';
import type uPlot from 'uplot';

interface Plot {
  panel: any;
  data: DataFrame[];
  width: number;
  height: number;
  theme: GrafanaTheme2;
  range: { from: number; to: number };
  step: number;
}

/** One series: its label, and a value for each time that it has one at. */
interface Row {
  label: string;
  points: Map<number, number>;
}

const rows = (data: DataFrame[]): Row[] =>
  data.map(({ fields: [time, value] }) => ({
    label: value.config.displayNameFromDS ?? value.name,
    points: new Map(time.values.map((at, index) => [at, value.values[index]])),
  }));

/** A chart of time whose ordinate is a number of rows, from the bottom to the top; `draw` fills it. */
function chart({ theme, range, data }: Plot, count: number, axis: object, draw: (u: uPlot) => void) {
  const config = new UPlotConfigBuilder('utc');
  const [x, y] = ['x', 'y'];
  const scale = { direction: ScaleDirection.Right, orientation: ScaleOrientation.Horizontal };
  config.addScale({ ...scale, scaleKey: x, isTime: true, range: () => [range.from * 1000, range.to * 1000] });
  config.addScale({
    scaleKey: y, direction: ScaleDirection.Up, orientation: ScaleOrientation.Vertical, range: () => [0, count],
  });
  config.addAxis({ scaleKey: x, isTime: true, placement: AxisPlacement.Bottom, timeZone: 'utc', theme });
  config.addAxis({ scaleKey: y, placement: AxisPlacement.Left, theme, ...axis });
  // Room for half of the last time.
  config.setPadding([null, 24, null, null]);
  // Without a series there is no chart; this one is drawn by nobody.
  config.addSeries({ scaleKey: y, theme, pathBuilder: () => null, pointsBuilder: () => false as any });
  config.addHook('draw', (u) => {
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
    u.ctx.clip();
    draw(u);
    u.ctx.restore();
  });
  const times = [...new Set(data.flatMap(({ fields: [time] }) => time.values))].sort((a, b) => a - b);
  return { config, times, aligned: [times, times.map(() => null)] as uPlot.AlignedData };
}

/** The spans of time in which each series had one state, with the colours and words of the panel's mappings. */
export function StateTimeline(plot: Plot) {
  const { panel, data, width, height, theme, step } = plot;
  const { mappings, custom } = panel.fieldConfig.defaults;
  const states: Record<string, { text: string; color: string }> = Object.assign({}, ...mappings.map((one: any) => one.options));
  const series = rows(data).reverse();
  const middles = series.map((_, row) => row + 0.5);
  const axis = {
    splits: () => middles,
    values: () => series.map(({ label }) => label),
    grid: { show: false },
    ticks: { show: false },
  };
  const { config, times, aligned } = chart(plot, series.length, axis, (u) => {
    u.ctx.font = `${12 * devicePixelRatio}px ${theme.typography.fontFamily}`;
    [u.ctx.textBaseline, u.ctx.textAlign] = ['middle', 'left'];
    series.forEach(({ points }, row) => {
      const top = u.valToPos(row + 0.5 + panel.options.rowHeight / 2, 'y', true);
      const bottom = u.valToPos(row + 0.5 - panel.options.rowHeight / 2, 'y', true);
      let began = 0;
      times.forEach((time, at) => {
        const value = points.get(time);
        if (value === points.get(times[at + 1]) && at + 1 < times.length) return;
        const state = states[String(value)];
        const left = u.valToPos(times[began], 'x', true);
        const right = u.valToPos(times[at + 1] ?? time + step * 1000, 'x', true);
        began = at + 1;
        if (!state) return;
        u.ctx.globalAlpha = custom.fillOpacity / 100;
        u.ctx.fillStyle = theme.visualization.getColorByName(state.color);
        u.ctx.fillRect(left, top, right - left, bottom - top);
        u.ctx.globalAlpha = 1;
        const room = right - left - 12 * devicePixelRatio;
        if (u.ctx.measureText(state.text).width < room) {
          u.ctx.fillStyle = theme.colors.getContrastText(theme.visualization.getColorByName(state.color));
          u.ctx.fillText(state.text, left + 6 * devicePixelRatio, (top + bottom) / 2);
        }
      });
    });
  });
  const seen = new Set(series.flatMap(({ points }) => [...points.values()].map(String)));
  const items = Object.entries(states)
    .filter(([value]) => seen.has(value))
    .map(([, { text, color }]) => ({ label: text, color: theme.visualization.getColorByName(color), yAxis: 1 }));
  const legend = (
    <VizLayout.Legend placement="bottom">
      <VizLegend placement="bottom" items={items} displayMode={LegendDisplayMode.List} />
    </VizLayout.Legend>
  );
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(width, height) => <UPlotChart config={config} data={aligned} width={width} height={height} />}
    </VizLayout>
  );
}

/** How many fell into each bucket in each step, by the colours of the panel's scheme. */
export function Heatmap(plot: Plot) {
  const { panel, data, width, height, theme, step } = plot;
  const { color, filterValues, yAxis } = panel.options;
  if (color.scheme !== 'Oranges') throw new Error(`no colours are known of the scheme ${color.scheme}`);
  // Prometheus counts up to each bound; a cell is what lies between two of them.
  const buckets = rows(data)
    .map((row) => ({ ...row, bound: Number(row.label.replace('+Inf', 'Infinity')) }))
    .sort((a, b) => a.bound - b.bound);
  const format = getValueFormat(yAxis.unit);
  const bounds = buckets.map(({ bound }) => (Number.isFinite(bound) ? formattedValueToString(format(bound)) : '+Inf'));
  const axis = {
    splits: () => buckets.map((_, row) => row + 1).filter((row) => row % 2 === 1),
    values: (_: uPlot, splits: number[]) => splits.map((row) => bounds[row - 1]),
  };
  const between = (time: number, row: number) =>
    (buckets[row].points.get(time) ?? 0) - (row > 0 ? (buckets[row - 1].points.get(time) ?? 0) : 0);
  const { config, times, aligned } = chart(plot, buckets.length, axis, (u) => {
    const most = Math.max(...times.flatMap((time) => buckets.map((_, row) => between(time, row))));
    for (const time of times) {
      const left = u.valToPos(time, 'x', true);
      const right = u.valToPos(time + step * 1000, 'x', true);
      buckets.forEach((_, row) => {
        const count = between(time, row);
        if (count < filterValues.ge) return;
        const share = Math.ceil(Math.pow(count / most, color.exponent) * color.steps) / color.steps;
        // On dark ground more is brighter.
        u.ctx.fillStyle = interpolateOranges(theme.isDark ? 1 - share : share);
        const [top, bottom] = [u.valToPos(row + 1, 'y', true), u.valToPos(row, 'y', true)];
        u.ctx.fillRect(left, top, right - left + 0.5, bottom - top - devicePixelRatio);
      });
    }
  });
  return <UPlotChart config={config} data={aligned} width={width} height={height} />;
}
