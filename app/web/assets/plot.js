// Lines over the robot's clock, drawn on a canvas; the newest value is also written as text.
"use strict";
class Plot {
  constructor(place, name, unit, colour, column, most, factor) {
    this.of = (sample) => sample[column] * factor;
    this.most = most;
    this.unit = unit;
    this.colour = colour;
    const box = document.createElement("div");
    box.className = "plot";
    const line = document.createElement("p");
    const label = document.createElement("span");
    label.textContent = `${name} (${unit})`;
    this.value = document.createElement("b");
    line.append(label, this.value);
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.name = name;
    box.append(line, this.canvas);
    place.append(box);
  }
  // samples: [number, seconds, opening, torque], in order; until: seconds up to which they are drawn strongly
  draw(samples, until) {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !height) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    const style = getComputedStyle(document.documentElement);
    const soft = style.getPropertyValue("--soft"), grid = style.getPropertyValue("--line");
    const left = 30, bottom = height - 15, top = 6, right = width - 6;
    if (!samples.length) {
      this.value.textContent = "–";
      canvas.setAttribute("aria-label", `${this.name}: nothing recorded`);
      return;
    }
    const first = samples[0][1], last = Math.max(samples[samples.length - 1][1], first + 1);
    const high = Math.max(this.most, ...samples.map(this.of)) * 1.05;
    const x = (t) => left + ((t - first) / (last - first)) * (right - left);
    const y = (v) => bottom - (v / high) * (bottom - top);
    g.font = "10px system-ui, sans-serif";
    g.fillStyle = soft;
    g.strokeStyle = grid;
    g.lineWidth = 1;
    for (const v of [0, this.most / 2, this.most]) {
      g.beginPath(); g.moveTo(left, y(v)); g.lineTo(right, y(v)); g.stroke();
      g.textAlign = "right"; g.fillText(String(v), left - 4, y(v) + 3);
    }
    g.textAlign = "left"; g.fillText(`${first.toFixed(0)} s`, left, height - 3);
    g.textAlign = "right"; g.fillText(`${last.toFixed(1)} s`, right, height - 3);
    let now = null;
    const line = (from, to, alpha) => {
      g.globalAlpha = alpha;
      g.strokeStyle = style.getPropertyValue(this.colour);
      g.lineWidth = 1.6;
      g.beginPath();
      for (let i = from; i < to; i++) g.lineTo(x(samples[i][1]), y(this.of(samples[i])));
      g.stroke();
      g.globalAlpha = 1;
    };
    let split = samples.length;
    if (until !== null) { split = samples.findIndex((s) => s[1] > until); if (split < 0) split = samples.length; }
    line(0, split, 1);
    if (split < samples.length) line(Math.max(split - 1, 0), samples.length, 0.3);
    if (split > 0) now = samples[split - 1];
    if (until !== null) { g.strokeStyle = soft; g.beginPath(); g.moveTo(x(until), top); g.lineTo(x(until), bottom); g.stroke(); }
    this.value.textContent = now === null ? "–" : `${this.of(now).toFixed(this.most < 50 ? 2 : 0)} ${this.unit}`;
    canvas.setAttribute("aria-label", `${this.name}: ${this.value.textContent} at ${now === null ? 0 : now[1].toFixed(1)} s`);
  }
}
