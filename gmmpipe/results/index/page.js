"use strict";
const versions = JSON.parse(document.getElementById("versions").textContent);
const place = document.getElementById("comparison");
const boxes = [...document.querySelectorAll("input[type=checkbox]")];

function element(tag, text = "", classes = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  if (classes) node.className = classes;
  return node;
}

// A table under a heading; cells are texts, or nodes.
function table(title, words, heads, rows) {
  const part = element("section");
  part.append(element("h2", title));
  if (words) part.append(element("p", words));
  const frame = element("div", "", "scroll");
  const grid = element("table");
  const head = element("tr");
  head.append(...heads.map((text) => element("th", text)));
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    line.append(...row.map((cell) => (cell instanceof Node ? cell : element("td", cell))));
    body.append(line);
  }
  const top = element("thead");
  top.append(head);
  grid.append(top, body);
  frame.append(grid);
  part.append(frame);
  return part;
}

function settings(chosen, heads) {
  const rows = [];
  for (const part of Object.keys(chosen[0].settings)) {
    const keys = new Set(chosen.flatMap((each) => Object.keys(each.settings[part])));
    for (const key of keys) {
      const values = chosen.map((each) => each.settings[part][key] ?? "");
      if (new Set(values).size > 1) rows.push([part, key, ...values]);
    }
  }
  const words = rows.length ? "" : "Nothing in configuration, data, code and environment differs.";
  return table("What differs", words, ["part", "key", ...heads], rows);
}

function selected(chosen, heads) {
  const cases = new Set(chosen.flatMap((each) => each.selected.map((model) => model.case)));
  const rows = [...cases].map((name) => {
    const models = chosen.map((each) => each.selected.find((model) => model.case === name));
    return [name, ...models.map((m) => (m ? `${m.covariance}, K = ${m.k}, BIC ${m.bic.toFixed(3)}` : ""))];
  });
  return table("Selected models", "The model of lowest BIC of each data set.", ["data set", ...heads], rows);
}

function sameData(chosen, dataset) {
  return new Set(chosen.map((each) => JSON.stringify(each.data[dataset] ?? null))).size === 1;
}

function models(chosen, heads) {
  const keyOf = (m) => JSON.stringify([m.case, m.normaliser, m.covariance, m.k]);
  const tables = chosen.map((each) => new Map(each.models.map((model) => [keyOf(model), model])));
  const keys = new Map(tables.flatMap((each) => [...each]));
  const rows = [...keys].map(([key, model]) => {
    const numbers = tables.map((each) => each.get(key)?.bic);
    const known = numbers.filter((bic) => bic !== undefined);
    const alike = sameData(chosen, model.dataset);
    const lowest = Math.min(...known);
    const marked = alike && known.some((bic) => bic > lowest);
    const cells = numbers.map((bic) =>
      element("td", bic === undefined ? "" : bic.toFixed(3), marked && bic === lowest ? "right lowest" : "right"));
    return [model.case, model.normaliser, model.covariance, String(model.k), ...cells, alike ? "" : "data differ: not comparable"];
  });
  const words = "BIC of the best sound fit of each model, at most 200 of a version by rank; lower is better, on equal data alone.";
  return table("Models", words, ["data set", "normaliser", "covariance", "K", ...heads, ""], rows);
}

function pictures(chosen) {
  const part = element("section");
  part.append(element("h2", "Figures"));
  const row = element("div", "", "chosen");
  for (const each of chosen) {
    for (const picture of each.pictures) {
      const figure = element("figure");
      const image = element("img");
      image.src = picture.link;
      image.alt = picture.caption;
      figure.append(image, element("figcaption", `${each.title}: ${picture.caption}`));
      row.append(figure);
    }
  }
  part.append(row);
  return part;
}

function commands(chosen) {
  const part = element("section");
  part.append(element("h2", "Every number"));
  part.append(element("p", "All cells, matched components and ellipses, as a page:"));
  for (const other of chosen.slice(1)) {
    const line = element("p");
    line.append(element("code", `gmmpipe compare ${chosen[0].folder} ${other.folder} -o compare.html`));
    part.append(line);
  }
  return part;
}

function show() {
  const names = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const chosen = versions.filter((each) => names.has(each.folder));
  place.replaceChildren();
  if (chosen.length < 2) return;
  chosen.reverse(); // the oldest first
  const heads = chosen.map((each) => each.title);
  place.append(element("h1", "Comparison"), settings(chosen, heads), selected(chosen, heads));
  place.append(models(chosen, heads), pictures(chosen), commands(chosen));
}

for (const box of boxes) box.addEventListener("change", show);
show();
