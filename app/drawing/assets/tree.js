// Folds, searches and zooms the trees of a page; works on the HTML that app/drawing/tree_view.py makes.
"use strict";
const MARKS = { SUCCESS: "✓", FAILURE: "✗", RUNNING: "▶", SKIPPED: "⊘", HALTED: "■", IDLE: "·" };
const WORDS = { SUCCESS: "succeeded", FAILURE: "failed", RUNNING: "running", SKIPPED: "skipped", HALTED: "halted", IDLE: "has not run" };
const OPEN_ALL = 80; // a tree of more nodes begins with its deeper branches folded
const OPEN_DEPTH = 4;

class TreeView {
  constructor(view) {
    this.view = view;
    this.root = view.querySelector('[role="tree"]');
    this.box = view.querySelector(".treebox");
    this.items = [...this.root.querySelectorAll('[role="treeitem"]')];
    this.parts = this.items.map((li) => ({
      li, mark: li.querySelector(":scope > .node > .mark"), time: li.querySelector(":scope > .node > .time"),
      why: li.querySelector(":scope > .node > .why"), more: li.querySelector(":scope > .node > .hidden-count"),
      ports: li.querySelector(":scope > .ports"), label: li.getAttribute("aria-label"),
      below: li.querySelectorAll('[role="treeitem"]').length,
      parent: li.parentElement.closest('[role="treeitem"]'),
    }));
    this.index = new Map(this.items.map((li, i) => [li, i]));
    this.zoom = 1;
    this.pinned = new Map();
    this.follow = false;
    this.status = [];
    this.bar();
    this.root.addEventListener("click", (event) => this.click(event));
    this.root.addEventListener("keydown", (event) => this.key(event));
    const changes = this.root.querySelector('[data-status="added"], [data-status="removed"], [data-status="changed"]');
    if (changes) this.items.forEach((li, i) => { if (i && !li.querySelector("[data-status]")) this.set(li, false); });
    else if (this.items.length > OPEN_ALL) this.foldBelow(OPEN_DEPTH);
    this.items.forEach((li) => this.count(li));
    if (this.items.length) this.items[0].tabIndex = 0;
  }
  bar() {
    const bar = this.view.querySelector(".treebar");
    if (!bar) return;
    bar.hidden = false;
    const on = (name, act) => { const b = bar.querySelector(`[data-do="${name}"]`); if (b) b.addEventListener("click", () => act(b)); };
    on("open", () => this.setAll(true));
    on("close", () => this.setAll(false));
    on("in", () => this.setZoom(this.zoom * 1.2));
    on("out", () => this.setZoom(this.zoom / 1.2));
    on("look", (b) => { this.view.classList.toggle("diagram"); press(b, this.view.classList.contains("diagram")); this.box.scrollTo(0, 0); });
    on("ports", (b) => { const show = b.getAttribute("aria-pressed") !== "true"; press(b, show);
      for (const part of this.parts) if (part.ports) part.ports.hidden = !show; });
    on("follow", (b) => this.setFollow(!this.follow, b));
    this.followButton = bar.querySelector('[data-do="follow"]');
    const search = bar.querySelector('input[type="search"]');
    if (!search) return;
    this.search = search;
    this.hits = bar.querySelector(".hits");
    search.addEventListener("input", () => this.find(search.value));
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); this.next(event.shiftKey); } });
  }
  isOpen(li) { return li.getAttribute("aria-expanded") !== "false"; }
  set(li, open) {
    if (!li.hasAttribute("aria-expanded") || this.isOpen(li) === open) return;
    li.setAttribute("aria-expanded", String(open));
    this.count(li);
  }
  count(li) {
    const part = this.parts[this.index.get(li)];
    if (part.more) part.more.textContent = this.isOpen(li) ? "" : `+${part.below}`;
  }
  setAll(open) {
    this.setFollow(false);
    this.items.forEach((li, i) => this.set(li, open || i === 0));
    this.box.scrollTo(0, 0);
  }
  foldBelow(depth) { for (const li of this.items) if (Number(li.getAttribute("aria-level")) >= depth) this.set(li, false); }
  setZoom(zoom) {
    this.zoom = Math.min(Math.max(zoom, 0.3), 3);
    this.root.style.setProperty("--zoom", this.zoom.toFixed(3));
  }
  setFollow(follow, button = this.followButton) {
    this.follow = follow;
    this.pinned.clear();
    if (button) press(button, follow);
    if (follow) this.foldIdle();
  }
  toggle(li) { const open = !this.isOpen(li); this.pinned.set(li, open); this.set(li, open); }
  togglePorts(li) { const part = this.parts[this.index.get(li)]; if (part.ports) part.ports.hidden = !part.ports.hidden; }
  click(event) {
    const li = event.target.closest('[role="treeitem"]');
    if (!li || !event.target.closest(".node")) return;
    if (event.target.closest(".fold")) this.toggle(li);
    else this.togglePorts(li);
    this.focus(li, false);
  }
  visible() { return this.items.filter((li) => li.offsetParent !== null); }
  focus(li, scroll = true) {
    if (!li) return;
    for (const other of this.root.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    li.tabIndex = 0;
    li.focus({ preventScroll: true });
    if (scroll) li.querySelector(".node").scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const li = event.target.closest('[role="treeitem"]');
    if (!li) return;
    const seen = this.visible();
    const at = seen.indexOf(li);
    const acts = {
      ArrowDown: () => this.focus(seen[at + 1]), ArrowUp: () => this.focus(seen[at - 1]),
      Home: () => this.focus(seen[0]), End: () => this.focus(seen[seen.length - 1]),
      ArrowRight: () => { if (!this.isOpen(li)) this.toggle(li); else this.focus(li.querySelector('[role="treeitem"]')); },
      ArrowLeft: () => { if (li.hasAttribute("aria-expanded") && this.isOpen(li)) this.toggle(li);
        else this.focus(li.parentElement.closest('[role="treeitem"]')); },
      Enter: () => this.togglePorts(li), " ": () => this.togglePorts(li),
      "*": () => this.setAll(true), "+": () => this.setZoom(this.zoom * 1.2), "-": () => this.setZoom(this.zoom / 1.2),
      "/": () => this.search && this.search.focus(),
    };
    const act = acts[event.key];
    if (act) { act(); event.preventDefault(); event.stopPropagation(); }
  }
  find(text) {
    const words = text.trim().toLowerCase();
    this.found = [];
    for (const part of this.parts) {
      const hit = words !== "" && part.li.dataset.find.includes(words);
      part.li.classList.toggle("hit", hit);
      if (hit) this.found.push(part.li);
    }
    for (const li of this.found) this.reveal(li);
    this.view.classList.toggle("searching", words !== "");
    this.at = -1;
    this.hits.textContent = words === "" ? "" : `${this.found.length} found`;
    if (this.found.length) this.show(0);
  }
  reveal(li) { for (let up = this.up(li); up; up = this.up(up)) { this.pinned.set(up, true); this.set(up, true); } }
  up(li) { return this.parts[this.index.get(li)].parent; }
  show(at) { this.at = at; this.found[at].querySelector(".node").scrollIntoView({ block: "center", inline: "nearest" }); }
  next(back) {
    if (!this.found || !this.found.length) return;
    this.show((this.at + (back ? -1 : 1) + this.found.length) % this.found.length);
    this.hits.textContent = `${this.at + 1} of ${this.found.length}`;
  }
  // rows: [index, status, seconds or null, message] of the nodes that changed
  update(rows) {
    for (const [i, status, seconds, message] of rows) {
      const part = this.parts[i];
      if (!part) continue;
      if (this.status[i] !== status) {
        this.status[i] = status;
        part.li.dataset.status = status;
        part.mark.textContent = MARKS[status] || "?";
        part.li.setAttribute("aria-label", `${part.label}, ${WORDS[status] || status}`);
      }
      part.time.textContent = seconds === null ? "" : `${seconds.toFixed(2)} s`;
      if (part.why.textContent !== message) { part.why.textContent = message; part.why.title = message; }
    }
    if (this.follow) this.foldIdle();
  }
  foldIdle() {
    const running = new Set();
    this.parts.forEach((part, i) => { if (this.status[i] === "RUNNING") for (let li = part.li; li && !running.has(li); li = this.up(li)) running.add(li); });
    this.items.forEach((li, i) => this.set(li, this.pinned.has(li) ? this.pinned.get(li) : running.has(li) || (i === 0 && !running.size)));
    const leaf = this.parts.filter((part, i) => this.status[i] === "RUNNING").pop();
    if (leaf && leaf !== this.lastLeaf) {
      this.lastLeaf = leaf;
      const node = leaf.li.querySelector(".node").getBoundingClientRect(), box = this.box.getBoundingClientRect();
      if (node.top < box.top || node.bottom > box.bottom) this.box.scrollTop += node.top - box.top - box.height / 2;
    }
  }
}
function press(button, on) { button.setAttribute("aria-pressed", String(on)); }
function startTrees(place) { return [...place.querySelectorAll(".treeview")].map((view) => new TreeView(view)); }
if (document.documentElement.hasAttribute("data-alone")) startTrees(document);
