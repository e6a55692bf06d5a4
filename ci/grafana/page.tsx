// Draws panels of a dashboard with Grafana's own components: what Grafana would show of these answers.
import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  createTheme,
  dateTime,
  FieldConfigOptionsRegistry,
  FieldType,
  getFieldDisplayValues,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  toDataFrame,
  transformDataFrame,
  type DataFrame,
  type FieldConfigSource,
} from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { createRoot } from 'react-dom/client';
import { Heatmap, StateTimeline } from './plots';
import { lastValueFrom } from 'rxjs';
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';

/** What `pictures.mjs` leaves for this page. */
interface Picture {
  width: number;
  range: { from: number; to: number };
  step: number;
  lines: Array<{ height: number; heading?: string; panels: PanelData[] }>;
}
interface PanelData {
  panel: any;
  answers: Answer[];
}
/** One query with its answer, as Prometheus gave it. */
interface Answer {
  query: { refId: string; format: string; legendFormat: string };
  result: Array<{ metric: Record<string, string>; value?: [number, string]; values?: Array<[number, string]> }>;
}

const picture: Picture = JSON.parse(document.getElementById('picture')!.textContent!);
const theme = createTheme({ colors: { mode: document.body.dataset.mode === 'dark' ? 'dark' : 'light' } });
const GAP = 8;

// Grafana registers these in its application, which no package has.
const custom = [
  'drawStyle', 'lineInterpolation', 'lineWidth', 'fillOpacity', 'showPoints', 'spanNulls', 'axisSoftMin', 'stacking',
  'thresholdsStyle', 'lineStyle', 'align', 'cellOptions', 'filterable', 'width', 'minWidth',
];
const standard = ['unit', 'min', 'max', 'decimals', 'color', 'thresholds', 'mappings', 'noValue', 'displayName'];
const property = (id: string, path: string, isCustom: boolean): any => ({
  id, path, isCustom, name: path, process: (value: unknown) => value, shouldApply: () => true, editor: () => null,
  override: () => null, settings: {},
});
const registry = new FieldConfigOptionsRegistry(() => [
  ...standard.map((name) => property(name, name, false)),
  ...custom.map((name) => property(`custom.${name}`, name, true)),
]);
// Some are listed under two names.
standardTransformersRegistry.setInit(() =>
  (Object.values(standardTransformers) as any[])
    .filter((one, at, all) => all.findIndex(({ id }) => id === one.id) === at)
    .map((transformation) => ({ id: transformation.id, name: transformation.name, transformation: async () => transformation, editor: () => null }) as any)
);

/** As the data source tells a number that is none. */
const number = (text: string) => (Number.isFinite(Number(text)) ? Number(text) : null);

const legend = (format: string, labels: Record<string, string>) =>
  format.replace(/\{\{(\w+)\}\}/g, (_, label) => labels[label] ?? '');

/** One frame for each series, as the data source makes them. */
function frames({ query, result }: Answer): DataFrame[] {
  if (query.format === 'table') {
    const names = [...new Set(result.flatMap((series) => Object.keys(series.metric)))];
    return [
      toDataFrame({
        refId: query.refId,
        fields: [
          { name: 'Time', type: FieldType.time, values: result.map((series) => series.value![0] * 1000) },
          ...names.map((name) => ({ name, type: FieldType.string, values: result.map((series) => series.metric[name]) })),
          { name: `Value #${query.refId}`, type: FieldType.number, values: result.map((series) => number(series.value![1])) },
        ],
      }),
    ];
  }
  return result.map((series) => {
    const points = series.values ?? [series.value!];
    return toDataFrame({
      refId: query.refId,
      fields: [
        // Where there is no answer for longer than that, there is a gap.
        { name: 'Time', type: FieldType.time, config: { interval: picture.step * 1000 }, values: points.map((point) => point[0] * 1000) },
        {
          name: 'Value',
          type: FieldType.number,
          labels: series.metric,
          values: points.map((point) => number(point[1])),
          config: { displayNameFromDS: legend(query.legendFormat, series.metric) },
        },
      ],
    });
  });
}

async function shown({ panel, answers }: PanelData): Promise<DataFrame[]> {
  const data = await lastValueFrom(transformDataFrame(panel.transformations ?? [], answers.flatMap(frames)));
  return applyFieldOverrides({
    data,
    fieldConfig: panel.fieldConfig as FieldConfigSource,
    fieldConfigRegistry: registry,
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
}

function Content({ panel, data, width, height }: { panel: any; data: DataFrame[]; width: number; height: number }) {
  const { from, to } = picture.range;
  const range = { from: dateTime(from * 1000), to: dateTime(to * 1000) };
  switch (panel.type) {
    case 'stat': {
      const { fieldConfig, options } = panel;
      const [value] = getFieldDisplayValues({
        fieldConfig, reduceOptions: options.reduceOptions, replaceVariables: (text) => text, theme, data, timeZone: 'utc',
      });
      return <BigValue {...options} disableWideLayout value={value.display} width={width} height={height} theme={theme} />;
    }
    case 'timeseries':
      return (
        <TimeSeries
          frames={data}
          width={width}
          height={height}
          timeRange={{ ...range, raw: range }}
          timeZone="utc"
          legend={panel.options.legend}
        />
      );
    case 'table':
      cacheFieldDisplayNames(data);
      return (
        <TableNG data={data[0]} width={width} height={height} cellHeight={panel.options.cellHeight}
          initialSortBy={panel.options.sortBy} enableVirtualization={false} fieldConfig={panel.fieldConfig} getActions={() => []} />
      );
    case 'state-timeline':
      return <StateTimeline {...{ panel, data, width, height, theme }} range={picture.range} step={picture.step} />;
    case 'heatmap':
      return <Heatmap {...{ panel, data, width, height, theme }} range={picture.range} step={picture.step} />;
    default:
      throw new Error(`no component of the packages draws a ${panel.type}`);
  }
}

async function draw() {
  const lines = await Promise.all(
    picture.lines.map(async (line) => ({
      ...line,
      panels: await Promise.all(line.panels.map(async (one) => ({ panel: one.panel, data: await shown(one) }))),
    }))
  );
  const style = { background: theme.colors.background.canvas, padding: 2 * GAP, width: picture.width };
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={style}>
        {lines.map(({ height, heading, panels }, line) => (
          <div key={line}>
            {heading && <h2 style={{ ...theme.typography.h5, margin: '12px 4px 8px' }}>{heading}</h2>}
            <div style={{ display: 'flex', gap: GAP, marginBottom: GAP }}>
              {panels.map(({ panel, data }) => (
                <PanelChrome
                  key={panel.title}
                  title={panel.title}
                  padding={panel.type === 'table' ? 'none' : undefined}
                  width={(picture.width - 4 * GAP - (panels.length - 1) * GAP) / panels.length}
                  height={height}
                >
                  {(width, height) => <Content panel={panel} data={data} width={width} height={height} />}
                </PanelChrome>
              ))}
            </div>
          </div>
        ))}
      </div>
    </ThemeContext.Provider>
  );
}

draw().catch((error) => {
  document.body.innerText = `not drawn: ${error.stack}`;
});
