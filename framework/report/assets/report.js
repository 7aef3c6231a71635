// The report of one study.
const byNumber = new Map(data.trials.map(t => [t.number, t]));

const tip = el('div', { id: 'tip', role: 'tooltip' });
document.body.append(tip);
function hover(node, text) {
  node.addEventListener('pointermove', e => {
    tip.textContent = text;
    tip.style.display = 'block';
    tip.style.left = Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 8) + 'px';
    tip.style.top = Math.min(e.clientY + 14, innerHeight - tip.offsetHeight - 8) + 'px';
  });
  node.addEventListener('pointerleave', () => { tip.style.display = 'none'; });
  node.append(svgEl('title', {}, text));
}

// ---- charts
function ticks(lo, hi, count) {
  const step0 = (hi - lo) / count || 1;
  const power = Math.pow(10, Math.floor(Math.log10(step0)));
  const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= step0) || power;
  const out = [];
  for (let v = Math.ceil(lo / step) * step; v <= hi + step * 1e-9; v += step) out.push(Math.abs(v) < step * 1e-9 ? 0 : v);
  return out;
}
function scale(values, log) {
  let lo = Math.min(...values), hi = Math.max(...values);
  if (!isFinite(lo)) { lo = 0; hi = 1; }
  if (log) { lo = Math.log10(lo); hi = Math.log10(hi); }
  const pad = (hi - lo) * 0.06 || Math.abs(hi) * 0.1 || 1;
  lo -= pad; hi += pad;
  return { lo, hi, log, at: v => ((log ? Math.log10(v) : v) - lo) / (hi - lo) };
}
function frame(title, xTitle, yTitle, x, y, height) {
  const W = 920, H = height || 420, L = 92, R = 16, T = 14, B = 48;
  const svg = svgEl('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': title });
  const px = v => L + x.at(v) * (W - L - R), py = v => H - B - y.at(v) * (H - T - B);
  const value = (s, t) => s.log ? Math.pow(10, t) : t;
  for (const t of ticks(x.lo, x.hi, 8)) {
    const v = value(x, t);
    svg.append(svgEl('line', { class: 'axis', x1: px(v), x2: px(v), y1: T, y2: H - B }), svgEl('text', { x: px(v), y: H - B + 16, 'text-anchor': 'middle' }, number(v)));
  }
  for (const t of ticks(y.lo, y.hi, 6)) {
    const v = value(y, t);
    svg.append(svgEl('line', { class: 'axis', x1: L, x2: W - R, y1: py(v), y2: py(v) }), svgEl('text', { x: L - 6, y: py(v) + 4, 'text-anchor': 'end' }, number(v)));
  }
  svg.append(svgEl('text', { x: (L + W - R) / 2, y: H - 8, 'text-anchor': 'middle' }, xTitle + (x.log ? ' (log)' : '')),
    svgEl('text', { x: 16, y: (T + H - B) / 2, 'text-anchor': 'middle', transform: `rotate(-90 16 ${(T + H - B) / 2})` }, yTitle + (y.log ? ' (log)' : '')));
  return { svg, px, py };
}
function figure(name, svg, caption) {
  const save = () => {
    const copy = svg.cloneNode(true);
    copy.setAttribute('xmlns', NS);
    const live = svg.querySelectorAll('*'), dead = copy.querySelectorAll('*');
    live.forEach((node, i) => { const s = getComputedStyle(node); for (const k of ['fill', 'stroke', 'font']) dead[i].style[k] = s[k]; });
    download(name + '.svg', 'image/svg+xml', new XMLSerializer().serializeToString(copy));
  };
  return el('figure', {}, svg, el('figcaption', {}, caption), el('div', { class: 'tools' }, el('button', { onclick: save }, 'SVG')));
}
function lines(name, title, xTitle, yTitle, series, caption, height) {
  const points = series.flatMap(s => s.points).filter(p => finite(p[0]) && finite(p[1]));
  if (points.length === 0) return null;
  const { svg, px, py } = frame(title, xTitle, yTitle, scale(points.map(p => p[0])), scale(points.map(p => p[1])), height || 300);
  for (const s of series) {
    let path = '', previous = null;
    for (const p of s.points.filter(q => finite(q[0]) && finite(q[1]))) {
      path += previous === null ? `M${px(p[0])} ${py(p[1])}` : s.step ? `H${px(p[0])}V${py(p[1])}` : `L${px(p[0])} ${py(p[1])}`;
      previous = p;
    }
    svg.append(svgEl('path', { d: path, fill: 'none', stroke: s.colour, 'stroke-width': 2 }));
    if (s.points.length < 60) for (const p of s.points) {
      if (!finite(p[1])) continue;
      const dot = svgEl('circle', { cx: px(p[0]), cy: py(p[1]), r: 3, fill: s.colour });
      hover(dot, `${s.label}\n${xTitle} ${number(p[0])}: ${number(p[1])}`);
      svg.append(dot);
    }
  }
  return el('div', {}, series.length > 1 ? legend(series.map(s => [s.label, s.colour])) : null, figure(name, svg, caption));
}
function legend(items) {
  return el('div', { class: 'legend' }, items.map(([label, colour]) => { const dot = el('i'); dot.style.background = colour; return el('span', {}, dot, label); }));
}

// ---- the story of one trial, filled by a click
const detail = el('section', { id: 'trial', 'aria-live': 'polite' });
const objectiveNames = data.objectives.map(o => o.name);
const describe = t => Object.entries(t.differs || {}).map(([k, v]) => `${k}=${v}`).join(', ') || 'the default configuration';
// The trials whose training this one went on with: a parent that was not continued is another training.
function lineage(t) {
  const chain = [t];
  while (chain[0].continues && byNumber.has(chain[0].parent)) chain.unshift(byNumber.get(chain[0].parent));
  return chain;
}
const place = t => t.origin === 'default' ? 'outside the brackets' : `rung ${t.rung} of bracket ${t.bracket}`;
function show(t) {
  const chain = lineage(t);
  const curves = {};
  for (const part of chain) for (const [name, points] of Object.entries(part.curves || {})) (curves[name] = curves[name] || []).push(...points);
  const pairs = [['validation.error', 'train.error'], ['validation.loss', 'train.loss']].filter(p => p.some(n => curves[n]));
  const colours = [css('--front'), css('--knee')];
  detail.replaceChildren(...[
    el('h2', {}, `Trial ${t.number}`),
    el('p', { class: 'lead' }, `${t.state}${t.fail ? ' (' + t.fail + ')' : ''}, ${t.origin}` + (t.parent !== null ? ` from trial ${t.parent}` : '') + `, ${place(t)}, ${seconds(t.seconds)}`),
    t.message ? el('p', { class: 'warning' }, t.message) : null,
    el('h3', {}, 'Difference from the default configuration'),
    table(`trial-${t.number}`, [{ title: 'parameter', get: r => r.id }, { title: 'this trial', get: r => r.mine }, { title: 'default', get: r => r.other }],
      data.parameters.map(p => ({ id: p.id, mine: t.configuration[p.id] === undefined ? 'inactive' : t.configuration[p.id], other: data.default_configuration[p.id] === undefined ? 'inactive' : data.default_configuration[p.id] }))
        .filter(r => r.mine !== r.other)),
    el('h3', {}, 'Curves of all rungs'),
    pairs.map(names => lines(`trial-${t.number}-${names[0]}`, names.join(', '), 'epoch', names[0].split('.')[1],
      names.filter(n => curves[n]).map((n, i) => ({ label: n, colour: colours[i], points: curves[n] })), `Epoch by epoch over the lineage ${chain.map(c => c.number).join(' → ')}.`, 240)),
    t.layers && t.layers.length ? [el('h3', {}, 'Layers'), table(`trial-${t.number}-layers`, [
      { title: 'layer', get: l => l.layer }, { title: 'type', get: l => l.type }, { title: 'weight bits', get: l => l.weight_bits },
      { title: 'activation bits', get: l => l.activation_bits }, { title: 'MACs', get: l => l.macs }, { title: 'parameters', get: l => l.parameters }, { title: 'energy share', get: l => finite(l.share) ? (100 * l.share).toFixed(1) + ' %' : '–' }], t.layers)] : null,
    el('h3', {}, 'All values'),
    table(`trial-${t.number}-metrics`, [{ title: 'metric', get: r => r[0] }, { title: 'value', get: r => r[1] }], Object.entries(t.metrics || {})),
    t.log_tail ? [el('h3', {}, 'End of its log'), el('pre', {}, t.log_tail)] : null,
    el('pre', {}, `dsnn-run show ${data.folder} ${t.number}`)].flat(3).filter(Boolean));
  detail.scrollIntoView({ behavior: 'smooth', block: 'start' });
  markPicked(t.number);
}
let marks = [];
function markPicked(n) { for (const m of marks) { m.node.setAttribute('stroke', m.n === n ? css('--pick') : css('--back')); m.node.setAttribute('stroke-width', m.n === n ? 4 : 1); } }

// ---- sections
const complete = data.trials.filter(t => t.state === 'complete' && t.objectives.every(finite));
const isFront = new Set(data.front);
const front = data.front.map(n => byNumber.get(n)).filter(Boolean);
const failed = data.trials.filter(t => ['failed', 'diverged'].includes(t.state));

function first() {
  const s = data.study;
  const totals = data.totals;
  const base = byNumber.get(data.default_trial);
  const gains = base && base.objectives.length ? data.objectives.map((o, i) => {
    const better = (a, b) => o.goal === 'maximize' ? a > b : a < b;
    const best = front.reduce((a, t) => a === null || better(t.objectives[i], a.objectives[i]) ? t : a, null);
    if (best === null || !finite(base.objectives[i])) return null;
    if (!better(best.objectives[i], base.objectives[i])) return `${o.name}: ${number(base.objectives[i])} by default, and nothing on the front is better`;
    const change = base.objectives[i] !== 0 ? ` (${(100 * (best.objectives[i] - base.objectives[i]) / Math.abs(base.objectives[i])).toFixed(1)} %)` : '';
    const others = data.objectives.map((p, j) => j === i ? null : `${p.name} ${number(best.objectives[j])}`).filter(Boolean).join(', ');
    return `${o.name}: ${number(base.objectives[i])} by default, best ${number(best.objectives[i])}${change}` + (others ? `, with ${others}` : '');
  }).filter(Boolean) : [];
  const card = (value, label) => el('div', { class: 'card' }, el('b', {}, value), el('span', {}, label));
  return [
    el('header', {}, el('h1', {}, s.name), data.index ? el('p', { class: 'soft' }, el('a', { href: data.index }, 'All runs of this experiment')) : null,
      el('p', { class: 'lead' }, data.objectives.length ? `Asked: ${data.objectives.map(o => `${o.goal} ${o.metric}`).join(' and ')}` + (data.constraints.length ? `, with ${data.constraints.map(c => c.name).join(', ')}` : '') + ` over ${data.parameters.length} parameters; seed ${s.seed}.` : `One training run; seed ${s.seed}.`),
      el('p', {}, `State: ${s.state}` + (s.ended ? `, ${s.ended}` : '') + `; ${failed.length} of ${data.trials.length} trials failed.`)),
    data.notes.map(n => el('p', { class: 'warning' }, n)),
    el('div', { class: 'cards' }, card(String(data.trials.length), 'trials'), data.objectives.length > 1 ? card(String(front.length), 'networks on the front') : null,
      data.hypervolume.length ? card(number(data.hypervolume[data.hypervolume.length - 1].value), 'hypervolume') : null,
      card(seconds(totals.seconds), 'compute time, all trials'), card(number(totals.kwh) + ' kWh', totals.label), card(number(totals.kg) + ' kg', `CO₂e at ${number(totals.intensity)} g/kWh, ${totals.country}`)),
    gains.length ? [el('h3', {}, 'Against the default configuration'), el('ul', {}, gains.map(g => el('li', {}, g)))] : null,
  ];
}
function frontSection() {
  if (!data.objectives.length || !complete.length) return null;
  const columns = [{ title: 'trial', get: t => t.number }].concat(
    data.objectives.map((o, i) => ({ title: o.name, get: t => t.objectives[i] })),
    [{ title: '', get: t => [t.number === data.knee ? 'knee' : '', t.number === data.default_trial ? 'default' : ''].filter(Boolean).join(', ') },
      { title: 'epochs', get: t => t.budget.join(' ') }, { title: 'differs from the default by', get: describe, wide: true }]);
  return [el('h2', {}, data.objectives.length > 1 ? 'Pareto front' : 'Best trials'), data.objectives.length > 1 ? scatter() : null, table('front', columns, front, show)];
}
function scatter() {
  const pick = { x: data.objectives.length > 1 ? 1 : 0, y: 0 };
  const holder = el('div');
  const draw = () => {
    const top = complete.filter(t => t.full), low = complete.filter(t => !t.full);
    const all = top.concat(low);
    const xs = all.map(t => t.objectives[pick.x]), ys = all.map(t => t.objectives[pick.y]);
    const wide = v => Math.min(...v) > 0 && Math.max(...v) / Math.min(...v) > 20;
    const { svg, px, py } = frame('Pareto front', data.objectives[pick.x].name + (data.objectives[pick.x].unit ? ` [${data.objectives[pick.x].unit}]` : ''), data.objectives[pick.y].name, scale(xs, wide(xs)), scale(ys, wide(ys)));
    const sorted = front.slice().sort((a, b) => a.objectives[pick.x] - b.objectives[pick.x]);
    if (data.objectives.length === 2 && sorted.length > 1) {
      let d = '';
      sorted.forEach((t, i) => { d += i === 0 ? `M${px(t.objectives[pick.x])} ${py(t.objectives[pick.y])}` : `H${px(t.objectives[pick.x])}V${py(t.objectives[pick.y])}`; });
      svg.append(svgEl('path', { d, fill: 'none', stroke: css('--front'), 'stroke-width': 1.5, 'stroke-dasharray': '4 3' }));
    }
    marks = [];
    for (const t of low.concat(top.filter(u => !isFront.has(u.number)), front)) {
      const colour = t.number === data.default_trial ? '--default' : t.number === data.knee ? '--knee' : isFront.has(t.number) ? '--front' : '--other';
      const cx = px(t.objectives[pick.x]), cy = py(t.objectives[pick.y]), r = isFront.has(t.number) ? 6 : t.full ? 4.5 : 2.5;
      const dot = t.number === data.default_trial ? svgEl('rect', { class: 'point', x: cx - 6, y: cy - 6, width: 12, height: 12, fill: css(colour) }) : svgEl('circle', { class: 'point', cx, cy, r, fill: css(colour) });
      hover(dot, `trial ${t.number}${t.full ? '' : ' (lower rung)'}\n` + data.objectives.map((o, i) => `${o.name}: ${number(t.objectives[i])}`).join('\n') + '\n' + describe(t));
      dot.addEventListener('click', () => show(t));
      marks.push({ n: t.number, node: dot });
      svg.append(dot);
    }
    holder.replaceChildren(figure('pareto', svg, 'Each dot is a trial; a click opens it. Small dots are lower rungs: they show where the search looked and never enter the front.'));
  };
  draw();
  const chooser = (axis, label) => el('label', { class: 'soft' }, label + ' ', el('select', { onchange: e => { pick[axis] = Number(e.target.value); draw(); } },
    data.objectives.map((o, i) => el('option', Object.assign({ value: i }, i === pick[axis] ? { selected: '' } : {}), o.name))));
  return el('div', {}, legend([['front', css('--front')], data.knee === null ? null : ['knee', css('--knee')], data.default_trial === null ? null : ['default configuration (square)', css('--default')], ['dominated', css('--other')]].filter(Boolean)),
    data.objectives.length > 2 ? el('div', { class: 'tools' }, chooser('x', 'x:'), chooser('y', 'y:')) : null, holder);
}
function search() {
  if (data.hypervolume.length < 2) return null;
  const colour = css('--front');
  const series = key => [{ label: 'hypervolume', colour, step: true, points: data.hypervolume.map(h => [h[key], h.value]) }];
  return [el('h2', {}, 'Search'),
    lines('hypervolume-trials', 'Hypervolume over trials', 'trials', 'hypervolume', series('trials'), `Hypervolume of the front${data.study.front} with respect to ${data.reference.map(number).join(', ')}.`, 260),
    lines('hypervolume-trainings', 'Hypervolume over full trainings', 'full trainings', 'hypervolume', series('trainings'), 'The same over the work spent, in full trainings (continued rungs count what they add).', 260),
    data.hypervolume.some(h => h.kwh > 0) ? lines('hypervolume-kwh', 'Hypervolume over energy', 'kWh', 'hypervolume', series('kwh'), 'The same over the energy of the search itself.', 260) : null,
    parallel()];
}
function parallel() {
  const rows = complete.filter(t => t.full);
  if (rows.length < 3 || data.parameters.length === 0) return null;
  const axes = data.parameters.map(p => ({ name: p.id.split('.').slice(-2).join('.'), get: t => t.configuration[p.id], log: p.log, choices: p.choices, ends: p.ends }))
    .concat(data.objectives.map((o, i) => ({ name: o.name, get: t => t.objectives[i] })));
  const W = 920, H = 366, T = 94, B = 20;
  const svg = svgEl('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': 'Parallel coordinates' });
  const px = i => 40 + i * (W - 80) / Math.max(1, axes.length - 1);
  axes.forEach((a, i) => {
    const values = rows.map(a.get).filter(v => v !== undefined);
    if (a.choices) a.at = v => a.choices.length < 2 ? 0.5 : a.choices.findIndex(c => String(c) === String(v)) / (a.choices.length - 1);
    else { const s = scale((a.ends || values).filter(finite), a.log && values.every(v => v > 0)); a.at = s.at; a.shown = a.ends || [Math.min(...values), Math.max(...values)]; }
    for (const v of a.choices || a.shown) svg.append(svgEl('text', { class: 'small', x: px(i) + 4, y: H - B - a.at(v) * (H - T - B) + 4 }, number(v)));
    svg.append(svgEl('line', { class: 'axis', x1: px(i), x2: px(i), y1: T, y2: H - B }),
      svgEl('text', { x: px(i), y: T - 8, transform: `rotate(-24 ${px(i)} ${T - 8})` }, a.name));
  });
  for (const t of rows.filter(u => !isFront.has(u.number)).concat(front)) {
    let d = '', pen = 'M';
    axes.forEach((a, i) => {
      const v = a.get(t);
      if (v === undefined) { pen = 'M'; return; }
      d += `${pen}${px(i)} ${H - B - a.at(v) * (H - T - B)}`;
      pen = 'L';
    });
    const on = isFront.has(t.number);
    const path = svgEl('path', { d, fill: 'none', stroke: css(on ? '--front' : '--other'), 'stroke-width': on ? 2 : 1, opacity: on ? 0.95 : 0.4, class: 'line' });
    hover(path, `trial ${t.number}\n` + describe(t));
    path.addEventListener('click', () => show(t));
    svg.append(path);
  }
  return figure('parallel', svg, 'Full-budget trials; the front is drawn strong. A gap means that the parameter is inactive.');
}
function trialsSection() {
  const columns = [{ title: 'trial', get: t => t.number }, { title: 'state', get: t => t.state }, { title: 'origin', get: t => t.origin }, { title: 'rung', get: t => t.origin === 'default' ? '–' : `${t.bracket}/${t.rung}` }, { title: 'budget', get: t => t.budget.join(' ') }]
    .concat(objectiveNames.map((n, i) => ({ title: n, get: t => t.objectives[i] })), [{ title: 'time', get: t => seconds(t.seconds) }, { title: 'differs from the default by', get: describe, wide: true }]);
  return [el('h2', {}, 'Trials'), table('trials', columns, data.trials, show)];
}
function failures() {
  if (!failed.length) return null;
  return [el('h2', {}, 'Failures'), table('failures', [{ title: 'cause', get: g => g.cause }, { title: 'trials', get: g => g.trials.join(' ') }, { title: 'share', get: g => `${g.trials.length} of ${data.trials.length}` },
    { title: 'what they have in common', get: g => g.common || 'nothing', wide: true }, { title: 'message', get: g => g.message, wide: true }], data.failures)];
}
function time() {
  if (!data.time.length) return null;
  const total = data.time.reduce((sum, t) => sum + t.seconds, 0);
  return [el('h2', {}, 'Where time went'), table('time', [{ title: 'part', get: t => t.part }, { title: 'time', get: t => seconds(t.seconds) }, { title: 'share', get: t => (100 * t.seconds / total).toFixed(1) + ' %' }], data.time)];
}
function energy() {
  if (!data.energy.length) return null;
  return [el('h2', {}, 'Energy of this search'), table('energy', [{ title: 'meter', get: e => e.meter }, { title: 'source', get: e => e.source }, { title: 'scope', get: e => e.scope }, { title: 'attribution', get: e => e.attribution }, { title: 'covers', get: e => e.step },
    { title: 'kWh', get: e => e.kwh }, { title: '± kWh', get: e => e.sigma_kwh }, { title: 'missing', get: e => e.missing, wide: true }], data.energy)];
}
function reproduce() {
  return [el('h2', {}, 'Reproduce'), el('pre', {}, data.reproduce.command), table('reproduce', [{ title: 'what', get: r => r[0] }, { title: 'value', get: r => r[1], wide: true }], data.reproduce.facts),
    el('h3', {}, 'Experiment'), el('pre', {}, data.spec_yaml), el('h2', {}, 'Cite'), el('p', {}, data.cite.methods), el('pre', {}, data.cite.bibtex)];
}

root.append(...[first(), frontSection(), detail, search(), trialsSection(), failures(), time(), energy(), reproduce()].flat(3).filter(Boolean));
