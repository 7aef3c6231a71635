// The page of a batch: the tables of each experiment's matrix, and its runs.
const link = (href, text) => el('a', { href }, text);

// One value links itself; several seeds stand below their mean.
function cellNode(cell) {
  const given = cell.runs.filter(r => r.value !== undefined);
  if (cell.runs.length === 1) {
    const run = cell.runs[0];
    if (run.value !== undefined) return link(run.href, number(run.value));
    return el('span', { class: 'soft' }, run.href ? link(run.href, run.why) : run.why);
  }
  const mean = given.length === 0 ? 'none' : number(cell.mean) + (cell.sd === undefined ? '' : ' ± ' + number(cell.sd)) + ` (n = ${cell.n})`;
  return el('div', {}, mean, cell.runs.map(r => el('div', { class: 'soft' }, `seed ${r.seed}: `,
    r.href ? link(r.href, r.value === undefined ? r.why : number(r.value)) : r.why)));
}
function matrixTable(experiment, part, index) {
  const columns = [{ title: part.rows, get: row => row.label }].concat(
    part.heads.map((head, i) => ({ title: head, get: row => cellNode(row.cells[i]), plain: row => row.cells[i].mean })));
  return [part.title ? el('h3', {}, part.title + (part.columns ? ` by ${part.rows} and ${part.columns}` : '')) : null,
    table(`${experiment.name}-${index + 1}`, columns, part.body)];
}
function experimentSection(experiment) {
  const runs = [{ title: 'run', get: r => link(r.href, r.folder) }, { title: 'state', get: r => r.state }, { title: 'trials', get: r => r.trials },
    { title: 'failed', get: r => r.failed }, { title: 'compute time', get: r => seconds(r.seconds) }];
  return [el('h2', {}, experiment.name), experiment.tables.map((part, i) => matrixTable(experiment, part, i)),
    el('h3', {}, 'Runs'), table(experiment.name + '-runs', runs, experiment.runs)];
}

const total = data.experiments.reduce((sum, e) => sum + e.runs.length, 0);
root.append(...[
  el('header', {}, el('h1', {}, document.title), el('p', { class: 'lead' }, `${total} runs. A value is that of the run's one network, or of a search the best of its front for an objective and the knee's for any other metric.`)),
  data.unreadable.map(why => el('p', { class: 'warning' }, why + ' (left out)')),
  data.experiments.map(experimentSection),
].flat(4).filter(Boolean));
