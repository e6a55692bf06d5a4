// What queue-monitor writes, in the types that Grafana publishes: its classic dashboard, with the options of the
// visualizations that are used, and queries of the Prometheus data source. `npm run schema` makes the JSON schema of it.
import type {
  AnnotationQuery,
  Dashboard as Classic,
  FieldConfig,
  FieldConfigSource,
  Panel as AnyPanel,
  RowPanel,
  VariableModel,
} from '@grafana/schema';
import type * as heatmap from './node_modules/@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/types.gen';
import type * as stateTimeline from './node_modules/@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/types.gen';
import type * as stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as timeSeries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';

// The query model of the data source is not among the published types.
interface Query {
  refId: string;
  datasource: { type: 'prometheus'; uid: string };
  editorMode: 'code' | 'builder';
  expr: string;
  legendFormat: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  range: boolean;
  interval: string;
}

// Neither are the formats that the data source makes annotations with.
interface Annotation extends Omit<AnnotationQuery, 'target'> {
  target: { refId: string; expr: string };
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
  useValueForTime: boolean;
}

type Shown<Custom> = Omit<FieldConfigSource, 'defaults'> & {
  defaults: Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> };
};

type Kind<Type extends string, Options, Custom> = Omit<AnyPanel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  id: number;
  title: string;
  options: Partial<Options>;
  fieldConfig: Shown<Custom>;
  targets: Query[];
};

type Panel =
  | Kind<'timeseries', timeSeries.Options, timeSeries.FieldConfig>
  | Kind<'stat', stat.Options, {}>
  | Kind<'table', table.Options, table.FieldConfig>
  | Kind<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Kind<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>;

export interface Dashboard extends Omit<Classic, 'panels' | 'annotations' | 'templating'> {
  panels: Array<Panel | RowPanel>;
  annotations: { list: Annotation[] };
  templating: { list: VariableModel[] };
}
