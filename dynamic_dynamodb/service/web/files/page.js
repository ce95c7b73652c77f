// The page of the status: fetch it, choose and sort its targets, and show them.

import { Histories } from "./histories.js";
import { describeChecks, describeFailing, listAlarms, Places } from "./places.js";
import { Row, setText } from "./rows.js";
import { clock, count, describeCheck, describeDecrease, findOverdue, nameTarget } from "./text.js";

const POLL_MS = 10_000;
const PATIENCE_MS = 20_000;
const TICK_MS = 1_000;
const LEAST_SKEW_MS = 2_000;
const ROWS_A_STEP = 100;
const STATES = ["failing", "throttled", "at-maximum", "stopped", "near-threshold", "unknown", "held", "changed", "steady", "skipped"];
const URGENT = new Set(["failing", "throttled", "at-maximum", "stopped"]);
const find = (id) => document.getElementById(id);

const rows = new Map();
const open = new Set();
const places = new Places(() => searchFor(find("search").value));
const histories = new Histories((name) => rows.get(name));
let status = null;
let etag = null;
let skewMs = 0;
let unreachable = null;
let sorting = "worst";
let most = ROWS_A_STEP;
let fetching = false;
let isFirstCheck = false;

/** Return the time by the clock of the daemon's machine. */
function now() {
  return Date.now() + skewMs;
}

async function poll() {
  if (fetching) return;
  fetching = true;
  let isNew = false;
  try {
    isNew = await fetchStatus();
    unreachable = null;
  } catch (error) {
    unreachable ??= { since: Date.now(), reason: error.name === "Refusal" ? error.message : "" };
  } finally {
    fetching = false;
  }
  if (isNew) {
    places.update(status.places);
    showTargets();
  }
  if (status !== null) histories.renew(status);
  showHead();
}

/** Fetch the status; return whether there is a new one. */
async function fetchStatus() {
  const headers = etag === null ? {} : { "If-None-Match": etag };
  const answer = await fetch("status.json", { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  isFirstCheck = answer.status === 503;
  if (answer.status === 304 || isFirstCheck) return false;
  if (!answer.ok) throw Object.assign(new Error(`it answers with ${answer.status}`), { name: "Refusal" });
  const content = await answer.json();
  const date = Date.parse(answer.headers.get("Date"));
  skewMs = Math.abs(date - Date.now()) > LEAST_SKEW_MS ? date - Date.now() : 0;
  etag = answer.headers.get("ETag");
  status = { places: [], ...content };
  const started = new Map(status.places.map(({ name, check }) => [name, check?.started]));
  for (const one of status.targets) {
    one.name = one.place ? `${one.place} ${nameTarget(one)}` : nameTarget(one);
    one.since = started.get(one.place) ?? status.check.started;
  }
  return true;
}

function showHead() {
  const lines = [];
  const alarms = status === null || unreachable ? [] : listAlarms(status.places, now());
  if (unreachable) {
    lines.push(`The daemon has not answered since ${clock(unreachable.since)}${unreachable.reason && `: ${unreachable.reason}`}. Check that it runs: dynamic-dynamodb --daemon status.`);
  }
  if (status === null) {
    setText(find("check"), isFirstCheck && !unreachable ? "The first check has not ended yet." : "");
  } else {
    const { program, check, notices, places: all } = status;
    const account = program.account === null ? "" : `, account ${program.account}`;
    const where = all.length ? count(all.length, "place") : `${program.region}${account}`;
    setText(find("program"), `${program.instance}, ${where}, version ${program.version}${program.dry_run ? ", dry run: nothing is changed" : ""}`);
    setText(find("check"), all.length ? describeChecks(all, now()) : describeCheck(check, now()));
    if (all.length) places.showChecks(all, now());
    const overdue = (all.length ? all.map((one) => one.check).filter(Boolean) : [check]).some((one) => findOverdue(one, now()));
    if (overdue && !unreachable && !all.length) {
      lines.push(`What is shown is old: the next check is overdue. See the log of the program${program.log === null ? "" : `, ${program.log}`}.`);
    }
    if (isFirstCheck && !unreachable) lines.push("The daemon was restarted, and its first check has not ended yet.");
    if (unreachable || isFirstCheck) lines.push(`What is shown is from ${clock(Date.parse(check.started))}.`);
    if (check.failing && !all.length) lines.push(capitalize(describeFailing(check.failing, now())));
    document.body.classList.toggle("old", Boolean(unreachable || overdue));
    showNotices(notices);
  }
  const text = [lines.join(" "), ...alarms].filter(Boolean).join("\n");
  find("alarm").hidden = text === "";
  setText(find("alarm"), text);
  document.title = findTitle();
}

function findTitle() {
  if (unreachable) return "No answer - Dynamic DynamoDB";
  const urgent = status === null ? 0 : status.targets.filter((one) => URGENT.has(one.condition)).length;
  return `${urgent ? `(${urgent}) ` : ""}${status === null ? "" : `${status.program.instance} - `}Dynamic DynamoDB`;
}

function showNotices(notices) {
  const list = find("notices");
  list.hidden = notices.length === 0;
  while (list.children.length > notices.length) list.lastElementChild.remove();
  while (list.children.length < notices.length) list.append(document.createElement("li"));
  notices.forEach((one, place) => {
    list.children[place].className = one.level;
    setText(list.children[place], `${one.level}: ${one.sentence}`);
  });
}

function capitalize(sentence) {
  return sentence[0].toUpperCase() + sentence.slice(1);
}

/** Return the targets of the chosen place that contain each word of the search in their name or state, sorted. */
function choose() {
  const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = listTargets().filter((one) => {
    const text = `${one.name} ${one.condition}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const key = SORT_KEYS[sorting];
  if (!key) return chosen;  // they come with the worst first
  const keyed = chosen.map((one) => [key(one), one]);
  const order = (a, b) => (a < b ? -1 : Number(a > b));
  return keyed.sort(([a, one], [b, other]) => order(a, b) || order(one.name, other.name)).map(([, one]) => one);
}

function listTargets() {
  const { chosen } = places;
  return chosen ? status.targets.filter(({ place }) => place === chosen) : status.targets;
}

const SORT_KEYS = {
  name: (one) => one.name.toLowerCase(),
  reads: (one) => -(one.reads?.consumed_percent ?? -1),
  writes: (one) => -(one.writes?.consumed_percent ?? -1),
  decrease: (one) => -describeDecrease(one, now()).seconds,
  change: (one) => -Math.max(0, ...[one.reads, one.writes].map((side) => (side?.last_change ? Date.parse(side.last_change.at) : 0))),
};

function showTargets() {
  const focused = document.activeElement;
  const anchor = findAnchor();
  const chosen = choose();
  const shown = chosen.slice(0, most);
  const table = find("targets");
  const gone = new Set(rows.keys());
  let before = table.tHead;
  for (const one of shown) {
    gone.delete(one.name);
    let row = rows.get(one.name);
    if (!row) {
      row = new Row(one, toggle);
      rows.set(one.name, row);
      histories.watch(row);
    }
    row.update(one, now());
    if (open.has(one.name) && !row.isOpen) row.toggle(true, now());
    if (before.nextElementSibling !== row.element) before.after(row.element);
    before = row.element;
  }
  for (const name of gone) {
    histories.forget(rows.get(name));
    rows.get(name).element.remove();
    rows.delete(name);
  }
  showCounts();
  showRest(chosen.length, shown.length);
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  if (anchor?.row.element.isConnected) scrollBy(0, anchor.row.element.getBoundingClientRect().top - anchor.top);
}

/** Return the row to keep where it is on the screen: the focused one, or else the first one in view. */
function findAnchor() {
  if (scrollY === 0) return null;
  const focused = rows.get(document.activeElement.closest("tbody")?.dataset.name);
  const isInView = (row) => row.element.getBoundingClientRect().bottom > 0;
  const row = focused && isInView(focused) ? focused : [...document.querySelectorAll("tbody.target")].map((one) => rows.get(one.dataset.name)).find(isInView);
  return row ? { row, top: row.element.getBoundingClientRect().top } : null;
}

function showCounts() {
  const list = find("counts");
  const search = find("search").value.trim().toLowerCase();
  for (const state of STATES) {
    const amount = listTargets().filter((one) => one.condition === state).length;
    let button = list.querySelector(`[data-state="${state}"]`);
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.dataset.state = state;
      button.addEventListener("click", () => searchFor(button.getAttribute("aria-pressed") === "true" ? "" : state));
      list.append(button);
    }
    button.hidden = amount === 0;
    button.setAttribute("aria-pressed", String(search === state));
    setText(button, `${amount.toLocaleString("en")} ${state}`);
  }
}

function showRest(chosen, shown) {
  const total = status.targets.length;
  setText(find("shown"), chosen === total ? count(total, "target") : `${chosen.toLocaleString("en")} of ${count(total, "target")}`);
  find("none").hidden = chosen > 0;
  setText(find("none"), total === 0 ? "No table or index is known yet." : "No table, index or state contains this.");
  find("more").hidden = chosen === shown;
  setText(find("more"), `Show ${Math.min(ROWS_A_STEP, chosen - shown)} more of ${(chosen - shown).toLocaleString("en")}`);
}

function searchFor(text) {
  find("search").value = text;
  most = ROWS_A_STEP;
  if (status) showTargets();
}

function sortBy(key) {
  sorting = key;
  most = ROWS_A_STEP;
  find("sort").value = key;
  for (const button of document.querySelectorAll("[data-sort]")) {
    const heading = button.parentElement;
    if (button.dataset.sort === key) heading.setAttribute("aria-sort", key === "name" ? "ascending" : "descending");
    else heading.removeAttribute("aria-sort");
  }
  if (status) showTargets();
}

function toggle(row) {
  const isOpen = !row.isOpen;
  if (isOpen) open.add(row.name);
  else open.delete(row.name);
  row.toggle(isOpen, now());
}

find("search").addEventListener("input", () => searchFor(find("search").value));
find("controls").addEventListener("submit", (event) => event.preventDefault());
find("sort").addEventListener("change", () => sortBy(find("sort").value));
for (const button of document.querySelectorAll("[data-sort]")) button.addEventListener("click", () => sortBy(button.dataset.sort));
find("more").addEventListener("click", () => {
  most += ROWS_A_STEP;
  showTargets();
});
document.addEventListener("visibilitychange", poll);
sortBy("worst");
poll();
setInterval(poll, POLL_MS);
setInterval(showHead, TICK_MS);
