import React from 'react';
import { createRoot } from 'react-dom/client';
import * as D from '@grafana/data';
import * as U from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { initPluginTranslations } from '@grafana/i18n';

const Q = new URLSearchParams(location.search);
const RANGE = +(Q.get('range') || 900),
  NOW = Q.get('now') ? +Q.get('now') : Date.now() / 1000,
  THEME = Q.get('theme') || 'dark';
const theme = D.createTheme({ colors: { mode: THEME } });
const errors = [];
window.__errors = errors;
const timeRange = () => {
  const f = D.dateTime((NOW - RANGE) * 1000),
    t = D.dateTime(NOW * 1000);
  return { from: f, to: t, raw: { from: f, to: t } };
};

// --- registries that the Grafana app (not the packages) fills ---
const tr = [...new Map(Object.values(D.standardTransformers || {}).map((t) => [t.id, t])).values()];
D.standardTransformersRegistry.setInit(() =>
  tr.map((t) => ({
    id: t.id,
    name: t.name,
    description: t.description,
    transformation: async () => t,
    editor: () => null,
    imageDark: '',
    imageLight: '',
  })),
);
const opt = (id, process, path) => ({
  id,
  path: path || id,
  name: id,
  editor: () => null,
  override: () => null,
  process: process || ((v) => v),
  shouldApply: () => true,
  isCustom: false,
});
const keys = [
  'unit',
  'decimals',
  'min',
  'max',
  'displayName',
  'displayNameFromDS',
  'noValue',
  'color',
  'links',
  'fieldMinMax',
  'description',
  'filterable',
  'actions',
].map((k) => opt(k));
const fieldReg = new D.FieldConfigOptionsRegistry(() => [
  ...keys,
  opt('thresholds', D.thresholdsOverrideProcessor),
  opt('mappings', D.valueMappingsOverrideProcessor),
  ...[
    'drawStyle',
    'lineInterpolation',
    'lineWidth',
    'fillOpacity',
    'gradientMode',
    'showPoints',
    'pointSize',
    'spanNulls',
    'stacking',
    'axisPlacement',
    'axisLabel',
    'axisSoftMin',
    'axisSoftMax',
    'hideFrom',
    'thresholdsStyle',
    'lineStyle',
    'cellOptions',
    'width',
    'minWidth',
    'align',
    'inspect',
    'hidden',
    'filterable',
    'scaleDistribution',
    'axisColorMode',
    'axisBorderShow',
    'barAlignment',
    'transform',
    'fillBelowTo',
    'insertNulls',
    'axisCenteredZero',
  ].map((k) => ({ ...opt('custom.' + k, null, k), isCustom: true })),
]);

// --- variables ---
const vars = {};
function sub(s, scoped) {
  if (typeof s !== 'string') return s;
  const step = Math.max(1, Math.ceil(RANGE / 400)),
    b = {
      __interval: step + 's',
      __rate_interval: Math.max(4 * (+Q.get('scrape') || 1), step) + 's',
      __range: RANGE + 's',
      __range_s: String(RANGE),
      __interval_ms: String(step * 1000),
      ...vars,
      ...(scoped || {}),
    };
  return s.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]/g, (m, x, y, z) => {
    const k = x || y || z;
    if (k in b) return b[k];
    errors.push('unknown variable ' + m + ' in ' + s.slice(0, 80));
    return m;
  });
}
async function api(path, p) {
  const r = await fetch('/api/v1/' + path + '?' + new URLSearchParams(p));
  const j = await r.json();
  if (j.status !== 'success') throw new Error(`${j.errorType}: ${j.error}`);
  return j.data;
}
async function loadVars(d) {
  for (const v of d.templating?.list || []) {
    const given = Q.get('var-' + v.name);
    if (v.type === 'query') {
      const q = sub(typeof v.query === 'object' ? v.query.query : v.query);
      const m = /^label_values\((?:(.*),)?\s*([a-zA-Z_]\w*)\s*\)$/.exec(q);
      let vals = [];
      try {
        if (m) vals = await api(`label/${m[2]}/values`, m[1] ? { 'match[]': m[1], start: NOW - RANGE, end: NOW } : {});
        else if (/^query_result/.test(q))
          vals = (await api('query', { query: q.replace(/^query_result\((.*)\)$/s, '$1'), time: NOW })).result.map(
            (r) =>
              '{' +
              Object.entries(r.metric)
                .map(([k, x]) => `${k}="${x}"`)
                .join(',') +
              '} ' +
              r.value[1] +
              ' ' +
              r.value[0] * 1000,
          );
        else errors.push(`variable ${v.name}: unsupported query ${q}`);
      } catch (e) {
        errors.push(`variable ${v.name}: ${e.message}`);
      }
      if (v.regex) {
        const mm = /^\/(.*)\/(\w*)$/.exec(v.regex);
        const re = new RegExp(mm ? mm[1] : v.regex);
        vals = vals
          .map((x) => re.exec(x))
          .filter(Boolean)
          .map((x) => x.groups?.value ?? x[1] ?? x[0]);
      }
      if (!vals.length) errors.push(`variable ${v.name}: no values`);
      vars[v.name] = given || (v.includeAll ? v.allValue || '(' + vals.join('|') + ')' : vals[0] || '');
    } else if (v.type === 'datasource') vars[v.name] = 'prom';
    else vars[v.name] = given || String(v.current?.value ?? v.query ?? '').replace(/^\$__all$/, v.allValue || '.*');
  }
}

// --- queries -> frames, as Grafana's Prometheus data source shapes them ---
function legend(f, m, expr) {
  if (f && f !== '__auto') return f.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, k) => m[k] ?? '');
  const { __name__, ...l } = m,
    s = Object.entries(l)
      .map(([k, v]) => `${k}="${v}"`)
      .join(', ');
  return (__name__ || '') + (s ? `{${s}}` : '') || expr;
}
async function run(p, t) {
  const expr = sub(t.expr);
  const step = Math.max(1, Math.ceil(RANGE / 400), p.interval === '1d' ? 86400 : 1);
  if (t.instant || (t.format === 'table' && !t.range)) {
    const d = await api('query', { query: expr, time: NOW });
    const res = d.resultType === 'scalar' ? [{ metric: {}, value: d.result }] : d.result;
    if (t.format === 'table') {
      const labels = [...new Set(res.flatMap((r) => Object.keys(r.metric)))].sort();
      return [
        {
          refId: t.refId,
          length: res.length,
          meta: {},
          fields: [
            { name: 'Time', type: D.FieldType.time, config: {}, values: res.map((r) => r.value[0] * 1000) },
            ...labels.map((l) => ({ name: l, type: D.FieldType.string, config: {}, values: res.map((r) => r.metric[l] ?? '') })),
            {
              name: p.targets.length > 1 ? 'Value #' + t.refId : 'Value',
              type: D.FieldType.number,
              config: {},
              values: res.map((r) => +r.value[1]),
            },
          ],
        },
      ];
    }
    return res.map((r) => ({
      refId: t.refId,
      name: legend(t.legendFormat, r.metric, expr),
      length: 1,
      fields: [
        { name: 'Time', type: D.FieldType.time, config: {}, values: [r.value[0] * 1000] },
        {
          name: 'Value',
          type: D.FieldType.number,
          labels: r.metric,
          config: { displayNameFromDS: legend(t.legendFormat, r.metric, expr) },
          values: [+r.value[1]],
        },
      ],
    }));
  }
  const d = await api('query_range', {
    query: expr,
    start: step === 86400 ? NOW - RANGE - ((NOW - RANGE) % 86400) : NOW - RANGE,
    end: NOW,
    step,
  });
  return d.result.map((r) => ({
    refId: t.refId,
    name: legend(t.legendFormat, r.metric, expr),
    length: r.values.length,
    fields: [
      { name: 'Time', type: D.FieldType.time, config: { interval: step * 1000 }, values: r.values.map((v) => v[0] * 1000) },
      {
        name: 'Value',
        type: D.FieldType.number,
        labels: r.metric,
        config: { displayNameFromDS: legend(t.legendFormat, r.metric, expr) },
        values: r.values.map((v) => +v[1]),
      },
    ],
  }));
}

const gdef = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: 0,
  gradientMode: 'none',
  showPoints: 'auto',
  pointSize: 5,
  spanNulls: false,
  stacking: { mode: 'none', group: 'A' },
  axisPlacement: 'auto',
  hideFrom: { legend: false, tooltip: false, viz: false },
  scaleDistribution: { type: 'linear' },
  thresholdsStyle: { mode: 'off' },
  barAlignment: 0,
  axisColorMode: 'text',
  axisBorderShow: false,
  insertNulls: false,
};

async function load(p) {
  let frames = [],
    errs = [];
  for (const t of p.targets || []) {
    if (t.hide) continue;
    try {
      frames.push(...(await run(p, t)));
    } catch (e) {
      errs.push(`${p.title} ${t.refId}: ${e.message}  [${sub(t.expr)}]`);
    }
  }
  if (p.transformations?.length) {
    for (const t of p.transformations)
      if (!D.standardTransformersRegistry.getIfExists(t.id))
        errs.push(`${p.title}: transformation ${t.id} is not in @grafana/data`);
    frames = await new Promise((ok, no) =>
      D.transformDataFrame(
        p.transformations.filter((t) => !t.disabled),
        frames.map((f) => D.toDataFrame(f)),
      ).subscribe({ next: ok, error: no }),
    );
  }
  const fc = { defaults: { ...(p.fieldConfig?.defaults || {}) }, overrides: p.fieldConfig?.overrides || [] };
  if (!fc.defaults.thresholds)
    fc.defaults.thresholds = {
      mode: 'absolute',
      steps: [
        { value: -Infinity, color: 'green' },
        { value: 80, color: 'red' },
      ],
    };
  fc.defaults.thresholds = {
    ...fc.defaults.thresholds,
    steps: fc.defaults.thresholds.steps.map((s) => ({ ...s, value: s.value === null ? -Infinity : s.value })),
  };
  if (!fc.defaults.color)
    fc.defaults.color = { mode: ['timeseries', 'barchart', 'piechart'].includes(p.type) ? 'palette-classic' : 'thresholds' };
  fc.defaults.mappings = fc.defaults.mappings || [];
  if (p.type === 'timeseries') fc.defaults.custom = { ...gdef, ...(fc.defaults.custom || {}) };
  const data = D.applyFieldOverrides({
    data: frames.map((f) => D.toDataFrame(f)),
    fieldConfig: fc,
    fieldConfigRegistry: fieldReg,
    replaceVariables: (s) => sub(s),
    theme,
    timeZone: 'utc',
  });
  D.cacheFieldDisplayNames(data);
  errors.push(...errs);
  return { data, fc, errs };
}

function Viz({ p, s, width, height }) {
  const o = p.options || {};
  if (s.errs.length && !s.data.length)
    return <div style={{ color: '#f55', padding: 8, whiteSpace: 'pre-wrap' }}>{s.errs.join('\n')}</div>;
  if (p.type === 'text')
    return (
      <div style={{ padding: 8 }} dangerouslySetInnerHTML={{ __html: D.renderMarkdown(sub(o.content || p.content || '')) }} />
    );
  if (!s.data.length || s.data.every((f) => !f.length)) {
    return (
      <div className="nodata" style={{ padding: 8, opacity: 0.6 }}>
        {s.fc.defaults?.noValue || 'No data'}
      </div>
    );
  }
  if (['stat', 'gauge', 'bargauge'].includes(p.type)) {
    const getVals = () =>
      D.getFieldDisplayValues({
        fieldConfig: s.fc,
        reduceOptions: { calcs: ['lastNotNull'], values: false, ...(o.reduceOptions || {}) },
        replaceVariables: (x) => sub(x),
        theme,
        data: s.data,
        percentChange: !!o.showPercentChange,
        sparkline: p.type === 'stat' && (o.graphMode || 'area') !== 'none',
        timeZone: 'utc',
      });
    const vals = getVals(),
      align = (vals) => D.getDisplayValueAlignmentFactors(vals);
    return (
      <U.VizRepeater
        getAlignmentFactors={align}
        getValues={() => vals}
        source={vals}
        width={width}
        height={height}
        orientation={o.orientation || 'auto'}
        autoGrid={p.type === 'stat'}
        maxVizHeight={p.type === 'bargauge' ? o.maxVizHeight : undefined}
        minVizHeight={p.type === 'bargauge' ? 16 : 75}
        minVizWidth={75}
        itemSpacing={8}
        renderCounter={0}
        renderValue={({ value, width, height, alignmentFactors }) =>
          p.type === 'stat' ? (
            <U.BigValue
              text={o.text}
              alignmentFactors={alignmentFactors}
              value={value.display}
              width={width}
              height={height}
              theme={theme}
              sparkline={value.sparkline}
              colorMode={o.colorMode || 'value'}
              graphMode={o.graphMode || 'area'}
              justifyMode={o.justifyMode || 'auto'}
              textMode={o.textMode || 'auto'}
              percentChangeColorMode={o.percentChangeColorMode}
              count={vals.length}
              wideLayout={o.wideLayout ?? true}
            />
          ) : (
            <U.BarGauge
              alignmentFactors={alignmentFactors}
              text={o.text}
              namePlacement={o.namePlacement}
              value={value.display}
              field={value.field}
              display={value.view?.getFieldDisplayProcessor(value.colIndex)}
              width={width}
              height={height}
              theme={theme}
              orientation={p.type === 'gauge' ? 'vertical' : o.orientation === 'vertical' ? 'vertical' : 'horizontal'}
              displayMode={o.displayMode || 'gradient'}
              itemSpacing={8}
              lcdCellWidth={12}
            />
          )
        }
      />
    );
  }
  if (p.type === 'timeseries') {
    const prep = s.data.map((f) => ({
      ...f,
      fields: f.fields.map((x) =>
        x.type === D.FieldType.number ? { ...x, config: { ...x.config, custom: { ...gdef, ...(x.config.custom || {}) } } } : x,
      ),
    }));
    return (
      <U.TimeSeries
        frames={prep}
        structureRev={1}
        timeRange={timeRange()}
        timeZone="utc"
        width={width}
        height={height}
        legend={{ displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [], ...(o.legend || {}) }}
        options={o}
        theme={theme}
      >
        {() => null}
      </U.TimeSeries>
    );
  }
  if (p.type === 'table')
    return (
      <TableNG
        data={s.data[0]}
        width={width}
        height={height}
        timeRange={timeRange()}
        fieldConfig={s.fc}
        sortBy={o.sortBy}
        structureRev={1}
        getActions={() => []}
      />
    );
  if (p.type === 'state-timeline') {
    const h = Math.min(26, (height - 4) / s.data.length),
      t0 = (NOW - RANGE) * 1000,
      lw = 150;
    return (
      <svg width={width} height={height}>
        {s.data.map((f, i) => {
          const v = f.fields.find((x) => x.type === 'number'),
            t = f.fields[0];
          const st = t.config.interval || 60000;
          return (
            <g key={i}>
              <text x={lw - 6} y={i * h + h * 0.65} fontSize="11" textAnchor="end" fill={theme.colors.text.primary}>
                {D.getFieldDisplayName(v, f, s.data)}
              </text>
              {v.values.map((y, j) => {
                const c = v.display(y).color;
                return (
                  <rect
                    key={j}
                    x={lw + ((t.values[j] - t0) / (RANGE * 1000)) * (width - lw)}
                    width={Math.max(1, (st / (RANGE * 1000)) * (width - lw))}
                    y={i * h + 2}
                    height={h - 4}
                    fill={c}
                    opacity=".8"
                  />
                );
              })}
            </g>
          );
        })}
      </svg>
    );
  }
  if (p.type === 'heatmap') {
    const fr = [...s.data].sort(
        (a, b) =>
          parseFloat(D.getFieldDisplayName(a.fields[1], a, s.data).replace('+Inf', '1e9')) -
          parseFloat(D.getFieldDisplayName(b.fields[1], b, s.data).replace('+Inf', '1e9')),
      ),
      h = (height - 18) / fr.length,
      t0 = (NOW - RANGE) * 1000;
    let mx = 0;
    const cell = fr.map((f, i) =>
      f.fields[1].values.map((y, j) => {
        const q = Math.max(0, y - (i ? fr[i - 1].fields[1].values[j] || 0 : 0));
        mx = Math.max(mx, q);
        return q;
      }),
    );
    return (
      <svg width={width} height={height}>
        {fr.map((f, i) => (
          <g key={i}>
            <text x={46} y={height - 18 - i * h - h / 3} fontSize="11" textAnchor="end" fill={theme.colors.text.primary}>
              {D.getFieldDisplayName(f.fields[1], f, s.data)}
            </text>
            {cell[i].map((q, j) => (
              <rect
                key={j}
                x={52 + ((f.fields[0].values[j] - t0) / (RANGE * 1000)) * (width - 52)}
                width={Math.max(1, (f.fields[0].config.interval / (RANGE * 1000)) * (width - 52) - 1)}
                y={height - 18 - (i + 1) * h}
                height={h - 1}
                fill="#3274D9"
                opacity={Math.sqrt(q / (mx || 1))}
              />
            ))}
          </g>
        ))}
      </svg>
    );
  }
  const Rows = s.data.slice(0, 30).map((f, i) => (
    <tr key={i}>
      <td>
        {f.fields
          .filter((x) => x.type !== 'time')
          .map((x) => D.getFieldDisplayName(x, f, s.data))
          .join(', ')}
      </td>
      <td>
        {f.fields
          .filter((x) => x.type !== 'time')
          .map((x) =>
            D.formattedValueToString(x.display ? x.display(x.values[x.values.length - 1]) : { text: String(x.values[0]) }),
          )
          .join(', ')}
      </td>
    </tr>
  ));
  errors.push(`${p.title}: panel type ${p.type} is drawn as a plain list (not in @grafana/ui)`);
  return (
    <table>
      <tbody>{Rows}</tbody>
    </table>
  );
}
class Guard extends React.Component {
  constructor(p) {
    super(p);
    this.state = {};
  }
  static getDerivedStateFromError(e) {
    return { e };
  }
  componentDidCatch(e) {
    errors.push(`${this.props.t}: render: ${e.message}`);
  }
  render() {
    return this.state.e ? <div style={{ color: '#f55' }}>{String(this.state.e)}</div> : this.props.children;
  }
}
function Panel({ p, W }) {
  const [s, set] = React.useState(null);
  const unit = W / 24,
    H = 38;
  React.useEffect(() => {
    load(p)
      .then(set, (e) => {
        errors.push(`${p.title}: ${e.message}`);
        set({ data: [], errs: [e.message], fc: {} });
      })
      .finally(() => {
        window.__left--;
      });
  }, []);
  const g = p.gridPos || { x: 0, y: 0, w: 12, h: 8 },
    w = g.w * unit - 8,
    h = g.h * H - 8;
  return (
    <div style={{ position: 'absolute', left: g.x * unit, top: g.y * H, width: w, height: h }}>
      <U.PanelChrome
        title={sub(p.title || '')}
        description={p.description}
        width={w}
        height={h}
        displayMode={p.transparent ? 'transparent' : 'default'}
      >
        {(iw, ih) =>
          s ? (
            <Guard t={p.title}>
              <Viz p={p} s={s} width={iw} height={ih} />
            </Guard>
          ) : null
        }
      </U.PanelChrome>
    </div>
  );
}
(async () => {
  try {
    await initPluginTranslations('grafview', []);
  } catch (e) {
    console.log('i18n', e.message);
  }
  const dash = await (await fetch('/dash.json')).json();
  window.__dash = dash;
  await loadVars(dash);
  const ps = (dash.panels || []).flatMap((p) =>
    p.type === 'row' ? [p, ...(Q.get('var-collapsed') ? [] : p.panels || [])] : [p],
  );
  window.__left = ps.filter((p) => p.type !== 'row').length;
  const W = innerWidth - 24,
    hh = Math.max(...ps.map((p) => (p.gridPos?.y || 0) + (p.gridPos?.h || 8))) * 38 + 60;
  document.body.style.cssText = `margin:0;background:${theme.colors.background.canvas};color:${theme.colors.text.primary};font-family:${theme.typography.fontFamily}`;
  createRoot(document.getElementById('root')).render(
    <D.ThemeContext.Provider value={theme}>
      <U.GlobalStyles />
      <div style={{ padding: '8px 12px 0', fontSize: 20 }}>{dash.title}</div>
      <div style={{ padding: '2px 12px', opacity: 0.7, fontSize: 12 }}>
        {Object.entries(vars)
          .map(([k, v]) => `${k}=${v}`)
          .join('  ')}
      </div>
      <div style={{ position: 'relative', margin: 12, height: hh }}>
        {ps.map((p, i) =>
          p.type === 'row' ? (
            <div key={i} style={{ position: 'absolute', top: (p.gridPos?.y || 0) * 38 + 8 }}>
              {p.collapsed && Q.get('var-collapsed') ? '▸' : '▾'} {p.title}
            </div>
          ) : (
            <Panel key={i} p={p} W={W} />
          ),
        )}
      </div>
    </D.ThemeContext.Provider>,
  );
})().catch((e) => {
  errors.push('fatal ' + e.message);
  window.__left = 0;
  document.body.append(String(e.stack));
});
