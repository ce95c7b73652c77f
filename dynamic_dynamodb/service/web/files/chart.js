// Draw the last 24 hours of one capacity: consumed units as an area, provisioned units as a line.

import { clock, count, number } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;
const HEADROOM = 1.1;
const HOURS_SHOWN = [0, 6, 12, 18];

/** Fill an element with the chart of one capacity of a target. */
export function draw(element, name, history, isLarge) {
  element.replaceChildren();
  const capacity = extend(history[name], Math.ceil(history.intervalSeconds / history.step_seconds));
  const steps = capacity.provisioned.length;
  const most = Math.max(1, ...capacity.provisioned, ...capacity.consumed) * HEADROOM;
  const height = (units) => HEIGHT - (units / most) * HEIGHT;
  const picture = make("svg", { viewBox: `0 0 ${steps} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  picture.setAttribute("aria-label", describe(name, history[name]));
  picture.append(
    make("path", { class: "unknown", d: blocks(capacity.consumed.map((one) => (one === null ? most : null)), height) }),
    make("path", { class: "consumed", d: blocks(capacity.consumed, height) }),
    make("path", { class: "throttled", d: blocks(capacity.throttled.map((one) => (one ? most : null)), height) }),
    make("path", { class: "provisioned", d: line(capacity.provisioned, height) }),
  );
  element.append(picture);
  if (isLarge) element.append(scale(most / HEADROOM, height), times(history));
}

/** Return a history in which what a check found lasts until the next check is due, this many steps later. */
function extend({ provisioned, consumed, throttled }, steps) {
  const places = provisioned.map((_, place) => place);
  for (let place = 1; place < places.length; place += 1) {
    const last = places[place - 1];
    if (provisioned[place] === null && provisioned[last] !== null && place - last < steps) places[place] = last;
  }
  const take = (values) => places.map((place) => values[place]);
  return { provisioned: take(provisioned), consumed: take(consumed), throttled: take(throttled) };
}

/** Return a path of one block for each run of steps with the same value; none where it is null. */
function blocks(values, height) {
  let path = "";
  const base = height(0).toFixed(1);
  forEachRun(values, (value, start, end) => {
    if (value !== null) path += `M${start} ${base}V${height(value).toFixed(1)}H${end}V${base}Z`;
  });
  return path;
}

function line(values, height) {
  let path = "";
  let isConnected = false;
  forEachRun(values, (value, start, end) => {
    if (value !== null) path += `${isConnected ? "V" : `M${start} `}${height(value).toFixed(1)}H${end}`;
    isConnected = value !== null;
  });
  return path;
}

function forEachRun(values, use) {
  let start = 0;
  for (let end = 1; end <= values.length; end += 1) {
    if (end === values.length || values[end] !== values[start]) {
      use(values[start], start, end);
      start = end;
    }
  }
}

function describe(name, { provisioned, consumed, throttled }) {
  const measured = consumed.filter((one) => one !== null).length;
  if (measured === 0) return `${name} of the last 24 hours: not measured`;
  const parts = [`at most ${number(Math.max(...consumed))} consumed of at most ${count(Math.max(...provisioned), "unit")}`];
  const marks = throttled.filter((one) => one).length;
  if (marks) parts.push(`throttled in ${marks} of ${measured} measured steps of five minutes`);
  return `${name} of the last 24 hours: ${parts.join("; ")}`;
}

function scale(most, height) {
  const labels = document.createElement("div");
  labels.className = "scale";
  for (const units of [most, most / 2]) {
    const label = document.createElement("span");
    label.textContent = number(units);
    label.style.top = `${height(units)}%`;
    labels.append(label);
  }
  return labels;
}

function times({ start, step_seconds: step, reads }) {
  const labels = document.createElement("div");
  labels.className = "times";
  for (const hours of HOURS_SHOWN) {
    const label = document.createElement("span");
    label.textContent = clock((start + hours * 3600) * 1000);
    labels.append(label);
  }
  const end = document.createElement("span");
  end.textContent = clock((start + reads.provisioned.length * step) * 1000);
  labels.append(end);
  return labels;
}

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, text] of Object.entries(attributes)) element.setAttribute(key, text);
  return element;
}
