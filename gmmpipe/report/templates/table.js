"use strict";
// Sortable, filterable tables from the columns in the page. Data become text, never markup.

const PAGE_ROWS = 200;
const CONDITION = /^(.+?)(<=|>=|!=|=|<|>)(.*)$/;

function element(name, attributes = {}, text = "") {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}

/** Return a name that may go on in another line after each underscore. */
function breakable(name) {
  const word = element("span");
  name.split(/(?<=_)/).forEach((part, i) => word.append(...(i ? [element("wbr"), part] : [part])));
  return word;
}

function valueAt(column, row) {
  return column.kind === "text" ? column.levels[column.codes[row]] : column.values[row];
}

function textAt(column, row) {
  const value = valueAt(column, row);
  if (value === null) return "";
  return typeof value === "string" || Number.isInteger(value) ? String(value) : String(+value.toPrecision(7));
}

/** Return a test of rows for one word of the filter; a string where the word means nothing. */
function testOf(word, columns) {
  const [, name, sign, wanted] = word.match(CONDITION) ?? [];
  if (!name) {
    const part = word.toLowerCase();
    return (row) => columns.some((c) => c.shown && textAt(c, row).toLowerCase().includes(part));
  }
  const column = columns.find((c) => c.name.toLowerCase() === name.toLowerCase());
  if (!column) return `no column ${name}`;
  const number = column.kind === "number";
  if (number && (wanted === "" || Number.isNaN(Number(wanted)))) return `${name} is a number`;
  const target = number ? Number(wanted) : wanted.toLowerCase();
  const tests = {
    "=": (v) => v === target, "!=": (v) => v !== target, "<": (v) => v < target,
    ">": (v) => v > target, "<=": (v) => v <= target, ">=": (v) => v >= target,
  };
  return (row) => {
    const value = valueAt(column, row);
    return value !== null && tests[sign](number ? value : value.toLowerCase());
  };
}

/** Return the rows in the order of a column; what is missing comes last either way. */
function sorted(rows, column, up) {
  const sign = up ? 1 : -1;
  return rows.slice().sort((a, b) => {
    const [u, v] = [valueAt(column, a), valueAt(column, b)];
    if (u === null || v === null) return (u === null) - (v === null);
    return sign * (column.kind === "number" ? u - v : u.localeCompare(v, "en", { numeric: true }));
  });
}

function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Build the table of one article from its JSON. */
function buildTable(article) {
  const { name, title, columns, rows } = JSON.parse(article.querySelector("script").textContent);
  const order = Array.from({ length: rows }, (_, i) => i);
  let chosen = order, first = 0, sort = { column: null, up: true };
  const tools = element("div", { class: "tools" });
  const label = element("label", {}, "Filter ");
  const filter = element("input", { type: "search", spellcheck: "false", autocomplete: "off" });
  const status = element("span", { class: "status", role: "status" });
  const box = element("div", { class: "wide scroll", tabindex: "0", role: "region", "aria-label": title });
  const table = element("table");
  const head = table.createTHead(), body = table.createTBody();
  const pager = element("div", { class: "pager" });
  label.append(filter);

  function visible() {
    return columns.filter((column) => column.shown);
  }

  function drawHead() {
    const line = element("tr");
    for (const column of visible()) {
      const active = sort.column === column;
      const cell = element("th", { scope: "col", class: column.kind });
      if (active) cell.setAttribute("aria-sort", sort.up ? "ascending" : "descending");
      const button = element("button", { type: "button" });
      button.append(breakable(column.name), element("span", { "aria-hidden": "true" }, active ? (sort.up ? " ↑" : " ↓") : ""));
      button.addEventListener("click", () => {
        sort = { column, up: active ? !sort.up : true };
        update();
        head.querySelector("[aria-sort] button").focus();
      });
      cell.append(button);
      line.append(cell);
    }
    head.replaceChildren(line);
  }

  function drawBody() {
    body.replaceChildren(...chosen.slice(first, first + PAGE_ROWS).map((row) => {
      const line = element("tr");
      for (const column of visible()) line.append(element("td", { class: column.kind }, textAt(column, row)));
      return line;
    }));
    box.scrollTop = 0;
    pager.hidden = chosen.length <= PAGE_ROWS;
    const last = Math.min(first + PAGE_ROWS, chosen.length);
    range.textContent = `${first + 1}–${last}`;
    before.disabled = first === 0;
    after.disabled = last === chosen.length;
  }

  function update() {
    const tests = filter.value.split(/\s+/).filter(Boolean).map((word) => testOf(word, columns));
    const wrong = tests.find((test) => typeof test === "string");
    const kept = wrong ? [] : order.filter((row) => tests.every((test) => test(row)));
    chosen = sort.column ? sorted(kept, sort.column, sort.up) : kept;
    first = 0;
    status.textContent = wrong ?? `${chosen.length.toLocaleString("en")} of ${rows.toLocaleString("en")} rows`;
    drawHead();
    drawBody();
  }

  function chooser() {
    const details = element("details", { class: "columns" });
    details.append(element("summary", {}, "Columns"));
    const list = element("div");
    for (const column of columns) {
      const choice = element("label");
      const tick = element("input", { type: "checkbox" });
      tick.checked = column.shown;
      tick.addEventListener("change", () => { column.shown = tick.checked; update(); });
      choice.append(tick, ` ${column.name}`);
      list.append(choice);
    }
    details.append(list);
    return details;
  }

  function download() {
    const shown = visible();
    const lines = [shown.map((column) => quoted(column.name)).join(",")];
    for (const row of chosen) {
      lines.push(shown.map((column) => quoted(String(valueAt(column, row) ?? ""))).join(","));
    }
    const url = URL.createObjectURL(new Blob([`${lines.join("\n")}\n`], { type: "text/csv" }));
    const link = element("a", { href: url, download: `${name}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  function turn(text, by) {
    const button = element("button", { type: "button" }, text);
    button.addEventListener("click", () => { first += by; drawBody(); });
    return button;
  }
  const before = turn("Previous", -PAGE_ROWS), after = turn("Next", PAGE_ROWS), range = element("span");
  const save = element("button", { type: "button" }, "Download CSV");
  filter.addEventListener("input", update);
  save.addEventListener("click", download);
  tools.append(label, chooser(), save, status);
  pager.append(before, range, after);
  box.append(table);
  article.append(tools, box, pager);
  update();
}

for (const article of document.querySelectorAll(".data-table")) buildTable(article);
for (const link of document.querySelectorAll('a[href^="#case-"]')) {
  link.addEventListener("click", () => { document.querySelector(link.hash).open = true; });
}
window.addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.case")) details.open = true;
});
