/* The playground: plays trainings that were recorded with the package when the site was
   built. docs/_ext/playground_recorder.py says what a recording holds. From its weights this
   script computes what the units and the network put out; everything else is recorded. */

(() => {
  "use strict";

  const root = document.getElementById("the-playground");
  const { grid } = playground;
  const recordings = new Map(), loading = new Map();
  const START = {
    table: "moons", depth: 2, first: "relu", further: "relu", init_scale: 1, solver: "adam",
    epoch: 300,
  };
  const LEGENDS = {
    table: "Table",
    depth: "Hidden layers",
    solver: "Solver",
    first: "Activation, layer 1",
    further: "Activation, layer 2",
    init_scale: "Initial weights",
  };
  const NAMES = {
    init_scale: { 0.01: "× 0.01", 1: "× 1", 10: "× 10" },
    solver: {
      sgd: "SGD", momentum: "Momentum", rmsprop: "RMSprop", adam: "Adam", lbfgs: "L-BFGS",
    },
  };
  const TO_TRY = [
    ["Vanishing gradients", "Through four layers of sigmoid units little gradient reaches the "
      + "first one.",
      { table: "circles", depth: 4, first: "sigmoid", further: "sigmoid", solver: "sgd", epoch: 7 }],
    ["… and steps that do not vanish", "Adam's steps are as long where gradients are small. "
      + "Compare SGD on the same table.",
      { table: "moons", depth: 4, first: "sigmoid", further: "sigmoid", solver: "adam" }],
    ["Dead units", "Large initial weights and long steps switch ReLU units off for good.",
      { table: "circles", init_scale: 10, solver: "sgd" }],
    ["Saturated units", "Large initial weights: tanh is flat where the network starts.",
      { table: "circles", depth: 4, first: "tanh", further: "tanh", init_scale: 10, solver: "sgd" }],
    ["Tiny weights", "Nothing moves, and yet no layer is worse off than the others: a report of "
      + "layers cannot replace a look at the loss.",
      { table: "moons", depth: 4, first: "tanh", further: "tanh", init_scale: 0.01, solver: "sgd" }],
    ["An activation per layer", "A smooth layer, then one of kinks: compare their units.",
      { table: "spirals", first: "tanh" }],
    ["Curvature", "L-BFGS after 50 iterations. Compare gradient descent after 300.",
      { table: "spirals", first: "tanh", further: "tanh", solver: "lbfgs", epoch: 50 }],
  ];
  const PIXELS = 72; // of a picture of a unit or the network, each way
  const ACTIVATIONS = {
    relu: z => Math.max(z, 0),
    tanh: Math.tanh,
    sigmoid: z => 1 / (1 + Math.exp(-z)),
  };

  const state = { ...START };
  const shown = { unit: null, pinned: null, newRows: false, timer: null };
  const part = {};

  /* Elements. */

  function h(tag, attributes = {}, ...children) {
    const svg = ["svg", "path", "line", "circle", "text", "g"].includes(tag);
    const element = svg
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (typeof value === "boolean") element.toggleAttribute(name, value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function percent(share) {
    if (share > 0 && share < 0.001) return "below 0.1 %";
    return `${(100 * share).toFixed(share > 0 && share < 0.01 ? 1 : 0)} %`;
  }

  function figure(value) {
    const small = value !== 0 && Math.abs(value) < 0.001;
    return small ? value.toExponential(1) : `${+value.toPrecision(2)}`;
  }

  /* Recordings. */

  const sizeOf = (nIn, nOut) => (nIn + 1) * nOut;

  function layerSizes(depth) {
    const widths = [2, ...Array(depth).fill(grid.nUnits), 1];
    return widths.slice(1).map((nOut, i) => [widths[i], nOut]);
  }

  function frameBytes(depth) {
    const n = layerSizes(depth).reduce((sum, layer) => sum + sizeOf(...layer), 0);
    return 6 + 8 * (depth + 1) + 2 * depth + 3 * Math.ceil(n / 2);
  }

  function* settings() {
    const { depth, first, further, init_scale, solver } = grid.choices;
    for (const d of depth) for (const f of first) for (const g of further) {
      if (d === 1 && g !== further[0]) continue;
      for (const i of init_scale) for (const s of solver) yield [d, f, g, i, s];
    }
  }

  function offsets() {
    const found = new Map();
    let at = 0;
    for (const setting of settings()) {
      found.set(setting.join(), at);
      at += grid.epochs.length * frameBytes(setting[0]);
    }
    return found;
  }

  const offsetOf = offsets();

  playground.add = recording => {
    const bytes = Uint8Array.from(atob(recording.frames), c => c.charCodeAt(0));
    recordings.set(recording.table, { ...recording, bytes: new DataView(bytes.buffer) });
  };

  function loaded(table) {
    if (!loading.has(table)) loading.set(table, load(table));
    return loading.get(table);
  }

  const load = table => new Promise((resolve, reject) => {
    const src = `${root.dataset.recordings}/${table}.js`;
    document.head.append(h("script", {
      src,
      onload: () => resolve(recordings.get(table)),
      onerror: () => reject(new Error(`The trainings in ${src} could not be loaded.`)),
    }));
  });

  const activationsOf = ({ depth, first, further }) =>
    [first, ...Array(depth - 1).fill(further)];

  /* One training: a frame per epoch, as FRAME in the recorder has it. */
  function readRun(recording, setting) {
    const { depth } = setting;
    const further = depth === 1 ? grid.choices.further[0] : setting.further;
    const key = [depth, setting.first, further, setting.init_scale, setting.solver].join();
    const start = offsetOf.get(key);
    return grid.epochs.map((epoch, i) =>
      readFrame(recording, depth, epoch, start + i * frameBytes(depth)));
  }

  function readFrame(recording, depth, epoch, at) {
    const { bytes } = recording;
    const u8 = () => bytes.getUint8(at++);
    const u16 = () => { at += 2; return bytes.getUint16(at - 2, true); };
    const single = new DataView(new ArrayBuffer(4));
    const bf16 = () => { single.setUint32(0, u16() << 16 >>> 0); return single.getFloat32(0); };
    const times = (n, read) => Array.from({ length: n }, read);
    const nLayers = depth + 1;
    const frame = {
      epoch,
      loss: bf16(),
      nRun: u16(),
      accuracy: u8() / grid.nRows,
      accuracyNew: u8() / grid.nRows,
      verdicts: times(nLayers, () =>
        recording.verdicts[u16()].map(number => recording.phrases[number]).join("")),
      gradientNorm: times(nLayers, bf16),
      updateRatio: times(nLayers, bf16),
    };
    const largest = times(nLayers, bf16);
    frame.dead = times(depth, u8);
    frame.saturated = times(depth, () => u8() / 255);
    frame.layers = readWeights(bytes, at, depth, largest);
    return frame;
  }

  function readWeights(bytes, start, depth, largest) {
    let number = 0;
    const next = () => {
      const at = start + 3 * (number >> 1);
      const pair = bytes.getUint16(at, true) | bytes.getUint8(at + 2) << 16;
      const step = ((number++ % 2 ? pair >> 12 : pair) & 0xfff) << 20 >> 20;
      return Math.sign(step) * (step / 2047) ** 2;
    };
    return layerSizes(depth).map(([nIn, nOut], i) => {
      const values = Float64Array.from({ length: sizeOf(nIn, nOut) }, () => largest[i] * next());
      return { nIn, nOut, weights: values.subarray(0, nIn * nOut), bias: values.subarray(nIn * nOut) };
    });
  }

  /* What the units of each layer put out at points (n, 2): arrays (n * units). */
  function forward(frame, activations, points, [low, high]) {
    const n = points.length / 2;
    let a = points.map((x, i) => Math.min(Math.max(x, low[i % 2]), high[i % 2])); // clip_features
    return frame.layers.map(({ nIn, nOut, weights, bias }, layer) => {
      const apply = ACTIVATIONS[activations[layer] ?? "sigmoid"];
      const outputs = new Float64Array(n * nOut);
      for (let row = 0; row < n; row++) for (let unit = 0; unit < nOut; unit++) {
        let z = bias[unit];
        for (let i = 0; i < nIn; i++) z += a[row * nIn + i] * weights[i * nOut + unit];
        outputs[row * nOut + unit] = apply(z);
      }
      a = outputs;
      return outputs;
    });
  }

  /* For tests and the console: the probability of class 1 at [x1, x2], as on the screen. */
  playground.probabilityAt = point => {
    const { recording, run } = part;
    const frame = run[grid.epochs.indexOf(state.epoch)];
    return forward(frame, activationsOf(state), Float64Array.from(point), recording.bounds).at(-1)[0];
  };

  /* The plane that is shown: all rows and a margin. */
  function viewOf({ bounds: [low, high] }) {
    const reach = Math.max(...high.map((value, i) => value - low[i])) * 0.54;
    const middle = high.map((value, i) => (value + low[i]) / 2);
    return { low: middle.map(x => x - reach), size: 2 * reach };
  }

  function pointsOf(view) {
    const points = new Float64Array(2 * PIXELS * PIXELS);
    for (let i = 0; i < PIXELS * PIXELS; i++) {
      points[2 * i] = view.low[0] + view.size * ((i % PIXELS) + 0.5) / PIXELS;
      points[2 * i + 1] = view.low[1] + view.size * (1 - (Math.floor(i / PIXELS) + 0.5) / PIXELS);
    }
    return points;
  }

  /* Colours: those of the style sheet, for light and dark. */

  function readColours() {
    const style = getComputedStyle(root);
    const rgb = name => style.getPropertyValue(name).match(/[0-9a-f]{2}/gi).map(x => parseInt(x, 16));
    part.colours = { zero: rgb("--play-zero"), one: rgb("--play-one"), mid: rgb("--play-mid") };
  }

  const css = rgb => `rgb(${rgb.join()})`;

  /* A picture of values in [-1, 1], from the colour of class 0 to that of class 1. */
  function picture(valueAt, strength = 1) {
    const { zero, one, mid } = part.colours;
    const image = new ImageData(PIXELS, PIXELS);
    for (let i = 0; i < PIXELS * PIXELS; i++) {
      const value = valueAt(i);
      const to = value < 0 ? zero : one;
      const share = strength * Math.min(Math.abs(value), 1);
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = mid[c] + share * (to[c] - mid[c]);
      image.data[4 * i + 3] = 255;
    }
    part.scratch.getContext("2d").putImageData(image, 0, 0);
    return part.scratch;
  }

  function fitted(canvas) {
    const scale = window.devicePixelRatio || 1;
    const { width, height } = canvas.getBoundingClientRect();
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    return { context, width, height };
  }

  function drawPicture(canvas, valueAt, strength) {
    const { context, width, height } = fitted(canvas);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture(valueAt, strength), 0, 0, width, height);
    return { context, width, height };
  }

  function drawRows(context, width, view, [X, y], radius, hollow) {
    const { zero, one, mid } = part.colours;
    X.forEach(([x1, x2], i) => {
      const x = width * (x1 - view.low[0]) / view.size;
      const y2 = width * (1 - (x2 - view.low[1]) / view.size);
      context.beginPath();
      context.arc(x, y2, radius, 0, 2 * Math.PI);
      context.fillStyle = css(hollow ? mid : y[i] ? one : zero);
      context.strokeStyle = css(hollow ? (y[i] ? one : zero) : mid);
      context.lineWidth = hollow ? 1.5 : 0.8;
      context.fill();
      context.stroke();
    });
  }

  /* The line where values (PIXELS * PIXELS) cross `level`, by marching squares. */
  function drawContour(context, width, values, level) {
    const cell = width / PIXELS;
    const at = (row, column) => values[row * PIXELS + column] - level;
    context.beginPath();
    for (let row = 0; row < PIXELS - 1; row++) for (let column = 0; column < PIXELS - 1; column++) {
      const corners = [[row, column], [row, column + 1], [row + 1, column + 1], [row + 1, column]];
      const crossings = [];
      corners.forEach(([r, c], i) => {
        const [r2, c2] = corners[(i + 1) % 4];
        const [a, b] = [at(r, c), at(r2, c2)];
        if ((a < 0) === (b < 0)) return;
        const share = a / (a - b);
        crossings.push([(c + share * (c2 - c) + 0.5) * cell, (r + share * (r2 - r) + 0.5) * cell]);
      });
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        context.moveTo(...crossings[i]);
        context.lineTo(...crossings[i + 1]);
      }
    }
    context.strokeStyle = getComputedStyle(root).getPropertyValue("--play-ink");
    context.lineWidth = 1.6;
    context.stroke();
  }

  /* Controls. */

  function nameOf(key, value) {
    return NAMES[key]?.[value] ?? value;
  }

  function choice(key, value) {
    const input = h("input", {
      type: "radio", name: `play-${key}`, value, onchange: () => set({ [key]: value }),
    });
    return h("label", { class: "play-choice" }, input, h("span", {}, nameOf(key, value)));
  }

  function choices(key) {
    const options = grid.choices[key].map(value => choice(key, value));
    return h("fieldset", { class: "play-field", "data-key": key },
      h("legend", {}, LEGENDS[key]), h("div", { class: "play-options" }, ...options));
  }

  const furtherLegend = () =>
    (state.depth > 2 ? `Activation, layers 2 to ${state.depth}` : LEGENDS.further);

  function syncControls() {
    for (const key of Object.keys(grid.choices)) {
      const field = part.controls.querySelector(`[data-key=${key}]`);
      for (const input of field.querySelectorAll("input"))
        input.checked = input.value === String(state[key]);
      field.disabled = key === "further" && state.depth === 1;
      if (key === "further") field.firstChild.textContent = furtherLegend();
    }
    const i = grid.epochs.indexOf(state.epoch);
    part.slider.value = i;
    part.slider.setAttribute("aria-valuetext", `epoch ${state.epoch}`);
    part.epoch.textContent = state.epoch;
  }

  function play() {
    if (shown.timer) return pause();
    const last = grid.epochs.at(-1);
    if (state.epoch === last) set({ epoch: grid.epochs[0] });
    part.play.textContent = "❚❚ Pause";
    shown.timer = setInterval(() => {
      const i = grid.epochs.indexOf(state.epoch);
      if (i + 1 < grid.epochs.length) set({ epoch: grid.epochs[i + 1] });
      if (state.epoch === last) pause();
    }, 350);
  }

  function pause() {
    clearInterval(shown.timer);
    shown.timer = null;
    part.play.textContent = "▶ Play";
  }

  /* The network. */

  function unitButton(layer, unit) {
    const here = { layer, unit };
    const show = () => { shown.unit = here; drawOutput(); };
    const hide = () => { shown.unit = shown.pinned; drawOutput(); };
    const pin = () => {
      const again = shown.pinned?.layer === layer && shown.pinned?.unit === unit;
      shown.pinned = shown.unit = again ? null : here;
      drawOutput();
    };
    return h("button", {
      type: "button", class: "play-unit", tabindex: "-1", onpointerenter: show,
      onpointerleave: hide, onfocus: show, onblur: hide, onclick: pin,
      onkeydown: event => moveFocus(event, layer, unit),
    }, h("canvas", {}));
  }

  /* The Tab key stops once in the network; the arrows move between its units. */
  function moveFocus(event, layer, unit) {
    const moves = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
    };
    if (!(event.key in moves)) return;
    const [across, down] = moves[event.key];
    const column = part.units[layer + across] ?? part.units[layer];
    const button = column[Math.min(Math.max(unit + down, 0), column.length - 1)];
    event.preventDefault();
    event.currentTarget.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
  }

  /* Columns of the diagram: features, hidden layers, output; where each unit is, in percent. */
  function buildNetwork() {
    const widths = [2, ...Array(state.depth).fill(grid.nUnits), 1];
    part.links = h("canvas", { class: "play-links", "aria-hidden": "true" });
    part.units = widths.map((width, layer) => Array.from({ length: width }, (_, unit) => {
      const button = unitButton(layer, unit);
      button.style.left = `${100 * (layer + 0.5) / widths.length}%`;
      button.style.top = `${100 * (unit + 0.5 + (grid.nUnits - width) / 2) / grid.nUnits}%`;
      return button;
    }));
    part.units.at(-1)[0].tabIndex = 0;
    const names = ["features", ...activationsOf(state).map((_, i) => `hidden ${i + 1}`), "output"];
    const below = ["x₁, x₂", ...activationsOf(state), "sigmoid"];
    const labels = names.map((name, i) => h("div", {}, h("b", {}, name), h("span", {}, below[i])));
    const plane = h("div", { class: "play-plane" }, part.links, ...part.units.flat());
    part.network.replaceChildren(plane, h("div", { class: "play-labels" }, ...labels));
    part.network.style.setProperty("--columns", widths.length);
  }

  function drawLinks(frame) {
    const { context, width, height } = fitted(part.links);
    const nColumns = part.units.length;
    const x = layer => width * (layer + 0.5) / nColumns;
    const y = (layer, unit) =>
      height * (unit + 0.5 + (grid.nUnits - part.units[layer].length) / 2) / grid.nUnits;
    frame.layers.forEach(({ nIn, nOut, weights }, layer) => {
      const largest = Math.max(...weights.map(Math.abs)) || 1;
      for (let i = 0; i < nIn; i++) for (let j = 0; j < nOut; j++) {
        const weight = weights[i * nOut + j];
        const share = Math.abs(weight) / largest;
        const middle = (x(layer) + x(layer + 1)) / 2;
        context.beginPath();
        context.moveTo(x(layer), y(layer, i));
        context.bezierCurveTo(middle, y(layer, i), middle, y(layer + 1, j), x(layer + 1), y(layer + 1, j));
        context.globalAlpha = 0.12 + 0.78 * share;
        context.lineWidth = 0.5 + 3.5 * share;
        context.strokeStyle = css(weight < 0 ? part.colours.zero : part.colours.one);
        context.stroke();
      }
    });
  }

  /* What a unit puts out: values in [-1, 1] at each pixel, and what -1 and 1 stand for. */
  function shadesOf({ layer, unit }) {
    const { points, outputs, view } = part;
    if (layer === 0) {
      const low = view.low[unit];
      const valueAt = i => 2 * (points[2 * i + unit] - low) / view.size - 1;
      return { valueAt, low, high: low + view.size };
    }
    const width = part.units[layer].length;
    const a = outputs[layer - 1];
    if ((activationsOf(state)[layer - 1] ?? "sigmoid") === "sigmoid")
      return { valueAt: i => 2 * a[i * width + unit] - 1, low: 0, high: 1 };
    let largest = 0;
    for (let i = unit; i < a.length; i += width) largest = Math.max(largest, Math.abs(a[i]));
    return { valueAt: i => a[i * width + unit] / (largest || 1), low: -largest, high: largest };
  }

  function drawUnits(frame) {
    part.units.forEach((column, layer) => column.forEach((button, unit) => {
      drawPicture(button.firstChild, shadesOf({ layer, unit }).valueAt);
      const isHidden = layer > 0 && layer <= state.depth;
      const dead = isHidden && (frame.dead[layer - 1] >> unit & 1) === 1;
      button.classList.toggle("is-dead", dead);
      button.setAttribute("aria-label", unitName({ layer, unit }) + (dead ? ", dead" : ""));
    }));
  }

  function unitName({ layer, unit }) {
    if (layer === 0) return `feature x${unit + 1}`;
    return layer > state.depth ? "output" : `hidden ${layer}, unit ${unit + 1}`;
  }

  /* The large picture: the network, or the unit that the reader points to. */
  function drawOutput() {
    const last = part.units.length - 1;
    const unit = shown.unit ?? { layer: last, unit: 0 };
    const isNet = unit.layer === last;
    const shades = shadesOf(unit);
    const { context, width } = drawPicture(part.output, shades.valueAt, 0.8);
    if (isNet) drawContour(context, width, part.outputs.at(-1), 0.5);
    const radius = width / 105;
    if (shown.newRows) drawRows(context, width, part.view, part.recording.newRows, radius, true);
    else drawRows(context, width, part.view, part.recording.rows, radius, false);
    const frame = part.run[grid.epochs.indexOf(state.epoch)];
    part.outputTitle.textContent = isNet ? "Probability of class 1" : `Output of ${unitName(unit)}`;
    part.low.textContent = figure(shades.low);
    part.high.textContent = figure(shades.high);
    part.output.setAttribute("aria-label",
      `${part.outputTitle.textContent} over the plane, after epoch ${state.epoch}; `
      + `${percent(frame.accuracy)} of the training rows are classified correctly.`);
    for (const button of part.units.flat())
      button.setAttribute("aria-pressed", shown.pinned !== null
        && button === part.units[shown.pinned.layer]?.[shown.pinned.unit]);
  }

  /* Curves over the epochs, on a logarithmic axis. */

  const CHART = { width: 300, height: 150, left: 44, right: 10, top: 8, bottom: 24 };

  function chart(title, series, { log = false, low, high, label }) {
    const values = series.flatMap(one => one.values).filter(v => Number.isFinite(v) && (!log || v > 0));
    const scale = log ? Math.log10 : v => v;
    let [bottom, top] = [low ?? scale(Math.min(...values)), high ?? scale(Math.max(...values))];
    let step = (top - bottom) / 3;
    if (log) { // whole powers of ten, at most five of them
      bottom = Math.floor(bottom);
      step = Math.max(Math.ceil((Math.ceil(top) - bottom) / 4), 1);
      top = bottom + step * Math.max(Math.ceil((top - bottom) / step), 1);
    }
    const { width, height, left, right, bottom: under, top: over } = CHART;
    const span = Math.log(grid.epochs.at(-1));
    const x = epoch => left + (width - left - right) * Math.log(epoch) / span;
    const y = value => {
      const share = (Math.min(Math.max(scale(value), bottom), top) - bottom) / (top - bottom);
      return height - under - share * (height - under - over);
    };
    const ticks = Array.from({ length: Math.round((top - bottom) / step) + 1 },
      (_, i) => bottom + i * step);
    const lines = ticks.map(tick => {
      const at = y(log ? 10 ** tick : tick);
      return h("g", {},
        h("line", { class: "play-gridline", x1: left, x2: width - right, y1: at, y2: at }),
        h("text", { x: left - 6, y: at + 3.5, "text-anchor": "end" }, label(log ? 10 ** tick : tick)));
    });
    const epochs = [1, 10, 100, grid.epochs.at(-1)].map(epoch =>
      h("text", { x: x(epoch), y: height - 8, "text-anchor": epoch === 1 ? "start" : epoch > 100 ? "end" : "middle" }, `${epoch}`));
    const paths = series.map(({ values: own, colour, dashed = false }) => {
      const d = own.map((value, i) => `${i ? "L" : "M"}${x(grid.epochs[i]).toFixed(1)} ${y(value).toFixed(1)}`);
      return h("path", { class: `play-line ${dashed ? "is-dashed" : ""}`, style: `stroke: var(${colour})`, d: d.join("") });
    });
    const marker = h("line", { class: "play-marker", y1: over, y2: height - under });
    const dots = series.map(({ colour }) => h("circle", { r: 3.5, style: `fill: var(${colour})` }));
    const svg = h("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title },
      ...lines, ...epochs, marker, ...paths, ...dots);
    const legend = series.length === 1 ? [] : series.map(({ name, colour, dashed = false }) =>
      h("span", { class: `play-key ${dashed ? "is-dashed" : ""}`, style: `--key: var(${colour})` }, name));
    const move = i => {
      const at = x(grid.epochs[i]);
      marker.setAttribute("x1", at);
      marker.setAttribute("x2", at);
      dots.forEach((dot, k) => {
        dot.setAttribute("cx", at);
        dot.setAttribute("cy", y(series[k].values[i]));
      });
    };
    const element = h("figure", { class: "play-chart" },
      h("figcaption", {}, h("b", {}, title), h("span", { class: "play-keys" }, ...legend)), svg);
    return { element, move };
  }

  const layerNames = depth =>
    [...Array.from({ length: depth }, (_, i) => `hidden ${i + 1}`), "output"];
  const layerColour = (i, nLayers) => `--play-layer-${Math.round(1 + 4 * i / (nLayers - 1))}`;

  function buildCharts() {
    const { run } = part;
    const power = value => {
      const exponent = Math.round(Math.log10(value));
      return exponent < -2 || exponent > 3 ? `1e${exponent}` : `${+value.toPrecision(1)}`;
    };
    const names = layerNames(state.depth);
    const worst = Math.min(...run.flatMap(f => [f.accuracy, f.accuracyNew]));
    part.charts = [
      chart("Training loss", [
        { name: "loss", colour: "--play-layer-1", values: run.map(f => f.loss) },
      ], { log: true, label: power }),
      chart("Accuracy", [
        { name: "training rows", colour: "--play-layer-1", values: run.map(f => f.accuracy) },
        { name: "new rows", colour: "--play-layer-5", values: run.map(f => f.accuracyNew), dashed: true },
      ], { low: worst < 0.4 ? 0.1 : 0.4, high: 1, label: value => `${Math.round(100 * value)} %` }),
      chart("Gradient norm of each layer", names.map((name, i) => ({
        name, colour: layerColour(i, names.length), values: run.map(f => f.gradientNorm[i]),
      })), { log: true, label: power }),
    ];
    part.curves.replaceChildren(...part.charts.map(one => one.element));
  }

  /* What health_report says. */

  function healthOf(frame, i, names) {
    const verdict = frame.verdicts[i];
    const [facts, advice] = verdict.split(": ");
    const healthy = verdict === "healthy";
    const figures = [["gradient norm", figure(frame.gradientNorm[i])],
      ["last step", `${percent(frame.updateRatio[i])} of the weights`]];
    if (i < state.depth) {
      const nDead = Array.from({ length: grid.nUnits }, (_, u) => frame.dead[i] >> u & 1)
        .reduce((a, b) => a + b);
      figures.push(["dead", `${nDead} of ${grid.nUnits}`], ["saturated", percent(frame.saturated[i])]);
    }
    return h("li", { class: healthy ? "is-healthy" : "is-ill" },
      h("div", { class: "play-layer" },
        h("span", { class: "play-swatch", style: `--key: var(${layerColour(i, names.length)})` }),
        h("b", {}, names[i]),
        h("span", { class: "play-state" }, healthy ? "✓ healthy" : "! not healthy")),
      h("dl", {}, ...figures.map(([name, value]) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      ...(healthy ? [] : [h("p", {}, `${facts}: `, h("em", {}, advice))]));
  }

  function showHealth(frame) {
    const names = layerNames(state.depth);
    part.health.replaceChildren(...names.map((_, i) => healthOf(frame, i, names)));
  }

  /* The rule that is applied, and the code. */

  function showRule() {
    const { title, lines, words, settings: own, learningRate } = grid.solvers[state.solver];
    const values = { ...(learningRate === null ? {} : { learning_rate: learningRate }), ...own };
    const link = h("a", { href: `api/skshallow.solvers.${title}.html` }, h("code", {}, title));
    part.rule.replaceChildren(
      h("h3", {}, "The rule that is applied: ", link),
      ...(lines.length ? [h("pre", {}, lines.join("\n"))] : []),
      h("p", {}, words),
      h("p", { class: "play-values" }, ...Object.entries(values).flatMap(([name, value]) =>
        [h("code", {}, `${name} = ${value}`), " "])));
  }

  function fill(template, values) {
    return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (match, name) =>
      (match === "{{" ? "{" : match === "}}" ? "}" : values[name]));
  }

  function programOf(setting) {
    const { program, ofSolver, tables } = grid.code;
    const [ownFunction, make] = tables[setting.table];
    const { learningRate } = grid.solvers[setting.solver];
    const imports = `from sklearn.datasets import ${make.split("(")[0]}\n`;
    return fill(program, {
      imports: ownFunction ? "" : imports,
      function: ownFunction,
      table: fill(make, { n: grid.nRows, state: 0 }),
      new_table: fill(make, { n: grid.nRows, state: 1 }),
      hidden_units: `[${Array(setting.depth).fill(grid.nUnits).join(", ")}]`,
      activation: `[${activationsOf(setting).map(name => `"${name}"`).join(", ")}]`,
      init_scale: setting.init_scale,
      solver: setting.solver,
      of_solver: learningRate === null ? "" : fill(ofSolver, { learning_rate: learningRate }),
      max_iter: setting.epoch,
    });
  }

  /* With the classes of the site's highlighter. */
  const TOKENS = /(#.*)|(f?"[^"]*")|\b(from|import|def|return|None|True)\b|\b(\d+(?:\.\d+)?)\b/g;
  const CLASSES = ["c1", "s2", "kn", "mi"];

  function highlighted(text) {
    const nodes = [];
    let end = 0;
    for (const match of text.matchAll(TOKENS)) {
      nodes.push(text.slice(end, match.index));
      const kind = match.slice(1).findIndex(group => group !== undefined);
      nodes.push(h("span", { class: CLASSES[kind] }, match[0]));
      end = match.index + match[0].length;
    }
    return [...nodes, text.slice(end)];
  }

  async function copyCode() {
    const text = part.code.textContent;
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission: select it, so that the keyboard copies it
      getSelection().selectAllChildren(part.code);
      done = false;
    }
    part.copy.textContent = done ? "✓ Copied" : "Selected: press Ctrl-C";
    setTimeout(() => { part.copy.textContent = "Copy"; }, 2000);
  }

  /* The whole page. */

  function summary(frame) {
    const nIll = frame.verdicts.filter(verdict => verdict !== "healthy").length;
    const ended = frame.nRun < state.epoch ? `It converged after ${frame.nRun} iterations. ` : "";
    const health = nIll === 0
      ? "All layers are healthy."
      : `Not healthy: ${nIll} of ${frame.verdicts.length} layers.`;
    return `Epoch ${state.epoch}: training loss ${figure(frame.loss)}, accuracy `
      + `${percent(frame.accuracy)} on the training rows, ${percent(frame.accuracyNew)} on new rows. `
      + ended + health;
  }

  function drawEpoch() {
    const i = grid.epochs.indexOf(state.epoch);
    const frame = part.run[i];
    part.outputs = forward(frame, activationsOf(state), part.points, part.recording.bounds);
    drawLinks(frame);
    drawUnits(frame);
    drawOutput();
    part.charts.forEach(one => one.move(i));
    showHealth(frame);
    part.summary.textContent = summary(frame);
    part.code.replaceChildren(...highlighted(programOf(state)));
    root.dataset.shown = JSON.stringify(state);
  }

  async function draw() {
    syncControls();
    const wanted = state.table;
    const recording = await loaded(wanted).catch(error => {
      part.summary.textContent = error.message;
      throw error;
    });
    if (wanted !== state.table) return; // another one was chosen meanwhile
    const other = part.drawn !== settingOf(state);
    if (other) {
      part.drawn = settingOf(state);
      part.recording = recording;
      part.view = viewOf(recording);
      part.points = pointsOf(part.view);
      part.run = readRun(recording, state);
      shown.unit = shown.pinned = null;
      buildNetwork();
      buildCharts();
      showRule();
    }
    drawEpoch();
  }

  const settingOf = ({ epoch, ...setting }) => JSON.stringify(setting);

  function set(changes) {
    Object.assign(state, changes);
    history.replaceState(null, "", `#${new URLSearchParams(state)}`);
    draw();
  }

  /* The address names what is shown, so that it can be shared. */
  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const allowed = { ...grid.choices, epoch: grid.epochs };
    for (const [key, values] of Object.entries(allowed)) {
      const value = values.find(one => String(one) === given.get(key));
      if (value !== undefined) state[key] = value;
    }
  }

  function build() {
    part.scratch = h("canvas", { width: PIXELS, height: PIXELS });
    part.controls = h("div", { class: "play-controls", role: "group", "aria-label": "Settings" },
      ...Object.keys(LEGENDS).map(choices));
    part.network = h("div", { class: "play-network", role: "group", "aria-label": "The network; the arrow keys move between its units" });
    part.output = h("canvas", { class: "play-output", role: "img" });
    part.outputTitle = h("b", {});
    part.low = h("span", {});
    part.high = h("span", {});
    const newRows = h("input", {
      type: "checkbox",
      onchange: event => { shown.newRows = event.target.checked; drawOutput(); },
    });
    const output = h("div", { class: "play-result" },
      h("div", { class: "play-title" }, part.outputTitle,
        h("label", {}, newRows, " new rows")),
      part.output,
      h("div", { class: "play-scale" }, part.low, h("i", {}), part.high));
    part.play = h("button", { type: "button", class: "play-button", onclick: play }, "▶ Play");
    part.slider = h("input", {
      type: "range", min: 0, max: grid.epochs.length - 1, step: 1, "aria-label": "Epoch",
      oninput: event => { pause(); set({ epoch: grid.epochs[+event.target.value] }); },
    });
    part.epoch = h("output", {});
    const time = h("div", { class: "play-time" }, part.play, part.slider,
      h("span", { class: "play-epoch" }, "epoch ", part.epoch));
    part.summary = h("p", { class: "play-summary", "aria-live": "polite" });
    part.curves = h("div", { class: "play-curves" });
    part.health = h("ul", { class: "play-health" });
    part.rule = h("section", { class: "play-card play-rule" });
    part.code = h("code", {});
    part.copy = h("button", { type: "button", class: "play-copy", onclick: copyCode }, "Copy");
    const report = h("a", { href: "api/skshallow.inspection.health_report.html" }, h("code", {}, "health_report"));
    root.replaceChildren(
      part.controls,
      h("div", { class: "play-stage" }, part.network, output),
      time, part.summary, part.curves,
      h("div", { class: "play-columns" },
        h("div", {},
          h("section", { class: "play-card" },
            h("h3", {}, "The verdict of ", report), part.health),
          part.rule),
        h("div", {},
          h("section", { class: "play-card" },
            h("div", { class: "play-title" },
              h("h3", {}, "The code that gives this network"), part.copy),
            h("figure", { class: "highlight play-code" }, h("pre", { tabindex: "0" }, part.code))),
          h("section", { class: "play-card" }, h("h3", {}, "Things to try"), tries()))));
  }

  function tries() {
    const buttons = TO_TRY.map(([title, words, changes]) =>
      h("button", { type: "button", onclick: () => tryThis(changes) },
        h("b", {}, title), h("span", {}, words)));
    return h("div", { class: "play-tries" }, ...buttons);
  }

  function tryThis(changes) {
    pause();
    set({ ...START, ...changes });
    root.scrollIntoView({ block: "start" });
    part.slider.focus({ preventScroll: true }); // the arrows then move through the epochs
  }

  build();
  readColours();
  fromAddress();
  draw();
  addEventListener("hashchange", () => { fromAddress(); draw(); });
  addEventListener("resize", () => part.run && drawEpoch());
  new MutationObserver(() => { readColours(); if (part.run) drawEpoch(); })
    .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
})();
