// SPDX-License-Identifier: BSD-3-Clause
// Draws the history that the page carries as JSON. Times are microseconds from its beginning.
(function () {
"use strict";

const NS = "http://www.w3.org/2000/svg";
const history = JSON.parse(document.getElementById("history").textContent);
const drawing = document.getElementById("drawing");
const tip = document.getElementById("tip");
const SECOND = 1e6, DAY = 86400 * SECOND;
const AXIS = 34, MARKS = 14, BAR = 26, CPUS = 12, GAP = 16, SPAN_MIN = 1.5, LEAST = 1000;

// How high a state's bar is, of BAR, and what is woven into it: so that colour is not all there is.
const STATES = {
	off: {height: 5, weave: "", says: "powered off, or never ran"},
	starting: {height: BAR, weave: "", says: "being made; no guest code has run"},
	running: {height: BAR, weave: "", says: "its guest runs"},
	suspended: {height: 18, weave: "weave-level", says: "its guest sleeps in RAM"},
	hibernated: {height: 18, weave: "weave-slant", says: "its guest sleeps on its disks"},
	stopping: {height: BAR, weave: "", says: "asked to power off, or its end is being made safe"},
	crashed: {height: BAR, weave: "weave-cross", says: "it ended in another way"},
};
const GLYPHS = {
	wake: {path: "M0,-11 L6,0 L-6,0 Z", says: "woken"},
	event: {path: "M0,-11 L5,-5.5 L0,0 L-5,-5.5 Z", says: "another event"},
	trouble: {path: "M-1.8,-12 h3.6 v7 h-3.6 Z M-1.8,-3.6 h3.6 v3.6 h-3.6 Z", says: "trouble"},
};

const whole = {from: 0, to: Math.max(history.end, LEAST)};
let view = whole;
let width = 0, left = 0;
let svg = null;
let items = new WeakMap();

function make(name, attributes, parent) {
	const element = document.createElementNS(NS, name);
	for (const key in attributes) {
		element.setAttribute(key, attributes[key]);
	}
	if (parent) {
		parent.appendChild(element);
	}
	return element;
}

function write(parent, text, attributes) {
	const element = make("text", attributes, parent);
	element.textContent = text;
	return element;
}

// --- words ---

function two(number) {
	return String(number).padStart(2, "0");
}

function dateText(time) {
	return new Date(history.zero + time / 1000).toISOString().slice(0, 10);
}

function clockText(time, step) {
	const text = new Date(history.zero + time / 1000).toISOString();
	return text.slice(11, step >= 60 * SECOND ? 16 : step >= SECOND ? 19 : 23);
}

function lengthText(length) {
	const s = Math.floor(length / SECOND);
	if (s >= 86400) {
		return Math.floor(s / 86400) + " d " + Math.floor(s / 3600) % 24 + " h";
	}
	if (s >= 3600) {
		return Math.floor(s / 3600) + " h " + two(Math.floor(s / 60) % 60) + " min";
	}
	if (s >= 60) {
		return Math.floor(s / 60) + " min " + two(s % 60) + " s";
	}
	return s >= 10 ? s + " s" : (length / SECOND).toFixed(length < 10000 ? 6 : 3) + " s";
}

function momentText(time) {
	return dateText(time) + " " + clockText(time, 1);
}

function stretchText(from, to) {
	const end = to >= history.end ? "now" :
		dateText(from) === dateText(to) ? clockText(to, 1) : momentText(to);
	return momentText(from) + " to " + end + ", " + lengthText(to - from);
}

function reasons(kind, cause, by) {
	const lines = [];
	if (kind || cause) {
		lines.push((kind ? kind + ": " : "") + (cause || "no cause given"));
	}
	if (by) {
		lines.push("by " + by);
	}
	return lines;
}

// --- where things are ---

function scale(time) {
	return left + (time - view.from) / (view.to - view.from) * (width - left - 1);
}

function timeAt(x) {
	return view.from + (x - left) / (width - left - 1) * (view.to - view.from);
}

function inView(from, to) {
	return to >= view.from && from <= view.to;
}

// A rectangle from one time to another, of what of it is seen; never too narrow to be seen.
function box(from, to, least) {
	const a = Math.max(scale(from), left), b = Math.min(scale(to), width - 1);
	const x = Math.min(a, width - 1 - least);
	return {x: x, width: Math.max(b - x, least)};
}

// --- items: what has a tip and can be focused ---

function item(parent, lines, onto) {
	const group = make("g", {class: "item", role: "img", tabindex: -1,
		"aria-label": lines.join("; ")}, parent);
	items.set(group, {lines: lines, span: onto});
	return group;
}

function drawSpan(row, y, span) {
	const state = history.states[span[2]], look = STATES[state];
	const place = box(span[0], span[1], SPAN_MIN), top = y + BAR - look.height;
	const group = item(row, [state].concat(stretchText(span[0], span[1]),
		reasons(span[3], span[4], span[5])), span);
	const shape = {x: place.x, y: top, width: place.width, height: look.height};
	make("rect", Object.assign({class: state}, shape), group);
	const word = 12 + 7.6 * state.length, named = place.width > word && look.height >= 14;
	if (named) {
		write(group, state, {x: place.x + 6, y: top + look.height / 2 + 4.5, class: "on-" + state});
	}
	// Not behind the word, which must be readable.
	const plain = named ? word : 0;
	if (look.weave && place.width > plain + 4) {
		make("rect", Object.assign({}, shape, {fill: "url(#" + look.weave + ")", x: place.x + plain,
			width: place.width - plain}), group);
	}
	make("rect", {class: "hit", x: place.x, y: y, width: place.width, height: BAR, rx: 2}, group);
}

// Changes that are too close to each other to be told apart here.
function drawSeveral(row, y, spans) {
	const from = spans[0][0], to = spans[spans.length - 1][1];
	const names = Array.from(new Set(spans.map((span) => history.states[span[2]])));
	const place = box(from, to, 3);
	const group = item(row, [spans.length + " changes of state"].concat(
		stretchText(from, to), names.join(", "), "zoom in to see them"), [from, to]);
	make("rect", {class: "several", x: place.x, y: y, width: place.width, height: BAR}, group);
	make("rect", {fill: "url(#weave-cross)", x: place.x, y: y, width: place.width, height: BAR}, group);
	make("rect", {class: "hit", x: place.x, y: y, width: place.width, height: BAR}, group);
}

// Calls one(thing) or several(things): those that follow each other within a few pixels.
function gather(things, ends, least, one, several) {
	let close = [];
	const flush = () => {
		if (close.length === 1) {
			one(close[0]);
		} else if (close.length > 1) {
			several(close);
		}
		close = [];
	};
	for (const thing of things) {
		const [from, to] = ends(thing);
		if (!inView(from, to)) {
			continue;
		}
		if (scale(to) - scale(from) >= least) {
			flush();
			one(thing);
			continue;
		}
		if (close.length > 0 && scale(from) - scale(ends(close[0])[0]) >= 4 * least) {
			flush();
		}
		close.push(thing);
	}
	flush();
}

function drawMark(row, y, mark) {
	const group = item(row, [mark[2], momentText(mark[0])].concat(reasons("", mark[3], mark[4]),
		mark[5] ? [mark[5]] : []), [mark[0], mark[0]]);
	const glyph = GLYPHS[mark[1]];
	make("path", {class: "glyph " + mark[1], d: glyph.path,
		transform: "translate(" + scale(mark[0]).toFixed(2) + "," + (y - 1) + ")"}, group);
}

function drawMarks(row, y, marks) {
	const names = Array.from(new Set(marks.map((mark) => mark[2])));
	const worst = ["trouble", "wake", "event"].find((kind) => marks.some((mark) => mark[1] === kind));
	const last = marks[marks.length - 1];
	const group = item(row, [marks.length + " events: " + names.join(", "),
		stretchText(marks[0][0], last[0])].concat(reasons("last", last[3], last[4])),
		[marks[0][0], last[0]]);
	make("path", {class: "glyph " + worst, d: GLYPHS[worst].path,
		transform: "translate(" + scale(marks[0][0]).toFixed(2) + "," + (y - 1) + ")"}, group);
}

function drawCpus(row, y, machine) {
	const name = (span) => span[2] + " of " + machine.cpuMax + " CPUs on" +
		(span[3] ? ": " + span[3] : "");
	const draw = (span, lines) => {
		const place = box(span[0], span[1], 1), height = CPUS * span[2] / machine.cpuMax;
		const group = item(row, lines, span);
		make("rect", {class: "cpus", x: place.x, y: y + CPUS - height, width: place.width,
			height: height}, group);
		make("rect", {class: "hit", x: place.x, y: y, width: place.width, height: CPUS}, group);
	};
	gather(machine.cpus, (span) => span, 1, (span) => {
		draw(span, [name(span), stretchText(span[0], span[1])]);
	}, (spans) => {
		const most = spans.reduce((a, b) => b[2] > a[2] ? b : a);
		draw([spans[0][0], spans[spans.length - 1][1], most[2]],
			[spans.length + " changes of the CPUs that are on", "at most " + name(most)]);
	});
}

function rowHeight(machine) {
	return MARKS + BAR + (machine.cpuMax ? CPUS + 5 : 0) + GAP;
}

function drawMachine(machine, y) {
	const row = make("g", {class: "row", role: "group", "aria-label": machine.name + ", now " +
		machine.state}, svg);
	const bar = y + MARKS;
	const name = write(row, machine.name, {x: 0, y: bar + 13, class: "name"});
	fit(name, machine.name, left - 12);
	write(row, machine.state, {x: 0, y: bar + 29, class: "faint"});
	make("rect", {class: "lane", x: left, y: bar, width: width - left - 1, height: BAR}, row);
	gather(machine.spans, (span) => span, SPAN_MIN,
		(span) => drawSpan(row, bar, span), (spans) => drawSeveral(row, bar, spans));
	gather(machine.marks, (mark) => [mark[0], mark[0]], 1.5,
		(mark) => drawMark(row, bar, mark), (marks) => drawMarks(row, bar, marks));
	if (machine.cpuMax) {
		const cpus = bar + BAR + 5;
		write(row, "CPUs", {x: left - 8, y: cpus + CPUS - 1, class: "faint", "text-anchor": "end"});
		make("rect", {class: "lane", x: left, y: cpus, width: width - left - 1, height: CPUS}, row);
		drawCpus(row, cpus, machine);
	}
	const first = row.querySelector(".item");
	if (first) {
		first.setAttribute("tabindex", 0);
	}
}

function fit(element, text, room) {
	for (let length = text.length; length > 1 && element.getComputedTextLength() > room;) {
		length = Math.min(length - 1, Math.floor(length * room / element.getComputedTextLength()));
		element.textContent = text.slice(0, Math.max(length, 1)) + "\u2026";
	}
}

// --- the axis ---

const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120,
	300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000,
	7776000, 31536000].map((s) => s * SECOND);

function drawAxis(height) {
	const room = 95 / (width - left) * (view.to - view.from);
	const step = STEPS.find((s) => s >= room) || STEPS[STEPS.length - 1];
	const zero = history.zero * 1000;
	let day = "";
	for (let t = Math.ceil((view.from + zero) / step) * step - zero; t <= view.to; t += step) {
		const x = Math.round(scale(t)) + 0.5, date = dateText(t);
		const anchor = x > width - 40 ? "end" : "middle";
		make("line", {class: "grid", x1: x, x2: x, y1: AXIS - 6, y2: height}, svg);
		if (step < DAY) {
			write(svg, clockText(t, step), {x: x, y: AXIS - 10, class: "faint", "text-anchor": anchor});
		}
		if (date !== day) {
			write(svg, date, {x: x, y: step < DAY ? 10 : AXIS - 10, class: "faint",
				"text-anchor": anchor});
			day = date;
		}
	}
}

function addWeaves(defs) {
	const weave = (id, size, path) => {
		const pattern = make("pattern", {id: id, width: size, height: size,
			patternUnits: "userSpaceOnUse"}, defs);
		make("path", {class: "weave", d: path}, pattern);
	};
	weave("weave-level", 5, "M0,2.5 h5");
	weave("weave-slant", 8, "M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6");
	weave("weave-cross", 8, "M0,8 L8,0 M0,0 L8,8");
}

// --- all of it ---

function focusPath() {
	const rows = svg ? Array.from(svg.querySelectorAll(".row")) : [];
	const row = rows.findIndex((each) => each.contains(document.activeElement));
	if (row < 0) {
		return null;
	}
	const at = items.get(document.activeElement);
	return {row: row, time: at ? at.span[0] : 0};
}

function draw() {
	const focus = focusPath();
	width = Math.max(drawing.clientWidth, 320);
	left = Math.min(170, Math.floor(width / 4));
	const height = history.machines.reduce((sum, machine) => sum + rowHeight(machine), AXIS);
	items = new WeakMap();
	svg = make("svg", {width: width, height: height, viewBox: "0 0 " + width + " " + height,
		role: "group", "aria-label": "Power states from " + momentText(view.from) + " to " +
		momentText(view.to)});
	addWeaves(make("defs", {}, svg));
	drawing.replaceChildren(svg);
	drawAxis(height);
	let y = AXIS;
	for (const machine of history.machines) {
		drawMachine(machine, y);
		y += rowHeight(machine);
	}
	hide();
	if (focus) {
		refocus(focus);
	}
	pressed();
}

function refocus(focus) {
	const all = Array.from(svg.querySelectorAll(".row")[focus.row].querySelectorAll(".item"));
	const best = all.find((each) => items.get(each).span[1] >= focus.time) || all[0];
	if (best) {
		choose(best);
	}
}

function look(from, to) {
	const length = Math.min(Math.max(to - from, LEAST), whole.to);
	const start = Math.min(Math.max(from, 0), whole.to - length);
	view = {from: start, to: start + length};
	draw();
}

function zoom(factor, at) {
	look(at - (at - view.from) * factor, at + (view.to - at) * factor);
}

// --- tips ---

function show(group, x, y) {
	tip.replaceChildren(...items.get(group).lines.map((line) => {
		const element = document.createElement("div");
		element.textContent = line;
		return element;
	}));
	tip.hidden = false;
	tip.style.left = Math.max(4, Math.min(x + 14, window.innerWidth - tip.offsetWidth - 8)) + "px";
	tip.style.top = (y + 18 + tip.offsetHeight > window.innerHeight ?
		Math.max(4, y - tip.offsetHeight - 12) : y + 18) + "px";
}

function hide() {
	tip.hidden = true;
}

function choose(group) {
	for (const each of group.parentNode.querySelectorAll(".item[tabindex='0']")) {
		each.setAttribute("tabindex", -1);
	}
	group.setAttribute("tabindex", 0);
	group.focus({preventScroll: false});
}

function byKey(event) {
	const group = event.target.closest ? event.target.closest(".item") : null;
	const keys = {"+": () => zoom(0.5, (view.from + view.to) / 2),
		"-": () => zoom(2, (view.from + view.to) / 2), "0": () => look(0, whole.to),
		Escape: hide};
	if (event.ctrlKey || event.metaKey || event.altKey) {
		return;
	}
	if (keys[event.key]) {
		keys[event.key]();
		event.preventDefault();
		return;
	}
	if (!group) {
		return;
	}
	const all = Array.from(group.parentNode.querySelectorAll(".item"))
		.sort((a, b) => items.get(a).span[0] - items.get(b).span[0]);
	const to = {ArrowLeft: all.indexOf(group) - 1, ArrowRight: all.indexOf(group) + 1, Home: 0,
		End: all.length - 1}[event.key];
	if (to !== undefined) {
		if (all[to]) {
			choose(all[to]);
		}
		event.preventDefault();
	} else if (event.key === "Enter") {
		zoomOnto(group);
	}
}

function zoomOnto(group) {
	const [from, to] = items.get(group).span;
	const margin = Math.max((to - from) * 0.15, LEAST);
	look(from - margin, to + margin);
}

function byDrag(down) {
	if (down.button !== 0 || down.pointerType === "touch") {
		return;
	}
	const start = {x: down.clientX, view: view};
	const unit = (view.to - view.from) / (width - left);
	const move = (event) => {
		if (Math.abs(event.clientX - start.x) > 3) {
			const by = (start.x - event.clientX) * unit;
			look(start.view.from + by, start.view.to + by);
			svg.classList.add("moving");
		}
	};
	const up = () => {
		window.removeEventListener("pointermove", move);
		window.removeEventListener("pointerup", up);
		svg.classList.remove("moving");
	};
	window.addEventListener("pointermove", move);
	window.addEventListener("pointerup", up);
}

// On what holds the drawing: Chromium focuses an svg element that listens to focus.
function listen() {
	const within = (event) => event.target.closest(".item");
	drawing.addEventListener("pointermove", (event) => {
		const group = within(event);
		if (group) {
			show(group, event.clientX, event.clientY);
		} else {
			hide();
		}
	});
	drawing.addEventListener("pointerleave", hide);
	drawing.addEventListener("focusin", (event) => {
		const group = within(event);
		if (group && group.matches(":focus-visible")) {
			const edge = group.getBoundingClientRect();
			show(group, edge.left, edge.bottom - 10);
		}
	});
	drawing.addEventListener("focusout", hide);
	drawing.addEventListener("keydown", byKey);
	drawing.addEventListener("pointerdown", byDrag);
	drawing.addEventListener("dblclick", (event) => {
		const group = within(event);
		if (group) {
			zoomOnto(group);
		}
	});
	drawing.addEventListener("wheel", (event) => {
		if (event.ctrlKey || event.metaKey) {
			event.preventDefault();
			zoom(event.deltaY > 0 ? 1.25 : 0.8, timeAt(event.clientX - svg.getBoundingClientRect().left));
		}
	}, {passive: false});
}

// --- legend and tools ---

function drawLegend() {
	const legend = document.getElementById("legend");
	const add = (word, says, paint) => {
		const line = document.createElement("li");
		const picture = make("svg", {width: 22, height: 16, "aria-hidden": "true"}, line);
		paint(picture);
		line.appendChild(document.createTextNode(word));
		line.title = says;
		legend.appendChild(line);
	};
	for (const state of history.states) {
		const height = Math.min(STATES[state].height * 0.6, 14);
		add(state, STATES[state].says, (picture) => {
			const shape = {x: 0, y: 15 - height, width: 22, height: height};
			make("rect", Object.assign({class: state}, shape), picture);
			if (STATES[state].weave) {
				make("rect", Object.assign({fill: "url(#" + STATES[state].weave + ")"}, shape), picture);
			}
		});
	}
	add("several: zoom in", "changes too close to each other to be told apart", (picture) => {
		make("rect", {class: "several", x: 0, y: 1, width: 22, height: 14}, picture);
		make("rect", {fill: "url(#weave-cross)", x: 0, y: 1, width: 22, height: 14}, picture);
	});
	for (const glyph in GLYPHS) {
		add(GLYPHS[glyph].says, GLYPHS[glyph].says, (picture) => {
			make("path", {class: glyph, d: GLYPHS[glyph].path, transform: "translate(11,14)"}, picture);
		});
	}
}

function pressed() {
	for (const button of document.querySelectorAll("#tools [data-range]")) {
		const all = button.dataset.range === "all";
		const length = all ? whole.to : Number(button.dataset.range) * SECOND;
		button.hidden = !all && length >= whole.to;
		button.setAttribute("aria-pressed", Math.abs(view.to - view.from - length) < 1);
	}
}

function byButton(event) {
	const data = event.target.dataset, length = view.to - view.from;
	if (data.range === "all") {
		look(0, whole.to);
	} else if (data.range) {
		look(view.to - Number(data.range) * SECOND, view.to);
	} else if (data.zoom === "in" || data.zoom === "out") {
		zoom(data.zoom === "in" ? 0.5 : 2, (view.from + view.to) / 2);
	} else if (data.zoom) {
		look(view.from + length * Number(data.zoom) / 2, view.to + length * Number(data.zoom) / 2);
	}
}

if (history.machines.length > 0) {
	drawLegend();
	listen();
	document.getElementById("tools").hidden = false;
	document.getElementById("hint").hidden = false;
	document.getElementById("tools").addEventListener("click", byButton);
	// Of a long history the last week, as what is asked about is mostly what has just been.
	look(whole.to > 8 * DAY ? whole.to - 7 * DAY : 0, whole.to);
	let pending = 0;
	window.addEventListener("resize", () => {
		cancelAnimationFrame(pending);
		pending = requestAnimationFrame(draw);
	});
}
}());
