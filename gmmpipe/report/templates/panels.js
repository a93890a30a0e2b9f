"use strict";
// The three charts beside the stage. What is chosen is in the accent colour, all else is grey.

const CHART_HEIGHT = 168;

/** Make marks that can be clicked and, one tab stop for all, moved through by the arrow keys. */
function clickable(marks, isChosen, label, choose) {
  marks.attr("role", "button").attr("aria-label", label)
    .attr("aria-pressed", (d) => String(isChosen(d)))
    .attr("tabindex", (d) => (isChosen(d) ? 0 : -1)).classed("chosen", isChosen)
    .on("click", (_, d) => choose(d))
    .on("keydown", function move(event, d) {
      const nodes = marks.nodes();
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") choose(d);
      else if (step) {
        const next = nodes[(nodes.indexOf(this) + step + nodes.length) % nodes.length];
        choose(d3.select(next).datum());
      } else return;
      event.preventDefault();
    });
  if (marks.size() && !marks.filter(isChosen).size()) marks.filter((_, i) => i === 0).attr("tabindex", 0);
  marks.append("title").text(label);
}

/** Draw an axis of differences: 0 and powers of ten, none nearer to the last than ``room``. */
function gapAxis(svg, scale, side, place, room) {
  const top = d3.max(scale.domain());
  const apart = [0];
  for (const v of [0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8]) {
    if (v <= top && Math.abs(scale(v) - scale(apart.at(-1))) >= room) apart.push(v);
  }
  svg.append("g").attr("class", "axis").attr("transform", place)
    .call(side(scale).tickValues(apart).tickFormat((v) => d3.format(v < 1e3 ? "~g" : "~s")(v)));
}

/** Draw BIC above the lowest against K, a line for each family; choose(model) on a click. */
function drawBic(scene, state, choose) {
  const [svg, width] = cleared("#bic", CHART_HEIGHT);
  const models = scene.best.filter((model) => model.normaliser === state.normaliser);
  if (!models.length) return;
  const lowest = d3.min(scene.best, (model) => model.bic);
  const gap = (model) => model.bic - lowest;
  const ks = d3.sort(new Set(models.map((model) => model.k)));
  const x = d3.scalePoint(ks, [MARGIN.left, width - MARGIN.right]).padding(0.5);
  const y = d3.scaleSymlog([0, Math.max(d3.max(models, gap), 10)], [CHART_HEIGHT - 28, 10]).constant(3);
  gapAxis(svg, y, d3.axisLeft, `translate(${MARGIN.left},0)`, 14);
  const every = Math.ceil(ks.length / Math.floor(width / 40));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${CHART_HEIGHT - 28})`)
    .call(d3.axisBottom(x).tickValues(ks.filter((_, i) => i % every === 0)));
  const ours = (model) => model.covariance === state.covariance;
  const families = d3.sort(d3.groups(models, (model) => model.covariance), ([, [first]]) => ours(first));
  const line = d3.line((model) => x(model.k), (model) => y(gap(model)));
  svg.append("g").selectAll("path").data(families).join("path").attr("class", "line")
    .classed("chosen", ([, [first]]) => ours(first))
    .attr("d", ([, found]) => line(d3.sort(found, (model) => model.k)));
  const marks = svg.append("g").selectAll("circle").data(d3.sort(models, ours)).join("circle")
    .attr("class", "mark").classed("ours", ours).attr("r", 4)
    .attr("cx", (model) => x(model.k)).attr("cy", (model) => y(gap(model)));
  clickable(
    marks, (model) => ours(model) && model.k === state.k,
    (model) => `${model.covariance}, K = ${model.k}: BIC ${signed(model.bic, 1)}`, choose,
  );
}

/** Draw where each seed of one model and start ended; choose(run) on a click. */
function drawRug(scene, runs, chosen, choose) {
  const [svg, width] = cleared("#rug", CHART_HEIGHT - 40);
  const height = CHART_HEIGHT - 40;
  const sound = runs.filter((run) => !run.degenerate);
  const best = d3.max(sound.length ? sound : runs, (run) => run.final);
  const gap = (run) => Math.max(best - run.final, 0);
  const x = d3.scaleSymlog([Math.max(d3.max(runs, gap), 1), 0], [MARGIN.left, width - 24]).constant(0.02);
  gapAxis(svg, x, d3.axisBottom, `translate(0,${height - 28})`, 36);
  const columns = d3.rollup(d3.sort(runs, gap), (found) => found, (run) => Math.round(x(gap(run)) / 9));
  const tallest = d3.max(columns.values(), (found) => found.length);
  const rise = Math.min(10, (height - 48) / tallest);
  const placed = [...columns].flatMap(([column, found]) =>
    found.map((run, i) => ({ run, x: column * 9, y: height - 36 - i * rise })));
  const order = d3.sort(placed, ({ run }) => run.seed);
  const marks = svg.append("g").selectAll("circle").data(order).join("circle")
    .attr("class", "mark ours").classed("bad", ({ run }) => run.degenerate !== "").attr("r", 4)
    .attr("cx", (d) => d.x).attr("cy", (d) => d.y);
  clickable(
    marks, ({ run }) => run === chosen,
    ({ run }) => `seed ${run.seed}: log-likelihood ${signed(run.final, 3)}${run.degenerate && ", degenerate"}`,
    ({ run }) => choose(run),
  );
}

/** Draw the log-likelihood of every seed against iteration, the chosen one on top. */
function drawTrace(scene, runs, chosen, step) {
  const [svg, width] = cleared("#trace", CHART_HEIGHT);
  const best = d3.max(runs, (run) => run.final);
  const { times } = scene;
  const paths = runs.map((run) => ({ run, gaps: scene.trajectory(run).map((v) => Math.max(best - v, 0)) }));
  const finite = paths.flatMap(({ gaps }) => gaps.filter(Number.isFinite));
  const bottom = CHART_HEIGHT - 40;
  const x = d3.scaleSymlog([0, times.at(-1)], [MARGIN.left, width - MARGIN.right]).constant(1);
  const y = d3.scaleSymlog([Math.max(d3.max(finite) ?? 1, 1), 0], [bottom, 10]).constant(0.02);
  gapAxis(svg, y, d3.axisLeft, `translate(${MARGIN.left},0)`, 14);
  const ticks = [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((v) => v <= times.at(-1));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${bottom})`)
    .call(d3.axisBottom(x).tickValues(ticks).tickFormat(d3.format("~s")));
  svg.append("text").attr("class", "label").attr("text-anchor", "middle")
    .attr("x", width / 2).attr("y", CHART_HEIGHT - 4).text("iteration");
  const line = d3.line((_, i) => x(times[i]), (v) => y(v)).defined(Number.isFinite);
  svg.append("g").selectAll("path").data(d3.sort(paths, ({ run }) => run === chosen)).join("path")
    .attr("class", "line").classed("chosen", ({ run }) => run === chosen)
    .attr("d", ({ run, gaps }) => line(gaps.filter((_, i) => i === 0 || times[i - 1] < run.done.at(-1))));
  const at = Math.max(best - scene.logLikelihood(chosen, step), 0);
  if (Number.isFinite(at)) {
    svg.append("circle").attr("class", "here").attr("r", 5)
      .attr("cx", x(chosen.done[step])).attr("cy", y(at));
  }
}
