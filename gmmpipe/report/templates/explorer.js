"use strict";
// The explorer: one chosen fit, its controls, and what is drawn of it.

(function explorer() {
  const find = (id) => document.getElementById(id);
  const raw = JSON.parse(find("scenes").textContent);
  const scenes = new Map();
  const AXES = ["normaliser", "covariance", "start"];
  const GLIDE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 350; // ms
  const PACE = 800; // ms a step while playing
  let scene, stage, state, run, shown, timer, player;

  function open(index) {
    if (!scenes.has(index)) scenes.set(index, decoded(raw[index]));
    scene = scenes.get(index);
    stage = makeStage(scene);
    find("scatter-caption").textContent = scene.exact
      ? "" : `${scene.plane} Samples are grey, as this plane does not tell their component.`;
    find("left-out").textContent = scene.left_out;
    choose(scene.runs[scene.selected], scene.steps.length - 1);
  }

  /** Show a run at a step; everything on the page follows. */
  function choose(next, step) {
    run = next;
    state = { normaliser: run.normaliser, covariance: run.covariance, start: run.start, k: run.k, step };
    const seeds = siblings();
    fillControls(seeds);
    drawBic(scene, state, (model) => seek({ ...state, covariance: model.covariance, k: model.k }, model));
    drawRug(scene, seeds, run, (other) => choose(other, state.step));
    show(seeds);
  }

  function show(seeds) {
    drawTrace(scene, seeds, run, state.step);
    glide(scene.mixture(run, state.step));
    find("show-step").textContent = run.done[state.step] === scene.steps[state.step]
      ? scene.steps[state.step] : `${run.done[state.step]} (end)`;
    readout();
  }

  /** Return the runs that differ from the chosen one by their seed alone. */
  function siblings() {
    const same = (other) => AXES.every((axis) => other[axis] === run[axis]) && other.k === run.k;
    return d3.sort(scene.runs.filter(same), (other) => other.seed);
  }

  /** Choose the run nearest to what is wanted: the axes first, then K, then the seed. */
  function seek(wanted, { start, seed } = {}) {
    const off = (other) =>
      8 * (other.normaliser !== wanted.normaliser) + 4 * (other.covariance !== wanted.covariance) +
      2 * (other.start !== (start ?? wanted.start));
    const nearest = d3.least(scene.runs, (a, b) =>
      off(a) - off(b) || Math.abs(a.k - wanted.k) - Math.abs(b.k - wanted.k) ||
      Math.abs(a.seed - (seed ?? run.seed)) - Math.abs(b.seed - (seed ?? run.seed)));
    choose(nearest, state.step);
  }

  function fillControls(seeds) {
    for (const axis of AXES) {
      const names = [...new Set(scene.runs.map((other) => other[axis]))];
      const select = d3.select(find(`pick-${axis}`)).property("disabled", names.length === 1);
      select.selectAll("option").data(names).join("option").attr("value", (d) => d).text((d) => d);
      select.property("value", state[axis]);
    }
    slider("k", ks().indexOf(run.k), ks().length, run.k);
    slider("seed", seeds.indexOf(run), seeds.length, run.seed);
    slider("step", state.step, scene.steps.length, scene.steps[state.step]);
  }

  function ks() {
    const family = scene.runs.filter((other) => AXES.every((axis) => other[axis] === run[axis]));
    return d3.sort(new Set(family.map((other) => other.k)));
  }

  function slider(name, value, count, text) {
    const input = find(`slide-${name}`);
    Object.assign(input, { max: count - 1, value, disabled: count === 1 });
    input.setAttribute("aria-valuetext", text);
    find(`show-${name}`).textContent = text;
  }

  /** Move the ellipses to a mixture, at once where it has another number of components. */
  function glide(target) {
    timer?.stop();
    const from = shown;
    shown = target;
    if (!GLIDE || from?.length !== target.length) return stage.show(target);
    timer = d3.timer((elapsed) => {
      const t = d3.easeCubicInOut(Math.min(elapsed / GLIDE, 1));
      shown = t < 1 ? target.map((value, i) => from[i] + t * (value - from[i])) : target;
      stage.show(shown);
      if (t === 1) timer.stop();
    });
  }

  function readout() {
    const value = scene.logLikelihood(run, state.step);
    const bic = run.parameters * Math.log(scene.n) - 2 * value;
    const ended = run.converged ? ", converged" : "";
    const last = state.step === scene.steps.length - 1;
    const words = `${scene.name}: ${run.covariance}, K = ${run.k}, start ${run.start}, seed ${run.seed}, ` +
      `after ${run.done[state.step]} iterations: log-likelihood ${signed(value, 3)}` +
      (state.step ? `, BIC ${signed(bic, 2)}` : " (the start)") + (last ? ended : "") + ".";
    find("readout").textContent = run.degenerate ? `${words} Degenerate: ${run.degenerate}.` : words;
    find("scatter").setAttribute("aria-label", `Samples and components. ${words}`);
  }

  function stop() {
    clearInterval(player);
    player = undefined;
    find("play").textContent = "Play EM";
  }

  function play() {
    if (player) return stop();
    find("play").textContent = "Pause";
    step(0);
    player = setInterval(() => (state.step + 1 < scene.steps.length ? step(state.step + 1) : stop()), PACE);
  }

  function step(to) {
    state.step = to;
    slider("step", to, scene.steps.length, scene.steps[to]);
    show(siblings());
  }

  d3.select(find("pick-scene")).property("disabled", raw.length === 1)
    .on("change", (event) => { stop(); open(event.target.selectedIndex); })
    .selectAll("option").data(raw).join("option").text((one) => one.name);
  for (const axis of AXES) {
    d3.select(find(`pick-${axis}`)).on("change", (event) => {
      stop();
      seek({ ...state, [axis]: event.target.value });
    });
  }
  d3.select(find("slide-k")).on("input", (event) => { stop(); seek({ ...state, k: ks()[event.target.value] }); });
  d3.select(find("slide-seed")).on("input", (event) => { stop(); choose(siblings()[event.target.value], state.step); });
  d3.select(find("slide-step")).on("input", (event) => { stop(); step(Number(event.target.value)); });
  find("play").addEventListener("click", play);
  find("best").addEventListener("click", () => { stop(); choose(scene.runs[scene.selected], scene.steps.length - 1); });
  find("explorer-body").hidden = false;
  let width = 0;
  new ResizeObserver(() => {
    if (find("explorer-body").clientWidth === width) return;
    width = find("explorer-body").clientWidth;
    const kept = scene && { run, step: state.step };
    if (!kept) return open(0);
    stage = makeStage(scene);
    shown = undefined;
    choose(kept.run, kept.step);
  }).observe(find("explorer-body"));
})();
