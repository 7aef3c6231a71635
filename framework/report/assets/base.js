// What every page needs: its data, elements, numbers, tables. Pages follow it inside one function.
const data = JSON.parse(document.getElementById('data').textContent);
const root = document.getElementById('report');
const NS = 'http://www.w3.org/2000/svg';

// ---- small helpers: text goes in through textContent only, so no string of a study is ever parsed as HTML
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}
function svgEl(tag, attributes, text) {
  const node = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
function number(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : String(Number(value.toPrecision(5)));
}
const finite = v => typeof v === 'number' && isFinite(v);
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
function seconds(s) {
  if (!finite(s)) return '–';
  if (s < 90) return number(Number(s.toFixed(1))) + ' s';
  return s < 5400 ? (s / 60).toFixed(1) + ' min' : (s / 3600).toFixed(2) + ' h';
}
function download(name, type, text) {
  const a = el('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  document.body.append(a);
  a.click();
  a.remove();
}
// A spreadsheet must not run a text as a formula: store/csv.h has the same rule.
const cell = v => { const t = v === null || v === undefined ? '' : String(v); return /^[=+\-@\t\r]/.test(t) && isNaN(Number(t)) ? "'" + t : t; };
const quote = v => { const t = cell(v); return /[",\r\n]/.test(t) ? '"' + t.replace(/"/g, '""') + '"' : t; };
const texWords = { '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}', '<': '\\textless{}', '>': '\\textgreater{}', '|': '\\textbar{}', '"': '\\textquotedbl{}' };
const tex = v => String(v === null || v === undefined ? '' : v).replace(/\s+/g, ' ').replace(/[&%$#_{}\\~^<>|"]/g, c => texWords[c] || '\\' + c);

// A table with its own downloads. columns: [{title, get, wide, plain: what a download says instead}]; rows: any objects; click: row -> void
function table(name, columns, rows, click) {
  const body = el('tbody', {}, rows.map(row => el('tr', click ? { class: 'click', onclick: () => click(row) } : {},
    columns.map(c => { const v = c.get(row); return el('td', c.wide ? { class: 'wide' } : {}, typeof v === 'number' ? number(v) : v); }))));
  const plain = c => row => { const v = (c.plain || c.get)(row); return v instanceof Node ? v.textContent : v; };
  const csv = () => [columns.map(c => quote(c.title)).join(',')].concat(rows.map(r => columns.map(c => quote(plain(c)(r))).join(','))).join('\n') + '\n';
  const latex = () => '\\begin{tabular}{' + 'l'.repeat(columns.length) + '}\n' + columns.map(c => tex(c.title)).join(' & ') + ' \\\\ \\hline\n' +
    rows.map(r => columns.map(c => { const v = plain(c)(r); return tex(typeof v === 'number' ? number(v) : v); }).join(' & ') + ' \\\\').join('\n') + '\n\\end{tabular}\n';
  return el('div', {},
    el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {}, columns.map(c => el('th', {}, c.title)))), body)),
    el('div', { class: 'tools' },
      el('button', { onclick: () => download(name + '.csv', 'text/csv', csv()) }, 'CSV'),
      el('button', { onclick: () => download(name + '.tex', 'text/plain', latex()) }, 'TeX')));
}
