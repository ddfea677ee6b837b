// The page of a run or a replay: takes the server's messages and shows them. Texts are set as text, never as markup.
"use strict";
const $ = (id) => document.getElementById(id);
const MOST_LINES = 400;
const state = { epoch: null, start: null, tree: null, log: [], samples: [], pictures: [], chosen: null, now: {}, ended: false, events: null, lastHeard: 0, cloud: "" };
const scene = new Scene($("scene"), $("scene-words"));
const plots = [new Plot($("plots"), "Opening", "%", "--opening", 2, 100, 100), new Plot($("plots"), "Torque", "N·m", "--torque", 3, 6, 1)];

function text(tag, words, kind = "") { const e = document.createElement(tag); e.textContent = words; if (kind) e.className = kind; return e; }

async function act(name, value = 0) {
  try {
    const answer = await fetch("act", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ do: name, value }) });
    if (!answer.ok) notice(`The program refused "${name}".`);
  } catch { notice("The program does not answer. Press Ctrl-C in its terminal, or use the e-stop."); }
}
function notice(words) { $("notice").textContent = words; $("notice").hidden = !words; }
function status(words, kind) { const pill = $("status"); if (pill.textContent !== words) pill.textContent = words; pill.dataset.kind = kind; }

function connect() {
  if (state.events) state.events.close();
  if (state.ended || document.hidden) return;
  const events = new EventSource("events");
  state.events = events;
  events.onmessage = (event) => { notice(""); take(JSON.parse(event.data)); };
  events.onerror = () => { if (!state.ended) { status("connection lost", "error"); notice("No connection to the program; trying again. It may have ended."); } };
  events.addEventListener("closed", () => {
    events.close();
    if (!state.now.ended) { status("not watching", ""); notice("This page was closed because others were opened. Reload it to watch here."); }
  });
}
// a hidden page gives its connection back: a browser has only six for all pages
document.addEventListener("visibilitychange", () => { if (document.hidden && state.events) { state.events.close(); state.events = null; } else connect(); });

async function begin(epoch) {
  state.epoch = epoch;
  const [start, tree] = await Promise.all([fetch("start.json").then((r) => r.json()), fetch("tree.html").then((r) => r.text())]);
  if (epoch !== state.epoch) return;
  const replay = start.replay;
  if (state.start) { scene.clear(); state.cloud = ""; }
  state.start = start;
  document.title = `${start.title} – spot-grasp`;
  $("title").textContent = start.title;
  $("stop").hidden = !start.actions.includes("stop");
  $("pause").hidden = !start.actions.includes("pause");
  $("deck").hidden = !replay;
  scene.setShape(start.robot);
  if (replay) { $("time").min = start.from; $("time").max = start.to; state.samples = start.samples; }
  if (tree && (!state.tree || state.treeText !== tree)) {
    state.treeText = tree;
    $("tree").innerHTML = tree; // made and escaped by the program; the page's policy lets no script in it run
    state.tree = startTrees($("tree"))[0];
    state.tree.setFollow(true);
  }
  if (state.pending) { const message = state.pending; state.pending = null; apply(message); }
}

function take(message) {
  state.lastHeard = Date.now();
  if (message.whole && message.epoch !== state.epoch) { state.pending = message; begin(message.epoch); return; }
  if (state.pending) { // the constant part is on its way: keep what comes meanwhile
    if (message.whole) { state.pending = message; return; }
    state.pending.now = message.now;
    const rows = new Map([...state.pending.rows, ...message.rows].map((row) => [row[0], row]));
    state.pending.rows = [...rows.values()];
    for (const name in message.grown) state.pending.grown[name] = (state.pending.grown[name] || []).concat(message.grown[name]);
    return;
  }
  apply(message);
}

function apply(message) {
  const { now } = message;
  state.now = now;
  const replay = state.start.replay;
  const grown = message.grown || {};
  if (message.whole) { state.log = []; state.pictures = []; if (!replay) state.samples = []; $("film").replaceChildren(); $("log").querySelector("tbody").replaceChildren(); }
  if (now.log) replaceLog(now.log); else addLog(grown.log || []);
  state.samples.push(...(grown.samples || []));
  if (state.samples.length > 6000) state.samples.splice(0, 3000);
  if (grown.pictures && grown.pictures.length) addPictures(grown.pictures);
  if (state.tree && message.rows.length) state.tree.update(message.rows);
  show(now, replay);
}

function show(now, replay) {
  const [result, reason] = now.ended || ["", ""];
  if (result && !replay) {
    state.ended = true;
    status(result, result);
    notice(`The run has ended: ${reason || result}. Look at it again: spot-grasp replay ${state.start.run} --web`);
    $("stop").disabled = $("pause").disabled = true;
  } else if (now.stopping) status("stopping", "interrupted");
  else if (now.paused && !replay) status("paused", "paused");
  else if (now.stage) status(now.stage, "");
  else if (replay) {
    const over = now.t >= now.to;
    status(over && result ? result : now.paused ? "replay, paused" : "replay", over ? result : "");
    notice(over ? reason : "");
  } else status("running", "running");
  if (now.error) notice(`The program could not look at the run: ${now.error}`);
  $("stage") && ($("stage").textContent = now.stage || "waiting for the tree");
  $("pause").textContent = now.paused ? "Resume" : "Pause";
  press($("pause"), Boolean(now.paused));
  if (now.t === undefined) return;
  $("clock").textContent = `${now.t.toFixed(2)} s`;
  const [count, hertz, last, overruns] = now.ticks;
  $("ticks").textContent = count ? `tick ${count}, ${last.toFixed(1)} ms, ${hertz.toFixed(1)} a second${overruns ? `, ${overruns} too long` : ""}` : "";
  $("watched").hidden = !now.watched.length;
  $("watched").replaceChildren(...now.watched.flatMap(([key, value]) => [text("dt", `{${key}}`), text("dd", value)]));
  const reports = now.reports || [];
  if (reports.length !== $("reports").children.length) $("reports").replaceChildren(...reports.map((words) => text("p", words)));
  scene.show(now);
  if (replay && !state.samples.length && scene.gl) $("scene-words").textContent = "This run has not recorded where the robot was.";
  for (const plot of plots) plot.draw(state.samples, replay ? now.t : null);
  choose(state.chosen === null ? newest() : state.chosen);
  if (replay) deck(now);
}

function line([number, seconds, path, old, next, feedback]) {
  const row = document.createElement("tr");
  row.append(text("td", seconds.toFixed(2)), text("td", next, next));
  const cell = document.createElement("td");
  const short = path.split("/").slice(-2).join("/");
  const place = text("span", short, "path");
  place.title = `${path}: ${old} → ${next}`;
  cell.append(place);
  if (feedback) cell.append(text("span", `  ${feedback}`, "soft"));
  row.append(cell);
  return row;
}
function addLog(lines) {
  if (!lines.length) return;
  const box = $("log"), body = box.querySelector("tbody");
  const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 30;
  body.append(...lines.slice(-MOST_LINES).map(line));
  while (body.children.length > MOST_LINES) body.firstChild.remove();
  if (atEnd) requestAnimationFrame(() => { box.scrollTop = box.scrollHeight; });
}
function replaceLog(lines) {
  const body = $("log").querySelector("tbody"), last = lines.length ? lines[lines.length - 1][0] : -1;
  if (body.dataset.last === String(last)) return;
  body.dataset.last = String(last);
  body.replaceChildren(...lines.map(line));
  $("log").scrollTop = $("log").scrollHeight;
}

// pictures: [number, seconds, event, name, words]
function seen() { const t = state.now.t; return t === undefined ? [] : state.pictures.filter((p) => p[1] <= t + 1e-6); }
function newest() { const all = seen(); return all.length ? all[all.length - 1][0] : null; }
function addPictures(pictures) {
  for (const picture of pictures) {
    state.pictures.push(picture);
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.number = picture[0];
    button.title = picture[4];
    button.setAttribute("aria-label", `${picture[2]} at ${picture[1].toFixed(1)} s: ${picture[4]}`);
    const img = document.createElement("img");
    img.alt = "";
    img.loading = "lazy";
    load(img, picture[3]);
    button.append(img, text("span", `${picture[1].toFixed(1)} s`, "at"));
    button.addEventListener("click", () => { state.chosen = state.chosen === picture[0] || picture[0] === newest() ? null : picture[0]; choose(state.chosen === null ? newest() : state.chosen); });
    const item = document.createElement("div");
    item.setAttribute("role", "listitem");
    item.append(button);
    $("film").append(item);
  }
  while ($("film").children.length > 60) $("film").firstChild.remove();
  $("film").scrollLeft = $("film").scrollWidth;
}
function load(img, name) { const place = `picture/${name}`; if (img.dataset.place !== place) { img.dataset.place = place; img.src = place; } }
function choose(number) {
  for (const button of $("film").querySelectorAll("button")) {
    const mine = Number(button.dataset.number);
    button.setAttribute("aria-current", String(mine === number));
    if (!$("deck").hidden) button.parentElement.hidden = state.pictures[mine][1] > state.now.t + 1e-6;
  }
  const picture = number === null ? undefined : state.pictures[number];
  $("no-picture").hidden = Boolean(picture);
  if (!picture) { $("frame").hidden = $("overlay").hidden = true; $("picture-words").textContent = ""; return; }
  const before = state.pictures.slice(0, number + 1).reverse();
  const frame = before.find((p) => p[2] === "capture"), overlay = picture[2] !== "capture" ? picture : undefined;
  $("frame").hidden = !frame;
  if (frame) { load($("frame"), frame[3]); $("frame").alt = `${frame[4]}, at ${frame[1].toFixed(1)} s`; }
  const wanted = overlay && $("show-overlay").checked;
  $("overlay").hidden = !wanted;
  $("overlay").classList.toggle("mask", Boolean(overlay) && overlay[2] === "detection");
  if (overlay) { load($("overlay"), overlay[3]); $("overlay").style.opacity = $("strength").value / 100; $("overlay").alt = overlay[4]; }
  const words = `${picture[1].toFixed(2)} s: ${picture[4]}`;
  if ($("picture-words").textContent !== words) $("picture-words").textContent = words;
  if (frame && frame[3] !== state.cloud) { state.cloud = frame[3]; cloud(frame[3]); }
}
async function cloud(name) {
  try { const answer = await fetch(`cloud/${name}`); if (answer.ok && name === state.cloud) scene.setCloud(await answer.arrayBuffer()); } catch { /* the run has ended */ }
}

// replay
let dragging = false;
function deck(now) {
  if (!dragging) $("time").value = now.t;
  $("time-words").textContent = `${now.t.toFixed(2)} of ${now.to.toFixed(2)} s`;
  $("speed").textContent = `×${now.speed}`;
  $("play").textContent = now.paused ? "Play" : "Pause";
}
for (const button of document.querySelectorAll("#deck [data-key]")) button.addEventListener("click", () => act(button.dataset.key));
$("time").addEventListener("input", () => { dragging = true; act("seek", Number($("time").value)); });
$("time").addEventListener("change", () => { dragging = false; });
$("stop").addEventListener("click", () => { status("stopping", "interrupted"); act("stop"); });
$("pause").addEventListener("click", () => act(state.now.paused ? "resume" : "pause"));
for (const id of ["show-overlay", "strength"]) $(id).addEventListener("input", () => choose(state.chosen === null ? newest() : state.chosen));
document.addEventListener("keydown", (event) => {
  if ($("deck").hidden || event.target.closest("input, button, canvas, [role=tree]") || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = { " ": "space", ArrowLeft: "left", ArrowRight: "right", Home: "home", End: "end", "+": "+", "-": "-" }[event.key];
  if (key) { act(key); event.preventDefault(); }
});
new ResizeObserver(() => { for (const plot of plots) plot.draw(state.samples, $("deck").hidden ? null : state.now.t); }).observe($("plots"));
connect();
