"use strict";
// The stage: samples with the ellipses of a mixture, or for one feature a histogram with densities.

const SYMBOLS = [ // the markers of the figures: a component has the same one everywhere
  [d3.symbolSquare, 0], [d3.symbolCircle, 0], [d3.symbolTriangle, 0], [d3.symbolSquare, 45],
  [d3.symbolTriangle, 180], [d3.symbolCross, 0], [d3.symbolCross, 45], [d3.symbolTriangle, -90],
  [d3.symbolStar, 0], [d3.symbolTriangle, 90],
];
const MARGIN = { top: 10, right: 12, bottom: 40, left: 54 };

/** Return a cleared <svg> of the width of its place, and that width. */
function cleared(selector, height) {
  const svg = d3.select(selector);
  const width = Math.max(svg.node().parentNode.clientWidth, 220);
  svg.selectAll("*").remove();
  svg.attr("viewBox", `0 0 ${width} ${height}`).attr("height", height);
  return [svg, width];
}

/** Draw both axes and their labels. */
function drawAxes(svg, x, y, width, height, labels) {
  const ticks = Math.max(2, Math.floor(width / 90));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - MARGIN.bottom})`)
    .call(d3.axisBottom(x).ticks(ticks));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${MARGIN.left},0)`)
    .call(d3.axisLeft(y).ticks(5));
  svg.append("text").attr("class", "label").attr("x", (MARGIN.left + width - MARGIN.right) / 2)
    .attr("y", height - 6).attr("text-anchor", "middle").text(labels[0]);
  svg.append("text").attr("class", "label").attr("transform", "rotate(-90)").attr("y", 12)
    .attr("x", -(height - MARGIN.bottom + MARGIN.top) / 2).attr("text-anchor", "middle").text(labels[1]);
}

function padded([low, high], share) {
  const pad = (high - low) * share || Math.abs(high) || 1;
  return [low - pad, high + pad];
}

/** Return an object that draws the mixtures of a scene: show(mixture). */
function makeStage(scene) {
  const flat = scene.dimensions === 1;
  const width = Math.max(d3.select("#scatter").node().parentNode.clientWidth, 220);
  const height = Math.round(Math.min(Math.max(width * 0.9, 260), 540));
  const [svg] = cleared("#scatter", height);
  const xs = scene.points.filter((_, i) => flat || i % 2 === 0);
  const bins = flat ? d3.bin().thresholds(30)(xs) : [];
  const density = (bin) => bin.length / xs.length / (bin.x1 - bin.x0);
  const ys = flat ? [0, 1.3 * d3.max(bins, density)] : scene.points.filter((_, i) => i % 2 === 1);
  const x = d3.scaleLinear(padded(d3.extent(xs), 0.12), [MARGIN.left, width - MARGIN.right]);
  const yDomain = flat ? ys : padded(d3.extent(ys), 0.12);
  const y = d3.scaleLinear(yDomain, [height - MARGIN.bottom, MARGIN.top]);
  svg.append("clipPath").attr("id", "stage-clip").append("rect").attr("x", MARGIN.left)
    .attr("y", MARGIN.top).attr("width", width - MARGIN.left - MARGIN.right)
    .attr("height", height - MARGIN.top - MARGIN.bottom);
  drawAxes(svg, x, y, width, height, flat ? [scene.axes[0], "density"] : scene.axes);
  const body = svg.append("g").attr("clip-path", "url(#stage-clip)");
  const dots = flat ? drawBars(body, bins, density, x, y) : drawDots(body, scene, x, y);
  const shapes = body.append("g");
  const colour = (j) => scene.colours[j % scene.colours.length];
  return {
    show(mixture) {
      if (!flat) paint(dots, scene, mixture, colour);
      if (flat) drawCurves(shapes, mixture, x, y, colour);
      else drawEllipses(shapes, mixture, x, y, colour);
    },
  };
}

function drawBars(body, bins, density, x, y) {
  return body.append("g").attr("class", "bars").selectAll("rect").data(bins).join("rect")
    .attr("x", (bin) => x(bin.x0)).attr("width", (bin) => Math.max(x(bin.x1) - x(bin.x0) - 1, 1))
    .attr("y", (bin) => y(density(bin))).attr("height", (bin) => y(0) - y(density(bin)));
}

function drawDots(body, scene, x, y) {
  const n = scene.points.length / 2;
  return body.append("g").attr("class", "dots").selectAll("path").data(d3.range(n)).join("path")
    .attr("transform", (i) => `translate(${x(scene.points[2 * i])},${y(scene.points[2 * i + 1])})`);
}

/** Give every point the look of its component; grey where the plane does not tell. */
function paint(dots, scene, mixture, colour) {
  const size = Math.max(6, Math.min(34, 26 * Math.sqrt(300 / dots.size())));
  const looks = SYMBOLS.map(([type]) => d3.symbol(type, size)());
  const which = scene.exact ? assigned(scene, mixture) : null;
  dots.each(function draw(i) {
    const j = which ? which[i] : -1;
    const look = j < 0 ? 1 : j % SYMBOLS.length;
    this.setAttribute("d", looks[look]);
    this.setAttribute("fill", j < 0 ? "#8b949e" : colour(j));
    const place = this.getAttribute("transform").replace(/ rotate.*/, "");
    this.setAttribute("transform", `${place} rotate(${SYMBOLS[look][1]})`);
  });
}

/** Return the outline of all points ``radius`` standard deviations from a mean. */
function outline([, mx, my, a, b, d], radius, x, y) {
  const l11 = Math.sqrt(Math.max(a, 0));
  const l21 = l11 > 0 ? b / l11 : 0;
  const l22 = Math.sqrt(Math.max(d - l21 * l21, 0));
  const corners = d3.range(72).map((i) => {
    const [u, v] = [Math.cos((i * Math.PI) / 36), Math.sin((i * Math.PI) / 36)];
    return [x(mx + radius * l11 * u), y(my + radius * (l21 * u + l22 * v))];
  });
  return `M${corners.map((corner) => corner.map((v) => v.toFixed(2)).join(",")).join("L")}Z`;
}

/** Return the components of a mixture that can be drawn, each with its number. */
function drawable(mixture) {
  return d3.range(mixture.length / PLACES)
    .map((j) => ({ j, numbers: mixture.subarray(j * PLACES, (j + 1) * PLACES) }))
    .filter(({ numbers }) => numbers.every(Number.isFinite) && numbers[0] > 0);
}

function drawEllipses(shapes, mixture, x, y, colour) {
  const parts = drawable(mixture);
  const rings = parts.flatMap((part) => [1, 2].map((radius) => ({ ...part, radius })));
  for (const name of ["halo", "ellipse"]) {
    shapes.selectAll(`path.${name}`).data(rings).join("path").attr("class", name)
      .attr("stroke", ({ j }) => (name === "halo" ? "white" : colour(j)))
      .attr("stroke-dasharray", ({ radius }) => (radius === 2 ? "6 3" : null))
      .attr("d", ({ numbers, radius }) => outline(numbers, radius, x, y));
  }
  shapes.selectAll("text.mean").data(parts).join("text").attr("class", "mean")
    .attr("x", ({ numbers }) => x(numbers[1])).attr("y", ({ numbers }) => y(numbers[2]))
    .text(({ j }) => j + 1);
}

function drawCurves(shapes, mixture, x, y, colour) {
  const grid = d3.range(x.domain()[0], x.domain()[1], (x.domain()[1] - x.domain()[0]) / 240);
  const parts = drawable(mixture).map(({ j, numbers: [weight, mean, , variance] }) => ({
    j, at: (v) => (weight * Math.exp(-((v - mean) ** 2) / variance / 2)) / Math.sqrt(2 * Math.PI * variance),
  }));
  const sum = { j: -1, at: (v) => d3.sum(parts, (part) => part.at(v)) };
  shapes.selectAll("path.curve").data([...parts, sum]).join("path").attr("class", "curve")
    .attr("stroke", ({ j }) => (j < 0 ? "#1b1f24" : colour(j)))
    .attr("d", ({ at }) => d3.line((v) => x(v), (v) => y(at(v)))(grid));
}
