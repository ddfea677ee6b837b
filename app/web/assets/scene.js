// The robot, what it has seen and the grasp in 3D: a small WebGL view. Metres, z up, as in the robot's world.
"use strict";
const M = {
  mul(a, b) { const o = new Float32Array(16); for (let c = 0; c < 4; c++) for (let r = 0; r < 4; r++) { let s = 0; for (let k = 0; k < 4; k++) s += a[k * 4 + r] * b[c * 4 + k]; o[c * 4 + r] = s; } return o; },
  perspective(fov, aspect, near, far) { const f = 1 / Math.tan(fov / 2); return new Float32Array([f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0]); },
  look(eye, at) {
    const z = V.unit(V.sub(eye, at)), x = V.unit(V.cross([0, 0, 1], z)), y = V.cross(z, x);
    return new Float32Array([x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, -V.dot(x, eye), -V.dot(y, eye), -V.dot(z, eye), 1]);
  },
  // of the 12 numbers of a pose: rotation by rows, position
  pose(p) { return new Float32Array([p[0], p[3], p[6], 0, p[1], p[4], p[7], 0, p[2], p[5], p[8], 0, p[9], p[10], p[11], 1]); },
  axes(x, y, z, at) { return new Float32Array([...x, 0, ...y, 0, ...z, 0, ...at, 1]); },
  at(m, p) { return [0, 1, 2].map((r) => m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r]); },
  turnY(angle, at) { const c = Math.cos(angle), s = Math.sin(angle); return new Float32Array([c, 0, -s, 0, 0, 1, 0, 0, s, 0, c, 0, ...at, 1]); },
};
const V = {
  add: (a, b) => a.map((v, i) => v + b[i]), sub: (a, b) => a.map((v, i) => v - b[i]), times: (a, k) => a.map((v) => v * k),
  dot: (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2], len: (a) => Math.hypot(...a),
  cross: (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]],
  unit(a) { const n = Math.hypot(...a) || 1; return a.map((v) => v / n); },
};
const VERTEX = `attribute vec3 p; attribute vec3 n; uniform mat4 view, model; uniform float size; varying vec3 v;
void main() { gl_Position = view * model * vec4(p, 1.0); v = n; gl_PointSize = size; }`;
const FLAT = `precision mediump float; varying vec3 v; uniform vec4 colour; uniform float own;
void main() { gl_FragColor = own > 0.5 ? vec4(v, colour.a) : colour; }`;
const LIT = `precision highp float; varying vec3 v; uniform vec4 colour; uniform mat4 model; uniform float own;
void main() { vec3 n = normalize(mat3(model) * v); float l = 0.55 + 0.3 * max(dot(n, normalize(vec3(0.3, -0.5, 0.8))), 0.0)
 + 0.15 * max(dot(n, vec3(-0.6, 0.6, 0.2)), 0.0) + own * 0.0; gl_FragColor = vec4(colour.rgb * l, colour.a); }`;

function solid(triangles) { // corners in a row to corners with flat normals
  const data = [];
  for (let i = 0; i < triangles.length; i += 9) {
    const a = triangles.slice(i, i + 3), b = triangles.slice(i + 3, i + 6), c = triangles.slice(i + 6, i + 9);
    const n = V.unit(V.cross(V.sub(b, a), V.sub(c, a)));
    for (const corner of [a, b, c]) data.push(...corner, ...n);
  }
  return data;
}
function prism(sides) { // of radius 0.5 around z, from z = 0 to 1
  const out = [], p = (i, z) => { const a = ((i + 0.5) * 2 * Math.PI) / sides; return [Math.cos(a) / 2, Math.sin(a) / 2, z]; };
  for (let i = 0; i < sides; i++) {
    out.push(...p(i, 0), ...p(i + 1, 0), ...p(i + 1, 1), ...p(i, 0), ...p(i + 1, 1), ...p(i, 1));
    out.push(0, 0, 1, ...p(i, 1), ...p(i + 1, 1), 0, 0, 0, ...p(i + 1, 0), ...p(i, 0));
  }
  return solid(out);
}
function elbow(a, b, one, two, bend) { // where two links from a to b meet; bend: roughly where to
  const d = V.sub(b, a), n = Math.min(Math.max(V.len(d), 1e-6), one + two), x = V.unit(d);
  const along = (n * n + one * one - two * two) / (2 * n), up = Math.sqrt(Math.max(one * one - along * along, 0));
  const side = V.unit(V.sub(bend, V.times(x, V.dot(bend, x))));
  return V.add(a, V.add(V.times(x, along), V.times(side, up)));
}

class Scene {
  constructor(canvas, words) {
    this.canvas = canvas;
    this.words = words;
    this.gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    if (!this.gl) { words.textContent = "This browser has no WebGL, so there is no 3D view."; return; }
    this.angle = -2.2; this.lift = 0.5; this.far = 2.6; this.moved = [0, 0, 0]; this.middle = [0.5, 0, 0.3];
    this.now = null; this.trail = []; this.count = 0; this.shape = null; this.waiting = false;
    this.start();
    this.pointers();
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }
  start() {
    const gl = this.gl;
    const program = (fragment) => {
      const p = gl.createProgram();
      for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) { const s = gl.createShader(kind); gl.shaderSource(s, text); gl.compileShader(s); gl.attachShader(p, s); }
      gl.bindAttribLocation(p, 0, "p"); gl.bindAttribLocation(p, 1, "n");
      gl.linkProgram(p);
      const at = (name) => gl.getUniformLocation(p, name);
      return { p, view: at("view"), model: at("model"), colour: at("colour"), size: at("size"), own: at("own") };
    };
    this.lit = program(LIT);
    this.flat = program(FLAT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    this.round = this.mesh(prism(20));
    this.box = this.mesh(prism(4).map((v, i) => (i % 6 < 2 ? v * Math.SQRT2 : v)));
    this.free = gl.createBuffer();
  }
  mesh(data) { const gl = this.gl, buffer = gl.createBuffer(); gl.bindBuffer(gl.ARRAY_BUFFER, buffer); gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(data), gl.STATIC_DRAW); return { buffer, count: data.length / 6 }; }
  setShape(shape) {
    this.shape = shape;
    if (this.gl && shape && shape.fixed) { this.fixed = this.mesh(solid(shape.fixed)); this.jaw = this.mesh(solid(shape.moving)); }
  }
  // bytes: u32 N, (N, 3) float32, (N, 3) uint8
  setCloud(bytes) {
    if (!this.gl) return;
    const n = new DataView(bytes).getUint32(0, true), data = new Float32Array(n * 6);
    const p = new Float32Array(bytes.slice(4, 4 + 12 * n)), c = new Uint8Array(bytes, 4 + 12 * n);
    for (let i = 0; i < n; i++) for (let k = 0; k < 3; k++) { data[6 * i + k] = p[3 * i + k]; data[6 * i + 3 + k] = c[3 * i + k] / 255; }
    this.points = this.mesh(data);
    this.draw();
  }
  clear() { this.trail = []; this.points = null; this.now = null; }
  show(now) {
    if (!this.gl) return;
    const drawn = JSON.stringify([now.robot, now.placed]);
    if (this.now && drawn === this.drawn) return;
    this.now = now;
    this.drawn = drawn;
    if (now.robot) {
      const hand = now.robot.hand.slice(9), body = now.robot.body.slice(9);
      const last = this.trail[this.trail.length - 1];
      if (!last || V.len(V.sub(last, hand)) > 0.005) this.trail.push(hand);
      if (this.trail.length > 2000) this.trail.shift();
      this.middle = V.add(V.times(body, 0.45), V.times(hand, 0.55));
    } else if (now.placed && now.placed.length) this.middle = now.placed[0].at;
    this.draw();
  }
  draw() {
    if (!this.gl || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }
  paint() {
    const gl = this.gl, canvas = this.canvas, ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    gl.viewport(0, 0, width, height);
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const ground = dark ? [0.15, 0.17, 0.2] : [0.925, 0.933, 0.945];
    gl.clearColor(...ground, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const at = V.add(this.middle, this.moved), c = Math.cos(this.lift);
    const eye = V.add(at, V.times([Math.cos(this.angle) * c, Math.sin(this.angle) * c, Math.sin(this.lift)], this.far));
    this.view = M.mul(M.perspective(0.8, width / height, 0.02, 60), M.look(eye, at));
    const floor = this.now && this.now.robot && this.shape ? this.now.robot.body[11] - this.shape.height : 0;
    this.grid(at, floor, dark ? 0.35 : 0.72);
    if (this.points) this.loose(this.points.buffer, this.points.count, gl.POINTS, [1, 1, 1, 1], 1, Math.max(2, (4.2 * ratio) / this.far));
    if (this.trail.length > 1) this.lines(this.trail, gl.LINE_STRIP, dark ? [0.31, 0.76, 0.77, 0.8] : [0, 0.41, 0.42, 0.8]);
    if (!this.now) return;
    if (this.now.robot) this.robot(this.now.robot, floor, dark);
    const rank = (thing) => (thing.kind === "grasp" ? 1 : 0); // what can be seen through comes last
    for (const thing of [...(this.now.placed || [])].sort((a, b) => rank(a) - rank(b))) this.thing(thing);
  }
  grid(at, z, tone) {
    const x = Math.round(at[0]), y = Math.round(at[1]), ends = [];
    for (let i = -4; i <= 4; i += 0.5) ends.push([x + i, y - 4, z], [x + i, y + 4, z], [x - 4, y + i, z], [x + 4, y + i, z]);
    this.lines(ends, this.gl.LINES, [tone, tone, tone, 1]);
  }
  use(program, model, colour) {
    const gl = this.gl;
    gl.useProgram(program.p);
    gl.uniformMatrix4fv(program.view, false, this.view);
    gl.uniformMatrix4fv(program.model, false, model);
    gl.uniform4fv(program.colour, colour);
  }
  put(mesh, model, colour) {
    this.use(this.lit, model, colour);
    this.gl.uniform1f(this.lit.own, 0);
    this.array(mesh.buffer, 24, 12);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, mesh.count);
  }
  array(buffer, stride, second) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(0); gl.vertexAttribPointer(0, 3, gl.FLOAT, false, stride, 0);
    gl.enableVertexAttribArray(1); gl.vertexAttribPointer(1, 3, gl.FLOAT, false, stride, second);
  }
  loose(buffer, count, kind, colour, own, size = 1) {
    this.use(this.flat, M.axes([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]), colour);
    this.gl.uniform1f(this.flat.own, own);
    this.gl.uniform1f(this.flat.size, size);
    this.array(buffer, own ? 24 : 12, own ? 12 : 0);
    this.gl.drawArrays(kind, 0, count);
  }
  lines(points, kind, colour) {
    const gl = this.gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.free);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(points.flat()), gl.DYNAMIC_DRAW);
    this.loose(this.free, points.length, kind, colour, 0);
  }
  bar(a, b, thick, colour) { // a link from a to b
    const d = V.sub(b, a), z = V.unit(d), x = V.unit(V.cross(Math.abs(z[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0], z)), y = V.cross(z, x);
    this.put(this.round, M.axes(V.times(x, thick), V.times(y, thick), d, a), colour);
  }
  robot(robot, floor, dark) {
    const body = M.pose(robot.body), hand = M.pose(robot.hand), shape = this.shape || {};
    const yellow = [0.95, 0.74, 0.16, 1], grey = dark ? [0.62, 0.65, 0.7, 1] : [0.3, 0.32, 0.36, 1];
    const local = (x, y, z) => M.at(body, [x, y, z]);
    this.put(this.box, M.mul(body, M.axes([0.86, 0, 0], [0, 0.22, 0], [0, 0, 0.17], [0, 0, -0.085])), yellow);
    const back = V.sub(local(-1, 0, 0), local(0, 0, 0));
    for (const x of [0.298, -0.298]) for (const y of [0.165, -0.165]) {
      const hip = local(x, y, 0), foot = [...local(x - 0.03, y, 0).slice(0, 2), floor + 0.03], knee = elbow(hip, foot, 0.32, 0.337, back);
      this.bar(local(x, y * 0.6, 0), hip, 0.1, grey); this.bar(hip, knee, 0.07, yellow); this.bar(knee, foot, 0.045, grey);
    }
    if (shape.shoulder) {
      const shoulder = M.at(body, shape.shoulder), wrist = M.at(hand, [-shape.wrist, 0, 0]);
      const joint = elbow(shoulder, wrist, ...shape.links, [0, 0, 1]);
      this.bar(M.at(body, [shape.shoulder[0], 0, 0.08]), shoulder, 0.13, grey);
      this.bar(shoulder, joint, 0.08, yellow); this.bar(joint, wrist, 0.07, grey); this.bar(wrist, M.at(hand, [-0.1, 0, 0]), 0.07, grey);
    }
    this.jaws(hand, robot.opening, robot.holding ? [0.25, 0.65, 0.36, 1] : grey);
    if (shape.camera) this.frustum(M.mul(hand, M.pose(shape.camera)), shape.camera.slice(12), dark);
  }
  jaws(hand, opening, colour) {
    if (!this.fixed) { this.bar(M.at(hand, [-0.1, 0, 0]), M.at(hand, [0.05, 0, 0]), 0.06, colour); return; }
    this.put(this.fixed, hand, colour);
    this.put(this.jaw, M.mul(hand, M.turnY(-opening * this.shape.open, this.shape.hinge)), colour);
  }
  frustum(camera, [width, height, focal], dark) {
    const deep = 0.35, x = (deep * width) / 2 / focal, y = (deep * height) / 2 / focal;
    const eye = M.at(camera, [0, 0, 0]), ends = [[-x, -y], [x, -y], [x, y], [-x, y]].map(([a, b]) => M.at(camera, [a, b, deep]));
    const pairs = ends.flatMap((end, i) => [eye, end, end, ends[(i + 1) % 4]]);
    this.lines(pairs, this.gl.LINES, dark ? [0.5, 0.72, 0.95, 0.7] : [0.13, 0.4, 0.67, 0.7]);
  }
  thing(thing) {
    if (thing.kind === "grasp") { this.gl.depthMask(false); this.jaws(M.pose(thing.hand), 0.6, [0.2, 0.7, 0.4, 0.22]); this.gl.depthMask(true); return; }
    const [width, bottom, top] = thing.size, w = Math.max(width, 0.03), z = top > bottom ? bottom : thing.at[2] - 0.05, h = top > bottom ? top - bottom : 0.1;
    this.put(this.round, M.axes([w, 0, 0], [0, w, 0], [0, 0, h], [thing.at[0], thing.at[1], z]), [0.85, 0.3, 0.25, 0.85]);
  }
  pointers() {
    const canvas = this.canvas, held = new Map();
    const turn = (dx, dy) => { this.angle -= dx * 0.008; this.lift = Math.min(Math.max(this.lift + dy * 0.008, -0.2), 1.55); this.draw(); };
    const move = (dx, dy) => { const k = (this.far / canvas.clientHeight) * 0.9, s = Math.sin(this.angle), c = Math.cos(this.angle);
      this.moved = V.add(this.moved, [s * dx * k, -c * dx * k, dy * k]); this.draw(); };
    const zoom = (k) => { this.far = Math.min(Math.max(this.far * k, 0.3), 20); this.draw(); };
    canvas.addEventListener("pointerdown", (e) => { held.set(e.pointerId, [e.clientX, e.clientY]); canvas.setPointerCapture(e.pointerId); });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (e) => held.delete(e.pointerId));
    canvas.addEventListener("pointermove", (e) => {
      const from = held.get(e.pointerId);
      if (!from) return;
      const dx = e.clientX - from[0], dy = e.clientY - from[1];
      if (held.size === 2) { const other = [...held].find(([id]) => id !== e.pointerId)[1], gap = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
        zoom(gap(from) / Math.max(gap([e.clientX, e.clientY]), 1)); }
      else if (e.shiftKey || e.buttons === 2) move(dx, dy);
      else turn(dx, dy);
      held.set(e.pointerId, [e.clientX, e.clientY]);
    });
    canvas.addEventListener("contextmenu", (e) => e.preventDefault());
    canvas.addEventListener("wheel", (e) => { e.preventDefault(); zoom(Math.exp(e.deltaY * 0.001)); }, { passive: false });
    canvas.addEventListener("keydown", (e) => {
      const way = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] }[e.key];
      if (way) (e.shiftKey ? move : turn)(...way);
      else if (e.key === "+") zoom(0.85);
      else if (e.key === "-") zoom(1.18);
      else return;
      e.preventDefault();
    });
  }
}
